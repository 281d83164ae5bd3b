"""Duplicates: a person is known again by some fields, within a time, among the leads of a flow, a seller or a buyer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.reading import Part

SCOPES = ("flow", "source", "seller")
"""Among whose leads the door may look."""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """A lead is a duplicate when one of these fields (or all) was seen within a time, in seconds.

    At the door seen among the leads of its flow, of its source alone, or of all flows of the seller that look there; at
    a buyer among those that it was sold or is being offered, and the scope means nothing.
    """

    by: tuple[str, ...]
    match_all: bool
    within: int
    scope: str = "flow"

    def as_asked(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the claims that a lead makes: which fields are filled in, never their values."""
        filled = [key for key in self.by if fields.get(key) is not None]
        complete = not self.match_all or len(filled) == len(self.by)
        asked = {"by": filled if complete else [], "together": self.match_all, "within": self.within}
        # The usual scope is left out, because journals that were begun before there was another do not say it.
        return asked if self.scope == "flow" else asked | {"scope": self.scope}


def read_duplicates(part: Part, *, at_door: bool = False) -> Duplicates | None:
    """Return a part's check for duplicates, None without one; only at the door it has a scope."""
    inner = part.inside("duplicates", "the duplicate check")
    if inner is None:
        return None
    by = inner.words("by", part.document.fields.__contains__, "The flow has no field “{}”.")
    if not by:
        inner.report("by", "no_fields", "Name at least one field to tell duplicates by.")
    match = inner.choice("match", ("any", "all"), "any")
    scope = inner.choice("scope", SCOPES, "flow") if at_door else "flow"
    duplicates = Duplicates(by, match == "all", inner.duration("within", "30d"), scope)
    inner.finish()
    return duplicates
