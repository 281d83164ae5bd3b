"""Stored lists: what their entries are, and the keys by which an entry and a value of a lead meet."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rules import json_text
from rules.fields import Field, normalise
from rules.fields.phone import parse_phone
from rules.operators.stored import PREFIX
from rules.text import fold

KINDS = ("text", "email", "phone", "postal_code")
SUPPRESSING = ("email", "phone")
"""The kinds of lists that can hold for all flows: fields of these types are looked for in them."""
FORMS = ("plain", "md5", "sha256")
LONGEST_ENTRY = 320
ARGUMENTS = 2
NAMED = re.compile(r"(?:\.(?:areas|suppress)\[\d+\]|\.look_up)$")
"""Where a list is named beside rules: an area of a buyer, people that it must not be offered, a look-up."""
HEX: Mapping[str, re.Pattern[str]] = {"md5": re.compile(r"[0-9a-f]{32}"), "sha256": re.compile(r"[0-9a-f]{64}")}
HASH: Mapping[str, Callable[[bytes], str]] = {
    "md5": lambda text: hashlib.md5(text, usedforsecurity=False).hexdigest(),
    "sha256": lambda text: hashlib.sha256(text).hexdigest(),
}


@dataclass(frozen=True, slots=True)
class ListForm:
    """What a list holds: values of a kind, plain or hashed; `region` is that of numbers and codes without a country."""

    kind: str = "text"
    hashed: str = "plain"
    region: str = "US"

    def entry_key(self, entry: str) -> str | None:
        """Return the key under which an entry is kept, None for one that is no value of the list's kind.

        Entries of a hashed list are the hashes themselves, in hexadecimal digits.
        """
        text = entry.strip()
        if not text or len(text) > LONGEST_ENTRY or "\0" in text:
            return None
        if self.hashed == "plain":
            return self.normal(text)
        digest = text.lower()
        return digest if HEX[self.hashed].fullmatch(digest) else None

    def keys_for(self, text: str) -> tuple[str, ...]:
        """Return the keys of which one is in the list when the value is; none for what cannot be in it.

        A longer ZIP code is in a list that has its first five digits. Hashes of phone numbers are made of +15125551234
        by some, of 15125551234 or 5125551234 by others; any counts.
        """
        normal = self.normal(text) if len(text) <= LONGEST_ENTRY else None
        if normal is None:
            return ()
        if self.kind == "postal_code" and self.region == "US":
            spellings = tuple(dict.fromkeys((normal, normal.partition("-")[0])))
        else:
            spellings = (normal,) if self.hashed == "plain" else self.spellings(normal)
        if self.hashed == "plain":
            return spellings
        return tuple(HASH[self.hashed](spelling.encode()) for spelling in spellings)

    def normal(self, text: str) -> str | None:
        """Return a value in its normal form, None when it is no value of the list's kind."""
        if self.kind == "text":
            return fold(text) or None
        found = normalise(text, Field("entry", self.kind, region=self.region))
        return fold(str(found.value)) if found.valid and found.value is not None else None

    def spellings(self, normal: str) -> tuple[str, ...]:
        """Return the ways in which a normal form is written before it is hashed."""
        number = parse_phone(normal, None) if self.kind == "phone" else None
        if number is None:
            return (normal,)
        return normal, normal.removeprefix("+"), str(number.national_number)


def lists_named(document: object) -> Iterator[tuple[str, str]]:
    """Yield every stored list that the rules in a document ask, as (path, id); nothing in it need be right.

    The areas of buyers and those that they suppress are lists too, and look-ups name one.
    """
    if not _may_name(document):
        return
    pending: list[tuple[object, str]] = [(document, "")]
    while pending:
        part, at = pending.pop()
        if isinstance(part, Mapping):
            asked, named = part.get("in_list"), part.get("list")
            if isinstance(asked, list) and len(asked) == ARGUMENTS and isinstance(asked[1], str):
                yield f"{at}.in_list[1]" if at else "in_list[1]", asked[1]
            if isinstance(named, str) and NAMED.search(at):
                yield f"{at}.list", named
            pending += [(value, f"{at}.{key}" if at else str(key)) for key, value in reversed(list(part.items()))]
        elif isinstance(part, list):
            pending += [(value, f"{at}[{i}]") for i, value in reversed(list(enumerate(part)))]


def _may_name(document: object) -> bool:
    """Return whether something in a document can name a list: in most there is nothing to look for."""
    try:
        return b'list":' in json_text.write(document)
    except TypeError:
        return True


__all__ = ["FORMS", "KINDS", "LONGEST_ENTRY", "PREFIX", "SUPPRESSING", "ListForm", "lists_named"]
