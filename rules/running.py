"""What a run knows while it walks a flow: the lead, the clock, what was asked, what was sold."""

import hashlib
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, Protocol

from rules.caps import Cap
from rules.effects import Effect, Offer, Result
from rules.fields import Field, Normal
from rules.seen_values import Parts, Valid

WaitsFor = Literal["retry", "cap", "hours", "answer", "post", "person"]


@dataclass(frozen=True, slots=True)
class Post:
    """The data of the post that followed a ping, as `Lead` has them."""

    fields: Mapping[str, Any]
    posted: Mapping[str, Any]
    invalid: frozenset[str] = frozenset()


QUOTED = "quoted"
"""Stands in the source of a run that begins with the post of a lead that was pinged: an earlier run quoted for it."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as rules see it.

    `fields` holds normal forms, `posted` what came in, `invalid` the keys of unreadable values. `source` is what the
    journal says of the source (id, name, cost, is_test); `asked_before` names buyers that an earlier run asked, with
    their last answers. A test lead ends as its `test_outcome` says, if it has one.
    """

    id: str
    fields: Mapping[str, Any]
    posted: Mapping[str, Any]
    source: Mapping[str, Any]
    received_at: datetime
    invalid: frozenset[str] = frozenset()
    is_test: bool = False
    asked_before: Mapping[str, str] = field(default_factory=dict)
    test_outcome: str | None = None
    is_ping: bool = False
    """Whether it was pinged first: then `post` holds the data of the post, once there is one."""
    post: Post | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """The lead goes on to the next step."""


@dataclass(frozen=True, slots=True)
class GoTo:
    """The lead goes on at a later step, or at the `fallback`."""

    target: str


@dataclass(frozen=True, slots=True)
class End:
    """The lead's run ends; `left` is none of the lead's own outcomes: another run goes on with it."""

    outcome: Literal["sold", "rejected", "duplicate", "error", "left"]
    code: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Wait:
    """The lead waits until a moment (for a person when None), and then begins a new round at a step.

    What it waits for `has_end` where it comes about at that moment, or whoever has it wait counts the rounds.
    """

    until: datetime | None
    waiting_for: WaitsFor
    resume: str
    reason: str | None = None
    has_end: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """A person has the lead offered to a buyer, in place of what it waited for; then its run goes on."""

    buyer: str


@dataclass(frozen=True, slots=True)
class Leave:
    """A person has the run end while its lead waits, and another begin in a version of the flow."""

    version: int
    by: str


BY_HAND = "by_hand"
"""The reason of what a person decided."""
Verdict = Next | GoTo | End | Wait | Send | Leave
Interpreting = Generator[Effect, Result, Verdict]


class CanBeOffered(Protocol):
    """A buyer step or row, wherever in the flow, that a way may name."""

    def offer(self, run: "Run") -> Generator[Effect, Result, tuple[Any, Any]]:
        """Offer the lead once, with the buyer's own conditions."""


class Sells(Protocol):
    """What a group agrees on, as far as whoever is not of it has to know."""

    def is_sold_out_for(self, run: "Run", buyer: str) -> bool:
        """Return whether no sale is left for a row: all are gone, or those who share the lead share with fewer."""

    def price_beside_others(self, run: "Run", buyer: str, price: int) -> int:
        """Return what a row pays that may share the lead, where it pays `price` (minor units) for one alone."""


class Joined(Protocol):
    """A row that joined a group from a campaign."""

    @property
    def buyer(self) -> Any:
        """Return its buyer."""

    @property
    def share_up_to(self) -> int:
        """Return among how many buyers in all it shares a lead."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An offer that a group left open: what it asks, and its number."""

    effect: Offer
    number: int


@dataclass(slots=True)
class Run:
    """The state of one run; everything in it follows from the flow, the lead and the answers so far."""

    lead: Lead
    now: datetime
    time_zone: str
    currency: str
    fields: Mapping[str, Field]
    values: Mapping[str, Any]
    buyers: Mapping[str, "CanBeOffered"]
    deals: Mapping[str, "Sells"] = field(default_factory=dict)
    """What groups agree on, by the ids of their rows."""
    round: int = 1
    asked: dict[str, str] = field(default_factory=dict)
    asked_in: dict[str, int] = field(default_factory=dict)
    sales: list[tuple[str, int]] = field(default_factory=list)
    open: dict[str, Opened] = field(default_factory=dict)
    """The offers whose buyers may take the lead while others are asked; a step that left one open waits for it."""
    slots: dict[str, int] = field(default_factory=dict)
    """Which of the lead's sales each buyer has, or may have by an open offer."""
    held_caps: dict[str, Cap] = field(default_factory=dict)
    changes: dict[str, dict[str, Normal]] = field(default_factory=dict)
    listed_in: dict[str, int] = field(default_factory=dict)
    looked_up: dict[str, Result] = field(default_factory=dict)
    """What services said of the lead that need not be asked again, by the step that asked."""
    first_held: datetime | None = None
    zones: Mapping[str, str] = field(default_factory=dict)
    """The time zones of connections by whose clock hours are read, as the world last said."""
    ask_again: Literal["unavailable", "all"] = "unavailable"
    bids: dict[str, Result] = field(default_factory=dict)
    """What buyers bid while the lead was a ping, by step; it counts once."""
    came: dict[str, Result] = field(default_factory=dict)
    """The rows that campaigns had while the lead was a ping, by step; they count once."""
    joined: dict[str, Joined] = field(default_factory=dict)
    """All rows that joined groups from campaigns so far, by their ids."""
    standing_at: str | None = None
    view: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        """Lay out what expressions can see."""
        self.asked.update(self.lead.asked_before)
        lead = self.lead
        self.view = {
            "raw": lead.posted,
            # Sources are named after who posts there: those of one name are one supplier's.
            "source": {"supplier": lead.source.get("name"), **lead.source},
            "flow": self.values,
            "step": {},
            "lists": {},
            "run": {"attempt": 1, "price": 0, "time_zone": self.time_zone, "is_test": lead.is_test},
        }
        self._lay_out_fields()
        self.move_to(self.now)

    @property
    def revenue(self) -> int:
        """Return what the buyers pay so far, in minor units."""
        return sum(price for _, price in self.sales)

    def move_to(self, now: datetime) -> None:
        """Set the run's clock."""
        self.now = now
        self.view["run"].update(now=now, attempt=self.round)

    def begin_again(self, lead: Lead, now: datetime) -> None:
        """Forget all that happened so far, and begin with a lead at a moment."""
        flow = (self.time_zone, self.currency, self.fields, self.values, self.buyers, self.deals)
        fresh = Run(lead, now, *flow, zones=self.zones)
        for slot in dataclass_fields(self):
            setattr(self, slot.name, getattr(fresh, slot.name))

    def learn_zones(self, result: Result) -> None:
        """Take over what a result says of the time zones of connections."""
        self.zones = result.get("zones", self.zones)

    def at(self, step: str) -> Mapping[str, Any]:
        """Return what expressions of a step can see; `run.random` is fixed for each lead and step."""
        if step != self.standing_at:
            self.standing_at = step
            self.view["run"]["random"] = random_of(self.lead.id, step)
        return self.view

    def remember(self, step: str, outcome: str, reason: str | None) -> None:
        """Let later steps read how a step ended."""
        self.view["step"][step] = {"outcome": outcome, "reason": reason}

    def reason_of(self, step: str) -> str | None:
        """Return why a step ended as it did, as far as it said."""
        reason: str | None = self.view["step"].get(step, {}).get("reason")
        return reason

    def change(self, step: str, key: str, normal: Normal) -> None:
        """Let what comes after a step read another value of a field; what was posted stays as it is."""
        self.changes.setdefault(step, {})[key] = normal
        self._lay_out_fields()

    def keep_changes(self, is_kept: Callable[[str], bool]) -> None:
        """Undo the changes of all steps but some, because the lead goes back to a point before the others."""
        self.changes = {step: changed for step, changed in self.changes.items() if is_kept(step)}
        self._lay_out_fields()

    def _lay_out_fields(self) -> None:
        """Let expressions see the lead's values with all changes so far, their parts, and which are valid."""
        fields, invalid = self.lead.fields, self.lead.invalid
        for changed in self.changes.values():
            fields = {**fields, **{key: normal.value for key, normal in changed.items()}}
            wrong = frozenset(key for key, normal in changed.items() if not normal.valid)
            invalid = (invalid - changed.keys()) | wrong
        self.view.update(lead=fields, valid=Valid(fields, invalid), parts=Parts(fields, self.fields))

    def leave_open(self, opened: Opened) -> None:
        """Note an offer that is not waited for yet."""
        self.open[opened.effect.buyer] = opened
        self.slots[opened.effect.buyer] = opened.effect.slot

    def take_up(self, buyer: str) -> Opened:
        """Return the open offer of a buyer, which is open no more."""
        del self.slots[buyer]
        return self.open.pop(buyer)

    @property
    def free_slot(self) -> int:
        """Return which of the lead's sales the next one would be."""
        return next(slot for slot in range(1, len(self.slots) + 2) if slot not in self.slots.values())

    def sell(self, buyer: str, price: int, slot: int) -> None:
        """Note a sale at a price in minor units, and which of the lead's it is."""
        self.sales.append((buyer, price))
        self.slots[buyer] = slot


@lru_cache(maxsize=4096)
def random_of(lead_id: str, step: str) -> int:
    """Return a number from 1 to 100, the same for the same lead and step."""
    digest = hashlib.sha256(f"{lead_id}{step}".encode()).digest()
    return int.from_bytes(digest) % 100 + 1
