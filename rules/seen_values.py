"""What expressions can see of a lead beside its values: which are valid, and what their types take apart."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.fields import TYPES, Field, in_country_of


class Valid(Mapping[str, bool]):
    """Which values are valid: filled in, and readable as their type."""

    def __init__(self, fields: Mapping[str, Any], invalid: frozenset[str]) -> None:
        self._fields, self._invalid = fields, invalid

    def __getitem__(self, key: str) -> bool:
        return self._fields.get(key) is not None and key not in self._invalid

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


class Parts(Mapping[str, Mapping[str, Any]]):
    """What the types take apart (area code, email domain …), worked out when somebody asks."""

    def __init__(self, fields: Mapping[str, Any], known: Mapping[str, Field]) -> None:
        self._fields, self.known = fields, known

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        known, value = self.known[key], self._fields.get(key)
        return {} if value is None else TYPES[known.type].parts(value, in_country_of(known, self._fields))

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)


def fields_seen(view: Mapping[str, Any]) -> Mapping[str, Field]:
    """Return the fields of the flow whose lead a view is of; none where nobody knows them."""
    parts = view.get("parts")
    return parts.known if isinstance(parts, Parts) else {}
