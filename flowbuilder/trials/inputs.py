"""What a test run is made with: the lead, the clock, the caps, and what buyers and services answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from flowbuilder import ids
from flowbuilder.flows.worlds import CAPS, Caps

MOST_FIELDS = 500
LONGEST_REPLY = 20_000


@dataclass(frozen=True)
class Said:
    """What somebody answers in a test run, as it was typed: a word, and what goes with it.

    `price` and `bid` are amounts in the flow's currency. `reply` is an answer as it would come over the wire, which
    decides in place of the word: its status, and on the lines below its body.
    """

    answer: str = ""
    price: str = ""
    bid: str = ""
    reason: str = ""
    reply: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def as_document(self) -> dict[str, Any]:
        """Return it as it is stored: what was typed and no more."""
        return {key: value for key in _SAID if (value := getattr(self, key))}


_SAID = ("answer", "price", "bid", "reason", "reply", "values")


@dataclass(frozen=True)
class Inputs:
    """What one run is made with.

    Of a `source_lead` only the id is kept; `lead` then holds what was typed over it, and `blank` the fields that were
    emptied. `full` are steps and rows whose caps are full, `said` what buyers and services answer, by step.
    """

    lead: Mapping[str, Any] = field(default_factory=dict)
    source_lead: UUID | None = None
    blank: frozenset[str] = frozenset()
    as_of: datetime | None = None
    caps: Caps = "now"
    full: frozenset[str] = frozenset()
    is_seen: bool = False
    source: UUID | None = None
    said: Mapping[str, Said] = field(default_factory=dict)

    def as_document(self) -> dict[str, Any]:
        """Return the inputs as they are stored."""
        return {
            "lead": dict(self.lead),
            "source_lead": ids.show(self.source_lead) if self.source_lead else None,
            "blank": sorted(self.blank),
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "caps": self.caps,
            "full": sorted(self.full),
            "is_seen": self.is_seen,
            "source": ids.show(self.source, "src") if self.source else None,
            "said": {step: said.as_document() for step, said in self.said.items()},
        }

    def posted(self, source_lead: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return what is posted: what was typed, over what the source lead was posted with, without what is blank."""
        merged = {**(source_lead or {}), **self.lead}
        return {key: value for key, value in merged.items() if key not in self.blank}


def read_inputs(document: Mapping[str, Any]) -> Inputs:
    """Return inputs that were stored."""
    caps, source, lead = document.get("caps"), document.get("source"), document.get("source_lead")
    as_of = document.get("as_of")
    return Inputs(
        lead=document.get("lead") or {},
        source_lead=ids.read(lead) if lead else None,
        blank=frozenset(document.get("blank") or ()),
        as_of=datetime.fromisoformat(as_of) if as_of else None,
        caps=caps if caps in CAPS else "empty",
        full=frozenset(document.get("full") or ()),
        is_seen=bool(document.get("is_seen")),
        source=ids.read(source, "src") if source else None,
        said={step: Said(**said) for step, said in (document.get("said") or {}).items()},
    )
