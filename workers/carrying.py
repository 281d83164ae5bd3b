"""A lead in the loop's hands: its lease, its run as far as it got, and the offer that is out."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn, TypeVar, cast
from uuid import UUID

from rules.effects import Await, Effect, LookUp, Offer, Ping
from rules.flow import Flow
from rules.interpreter import Walk, recorded, replay
from rules.money import exponent_of
from rules.running import QUOTED, Lead, Post, WaitsFor
from workers.begun import AnyBegun, Begun, reopened
from workers.caps import Place
from workers.delivery.calls import CallKey, Sent
from workers.journal import Claimed, Lease, Past
from workers.journaled import counted_by, journaled_source, places_of, quoted_by
from workers.rows import AttemptRow, EventRow, OfferRow

T = TypeVar("T")

REFUSED = "refused"
"""Where the event of a ping that is out keeps why bidders are not asked."""
WAITS: tuple[WaitsFor, ...] = ("person", "answer", "retry")
"""What a lead with several open offers is said to wait for: the first of these that one of them waits for."""
CALLING = (Offer, Ping, LookUp, Await)
"""The effects that call somebody: they are begun in one turn, and get their result in a later one."""


def known(value: T | None) -> T:
    """Return what must be there at this point of a lead's way; raises LookupError when it is not."""
    return missing() if value is None else value


def missing() -> NoReturn:
    """Raise the LookupError of what is not there."""
    raise LookupError("The lead is not at the point where this is known.")


@dataclass(slots=True)
class Pinged:
    """A buyer that is being asked for a bid: its row, the one attempt, and its connection as documents name it."""

    row: OfferRow
    attempt: AttemptRow
    connection: str


@dataclass(slots=True, eq=False)
class Carried:
    """One claimed lead. `places` are what it holds at the door and in cap steps; offers hold their own.

    `key` is its id as a number, which is found far quicker in a dictionary; `token` is that of the lease, which every
    write repeats. `begun` are the offers and the look-up that are not done with, by the numbers of their rows;
    `pings` are the buyers that are being asked for bids, `refused` why others are not. `awaited` are the calls that
    are out, `arrived` what became of others and is not written yet. `post` is its row as the web handed it over,
    until it is in the database. `is_leased` once its lease is there, `is_cleared` once it was moved without ending
    the worker, `is_in_doubt` when nobody knows whether its last turn was committed, or whether its lease is held.
    `instruction` is what a person has done with it, until that is done. `queued_at` is the monotonic time since when
    it queues for a buyer, `queues_for` that one, `wakes_at` is when it moves again at the latest, `let_out_for` the
    one whose room it was given and has not used yet. `counted` are the caps at the door of its flow that count it
    since an earlier run let it in, None where none did; `quoted` is what an earlier run promised its supplier, None
    where it was posted without.
    """

    row: Claimed
    id: UUID = field(init=False)
    key: int = field(init=False)
    token: int = field(init=False)
    walk: Walk | None = None
    flow: Flow | None = None
    run: int = field(init=False)
    event: EventRow | None = None
    places: list[Place] = field(default_factory=list)
    offers: list[OfferRow] = field(default_factory=list)
    begun: dict[int, AnyBegun] = field(default_factory=dict)
    pings: dict[int, Pinged] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    awaited: set[CallKey] = field(default_factory=set)
    arrived: list[Sent] = field(default_factory=list)
    is_fresh: bool = False
    post: bytes | None = None
    is_cleared: bool = False
    is_leased: bool = False
    is_in_doubt: bool = False
    instruction: dict[str, Any] | None = field(init=False)
    asked: dict[str, str] = field(default_factory=dict)
    queued_at: float = 0.0
    queues_for: str = ""
    wakes_at: datetime | None = None
    let_out_for: str = ""
    counted: frozenset[str] | None = None
    quoted: int | None = None

    def __post_init__(self) -> None:
        """Begin with the run that the lead's row says."""
        self.id, self.token, self.run = self.row["id"], self.row["lease_token"], self.row["run"]
        self.key, self.instruction = self.id.int, self.row["instruction"]

    @property
    def lease(self) -> Lease:
        """Return the lead with its token."""
        return self.id, self.token

    @property
    def written_token(self) -> int:
        """Return the token in the lead's row so far: another one than its own where the next write takes the lease."""
        return self.token if self.is_leased else int(self.row["was"])

    @property
    def is_suspect(self) -> bool:
        """Return whether the lead ended a worker before and has not been moved since: it moves alone."""
        return not self.is_cleared and self.row["crashes"] > 1

    @property
    def effect(self) -> Effect | None:
        """Return the effect that waits for its result."""
        return self.walk.effect if self.walk else None

    @property
    def known_walk(self) -> Walk:
        """Return the run of a lead that was brought back."""
        return self.walk or missing()

    @property
    def known_effect(self) -> Effect:
        """Return the effect of a run that has not ended."""
        return (self.walk.effect if self.walk else None) or missing()

    @property
    def known_flow(self) -> Flow:
        """Return the flow of a lead that was brought back."""
        return self.flow or missing()

    @property
    def is_calling(self) -> bool:
        """Return whether the waiting effect was begun and calls somebody: its result comes from what they answer."""
        return self.event is not None and isinstance(self.effect, CALLING)

    @property
    def is_eager(self) -> bool:
        """Return whether each answer may be the last that is needed; otherwise all that are awaited are."""
        return not isinstance(self.effect, Ping) or self.effect.enough is not None

    @property
    def waiting(self) -> AnyBegun | None:
        """Return what the waiting effect itself has begun, None where that is nothing."""
        return next((begun for begun in self.begun.values() if begun.effect is self.effect), None)

    @property
    def going_on(self) -> list[AnyBegun]:
        """Return what was begun and has not ended."""
        return [begun for begun in self.begun.values() if begun.result is None]

    @property
    def next_tries(self) -> list[datetime]:
        """Return when each of what was begun is tried again of which no call is out, the first one first."""
        resting = (begun.row.next_at for begun in self.going_on if begun.attempt is None)
        return sorted(moment for moment in resting if moment is not None)

    @property
    def has_calls_out(self) -> bool:
        """Return whether a call about what was begun is out, or is made in this turn."""
        return any(begun.attempt is not None for begun in self.begun.values())

    @property
    def waits_for(self) -> WaitsFor:
        """Return what the lead waits for while it is not held: a person or an answer, where a buyer may have it."""
        waits = {begun.waits_for for begun in self.going_on}
        return next((one for one in WAITS if one in waits), "retry")

    def is_out(self, begun: Begun) -> bool:
        """Return whether a call about what was begun is out that this worker waits for."""
        return begun.attempt is not None and self.key_of(begun.attempt) in self.awaited

    def key_of(self, attempt: AttemptRow) -> CallKey:
        """Return the key of the call that an attempt is."""
        return CallKey(self.key, self.token, attempt.offer_no, attempt.attempt_no)

    def forget(self) -> None:
        """Drop what was worked out in memory, so that the next turn rebuilds it from the journal."""
        self.walk, self.event = None, None
        self.places, self.offers, self.is_fresh = [], [], False
        self.begun, self.pings, self.refused = {}, {}, {}
        self.run, self.asked, self.instruction = self.row["run"], {}, self.row["instruction"]

    def answer(self, begun: Begun) -> Sent | None:
        """Return what became of the call that is out, None when nothing that arrived is about it."""
        if begun.attempt is None or not self.arrived:
            return None
        key = self.key_of(begun.attempt)
        return next((sent for sent in self.arrived if sent.key == key), None)

    def take(self, sent: Sent) -> bool:
        """Take what became of a call that is awaited; return whether the lead can move now, and could not before."""
        key = cast("CallKey", sent.key)
        if key not in self.awaited:
            return False
        self.awaited.discard(key)
        self.arrived.append(sent)
        return len(self.arrived) == 1 if self.is_eager else not self.awaited

    def input(self, source: dict[str, Any]) -> Lead:
        """Return the lead as rules see it, with what the journal says of its source.

        One that was pinged begins with the data of its ping, unless an earlier run has had its post: what that run
        quoted is what its supplier is paid.
        """
        row = self.row
        pinged = row["pinged"] if self.quoted is None else None
        data = pinged or row
        return Lead(
            id=str(row["id"]),
            fields=data["fields"],
            posted=data["posted"],
            source=self.as_quoted(source),
            received_at=row["received_at"],
            invalid=frozenset(data["invalid"]),
            is_test=row["is_test"],
            asked_before=self.asked_before,
            test_outcome=row["test_outcome"],
            is_ping=self.is_ping or pinged is not None,
            post=Post(row["fields"], row["posted"], frozenset(row["invalid"])) if pinged else None,
        )

    def as_quoted(self, source: dict[str, Any]) -> dict[str, Any]:
        """Return a source as its run sees it: where an earlier run had the post, its cost is what that one quoted."""
        if self.quoted is None:
            return source
        price = Decimal(self.quoted).scaleb(-exponent_of(self.row["currency"]))
        return {**source, "cost": {"fixed": str(price)}, QUOTED: True}

    @property
    def takes_nothing(self) -> bool:
        """Return whether the lead takes no places and no claims: tests and pings count nowhere."""
        return self.row["is_test"] or self.is_ping

    @property
    def is_ping(self) -> bool:
        """Return whether the lead is a ping that was not posted: it takes nothing."""
        return bool(self.row["kind"] == "ping")

    @property
    def asked_before(self) -> dict[str, Any]:
        """Return the buyers that earlier runs asked, with their answers."""
        before: dict[str, Any] = self.row["asked_before"]
        return before | self.asked

    @property
    def view(self) -> dict[str, Any]:
        """Return what the rules of its source may read of a lead, before its run has begun."""
        fields, invalid = self.row["fields"], self.row["invalid"]
        valid = {key: value is not None and key not in invalid for key, value in fields.items()}
        return {"lead": fields, "raw": self.row["posted"], "valid": valid}

    def begin_again(self, asked: dict[str, str], source: dict[str, Any], past: Past, now: datetime) -> None:
        """Begin the next run, which asks none of those that were asked."""
        self.run += 1
        self.asked = asked
        self._note_earlier(past)
        self.walk, self.event, self.places = Walk(self.known_flow, self.input(source), now), None, []

    def rebuild(self, flow: Flow, past: Past, source: dict[str, Any], now: datetime) -> None:
        """Bring the run to where its journal left it; raises rules.interpreter.Diverged when the flow has changed."""
        self.flow, self.offers = flow, past.offers
        if not past.events:
            self.counted = self.quoted = None
            self.walk, self.event, self.places = Walk(flow, self.input(source), now), None, []
            return
        events = [event for event in past.events if event.run == self.run and event.effect != "by_hand"]
        self._note_earlier(past)
        lead = self.input(journaled_source(events) or source)
        self.walk = replay(flow, lead, events[0].at if events else now, map(recorded, events))
        self.places = places_of(events)
        self.event = events[-1] if events and events[-1].result is None else None
        self._reopen(past)

    def _note_earlier(self, past: Past) -> None:
        """Find what earlier runs promised, and what counts the lead already: a ping counts nowhere before its post."""
        earlier = [event for event in past.events if event.run < self.run]
        self.quoted = quoted_by(earlier)
        is_ping_yet = self.row["pinged"] is not None and self.quoted is None
        self.counted = None if is_ping_yet else counted_by(earlier)

    def _reopen(self, past: Past) -> None:
        """Find what was begun and is not done with: what the waiting effect asks, and offers that were left open."""
        self.begun = {}
        if self.is_calling and isinstance(self.effect, Ping):
            self._reopen_pings(self.effect, past)
        for opened in self.known_walk.state.open.values():
            self._reopen_one(opened.effect, self.offers[opened.number - 1], past)
        if self.is_calling and isinstance(self.effect, Offer | LookUp):
            self._reopen_one(self.effect, self.offers[-1], past)

    def _reopen_pings(self, effect: Ping, past: Past) -> None:
        attempts = {attempt.offer_no: attempt for attempt in past.attempts}
        named = {bidder["buyer"]: bidder["connection"] for bidder in effect.bidders}
        which = ("ping", self.run, effect.round, effect.step)
        rows = [row for row in self.offers if (row.phase, row.run, row.round, row.step) == which]
        self.pings = {row.offer_no: Pinged(row, attempts[row.offer_no], named[row.buyer]) for row in rows}
        self.refused = dict((known(self.event).detail or {}).get(REFUSED, {}))

    def _reopen_one(self, effect: Offer | LookUp, row: OfferRow, past: Past) -> None:
        own = [attempt for attempt in past.attempts if attempt.offer_no == row.offer_no]
        self.begun[row.offer_no] = reopened(effect, row, own)
