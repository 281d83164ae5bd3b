"""One turn of the loop: everything that is decided, locked and written in one transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection as Database

from flowbuilder.cap_names import flow_cap_name, source_cap_name
from flowbuilder.enqueue import Finished
from flowbuilder.lists.lookup import Wanted
from rules.breaker import Breaker, Failure
from rules.effects import Effect
from rules.flow import DOOR
from rules.interpreter import Diverged, Walk
from workers import journal
from workers.book import Book, Connection, Source
from workers.buyer_claims import BuyerClaims
from workers.campaigns import NO_CAMPAIGNS, Campaigns
from workers.caps import Ask, Dealer, Place, named
from workers.carrying import Carried
from workers.claims import Claiming, Claims
from workers.delivery.calls import AnyCall, Call
from workers.rows import AgainRow, Changes, EventRow, LeadChange, LeaseRow, PostedRow

BUSY_FOR, BUSY_AT_MOST = timedelta(seconds=5), timedelta(seconds=60)
"""When a lead looks again for whose buyer too many queue already: after as long as the first of them has queued, but at
least and at most. Thousands that look again and again in vain would take the time of all others."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one call to a buyer came to, as far as its breaker cares; `failure` None where the buyer answered."""

    connection: Connection
    offer: str
    failure: Failure | None


@dataclass(slots=True)
class Turn:
    """What one turn has gathered so far; nothing in it counts before the commit.

    `calling` counts the calls that are out by connection, `busy` the leads that queue for one as well, of which a
    loop holds at most `most_for_one`; `queued_for` says for how many seconds the first of them has queued. `heard` is
    what calls came to that breakers count, `breakers` what it made of them, and `switched` those that opened or closed,
    by their connections. `in_hand` are the leads of the loop, `lost` those of them that another worker took.
    """

    now: datetime
    database: Database
    book: Book
    dealer: Dealer
    secret: bytes
    may_call: bool = True
    campaigns: Campaigns = NO_CAMPAIGNS
    changes: Changes = field(default_factory=Changes)
    calls: list[tuple[str, AnyCall]] = field(default_factory=list)
    lined_up: list[tuple[str, int, Call]] = field(default_factory=list)
    left: dict[int, Carried] = field(default_factory=dict)
    finished: dict[str, list[Finished]] = field(default_factory=dict)
    stalled: list[Carried] = field(default_factory=list)
    queued: dict[int, tuple[str, Carried]] = field(default_factory=dict)
    returned: list[Place] = field(default_factory=list)
    claims: Claims = field(default_factory=Claims)
    listed: dict[Wanted, bool | None] = field(default_factory=dict)
    calling: dict[str, int] = field(default_factory=dict)
    busy: dict[str, int] = field(default_factory=dict)
    most_for_one: int = 0
    queued_for: dict[str, float] = field(default_factory=dict)
    due: list[datetime] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    breakers: dict[UUID, Breaker] = field(default_factory=dict)
    switched: list[tuple[UUID, str]] = field(default_factory=list)
    in_hand: Mapping[int, Carried] = field(default_factory=dict)
    lost: set[Carried] = field(default_factory=set)
    buyer_claims: BuyerClaims = field(init=False)
    unclaimed: list[Claiming] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with no claim at a buyer locked."""
        self.buyer_claims = BuyerClaims(self.secret, self.now)

    def source_of(self, carried: Carried) -> Source:
        """Return the source that a lead came from."""
        row = carried.row
        return self.book.source(self.database, row["source_id"], row["flow_id"], row["version"])

    def flow_asks(self, carried: Carried, asks: Collection[Mapping[str, Any]]) -> list[Ask]:
        """Return reservations of a flow's own caps under their full names."""
        return named(asks, flow_cap_name, carried.row["flow_id"]) if asks else []

    def source_asks(self, carried: Carried, *, only_sold: bool = False) -> list[Ask]:
        """Return reservations of all caps of a lead's source; `only_sold` leaves out those that count what came in."""
        caps = self.source_of(carried).caps
        if not caps:
            return []
        view = carried.view
        asks = [cap.ask(view, self.now) for cap in caps if not (only_sold and cap.received)]
        return named(asks, source_cap_name, carried.row["source_id"])

    def likely_asks(self, carried: Carried) -> list[Ask]:
        """Return every reservation that the rest of a lead's run may want now, as far as it is known beforehand."""
        asks = [cap.ask({}, self.now) for cap in carried.known_flow.caps if cap.count_by is None]
        return self.flow_asks(carried, asks)

    def open_event(self, carried: Carried) -> EventRow:
        """Write down what the waiting effect asks, if that was not done before; return its event."""
        if carried.event is None:
            carried.event = self._add_event(carried, carried.known_walk, carried.known_effect)
        return carried.event

    def complete(self, carried: Carried, result: Mapping[str, Any]) -> None:
        """Write down the waiting effect's result and let the run go on to its next effect."""
        event, walk, effect = carried.event, carried.known_walk, carried.known_effect
        if event is None:
            event = self._add_event(carried, walk, effect)
        else:
            self.changes.touch(event)
        event.complete(effect, result, self.now)
        carried.event = None
        walk.answer(result)

    def keep(self, carried: Carried) -> None:
        """Write that the lead stays in hand, its lease renewed."""
        self._change(carried, LeadChange(carried.id, carried.token))

    def keep_all(self, moving: Iterable[Carried]) -> None:
        """Write that leads stay in hand of which nothing else is written: no row counts without its lead's lease."""
        changed, posted = self.changes.changed.get(LeadChange, {}), self.changes.new.get(PostedRow, {})
        for carried in moving:
            if carried.key not in changed and carried.key not in posted and carried.key not in self.left:
                self.keep(carried)

    def wait(self, carried: Carried, until: datetime, waiting_for: str, cost: int = 0) -> None:
        """Write that the lead waits, and let go of it; `cost` is what its supplier is told meanwhile that it gets."""
        change = LeadChange(carried.id, carried.token, "waiting", waiting_for=waiting_for, cost=cost, due_at=until)
        self._change(carried, change)
        self._let_go(carried)
        self.due.append(until)

    def finish(self, carried: Carried, change: LeadChange) -> None:
        """Write how the lead ended, and let go of it."""
        change.state, change.due_at, change.finished_at = "done", self.now, self.now
        self._change(carried, change)
        self._let_go(carried, change.cost if change.outcome == "sold" else None)

    def start_again(self, carried: Carried, row: AgainRow) -> None:
        """Write that the lead begins another run in another version, and let go of it until a turn claims it for that.

        So what was written of it counts before its run begins.
        """
        self.changes.touch(row)
        self._let_go(carried)
        self.due.append(row.due_at)

    def stall(self, carried: Carried) -> None:
        """Try a lead again in the next turn, as what it needs was not locked; one that has a place already keeps it."""
        if not carried.is_calling and carried.key not in self.left and carried.key not in self.queued:
            self.stalled.append(carried)
            self.keep(carried)

    def has_to_queue(self, carried: Carried, name: str, concurrency: int) -> bool:
        """Return whether a buyer is called as often at once as it may be; then the lead waits for its turn.

        It waits here, or in the database where so many do already that the leads of others would find no room; one of
        which other calls are out, or that queues for another buyer, waits here.
        """
        if self.calling.get(name, 0) < concurrency:
            return False
        is_here = carried.has_calls_out or carried.key in self.queued
        if is_here or self.busy.get(name, 0) < self.most_for_one:
            self.busy[name] = self.busy.get(name, 0) + 1
            self.queued[carried.key] = name, carried
            self.keep(carried)
        else:
            queued_for = timedelta(seconds=self.queued_for.get(name, 0.0))
            self.wait(carried, self.now + min(max(BUSY_FOR, queued_for), BUSY_AT_MOST), carried.waits_for)
        return True

    def call(self, carried: Carried, name: str, call: AnyCall) -> None:
        """Have a call made once the turn is committed."""
        self.calls.append((name, call))
        self.calling[name] = self.calling.get(name, 0) + 1
        self.busy[name] = self.busy.get(name, 0) + 1
        self.keep(carried)

    def line_up(self, name: str, concurrency: int, call: Call) -> None:
        """Have a call made once the turn is committed and its buyer has room; the lead does not wait for that."""
        self.lined_up.append((name, concurrency, call))

    def give_back(self) -> None:
        """Give places and claims that were returned so far back, for the leads that come after."""
        self.dealer.give_back(self.returned)
        for claiming in self.unclaimed:
            self.buyer_claims.give_back(claiming)
        self.returned, self.unclaimed = [], []

    def claim(self, most: int, passed_over: Collection[UUID] = (), *, alone: bool = False) -> list[Carried]:
        """Return due leads, locked, but none of some accounts; whatever this turn writes of them takes the lease.

        Where a worker left one of them, which may yet write it, they all come leased.
        """
        found = self._find(most, passed_over, alone=alone)
        return self._leased(found) if any(carried.row["is_left"] for carried in found) else found

    def lease(self, most: int, passed_over: Collection[UUID] = (), *, alone: bool = False) -> list[Carried]:
        """Return due leads and write nothing but their leases, so that the claim counts whatever they do later."""
        return self._leased(self._find(most, passed_over, alone=alone))

    def _leased(self, found: Sequence[Carried]) -> list[Carried]:
        for carried in found:
            self.changes.touch(LeaseRow(carried.id, carried.token))
            carried.is_leased = True
        return [*found]

    def _find(self, most: int, passed_over: Collection[UUID], *, alone: bool) -> list[Carried]:
        """Return due leads, locked; one in hand, renewed too late, only if another worker had it meanwhile."""
        found = journal.find_due(self.database, most, self.now, passed_over, alone=alone)
        claimed = [Carried(row, is_fresh=row["is_fresh"]) for row in found]
        return self._without_ours(claimed) if any(one.key in self.in_hand for one in claimed) else claimed

    def _without_ours(self, claimed: Iterable[Carried]) -> list[Carried]:
        """Renew the leases of leads that are ours still, and return the others."""
        others, late = list[Carried](), list[Carried]()
        for carried in claimed:
            mine = self.in_hand.get(carried.key)
            if mine and mine.token == carried.row["was"]:
                late.append(mine)
                continue
            others.append(carried)
            if mine:
                self.lost.add(mine)
        if late:
            journal.renew(self.database, [mine.lease for mine in late])
        return others

    def note_replaced(self, carried: Carried, difference: Diverged, seq: int) -> None:
        """Write that a run was closed because the flow would not take it any more."""
        asks = {"recorded": difference.recorded, "asked": difference.asked}
        event = EventRow(carried.id, carried.run, seq, "replaced", DOOR, asks, self.now, {}, "error", str(difference))
        event.done_at = self.now
        self.changes.add(event)

    def _add_event(self, carried: Carried, walk: Walk, effect: Effect) -> EventRow:
        # The first event says when the run began, by which a replay sets its clock.
        at = walk.state.now if walk.seq == 1 else self.now
        event = EventRow(carried.id, carried.run, walk.seq, effect.name, effect.step, effect.asks(), at)
        event.path = carried.known_flow.path_of(effect.step)
        event.detail = effect.detail
        self.changes.add(event)
        return event

    def _change(self, carried: Carried, change: LeadChange) -> None:
        change.run, change.asked_before = carried.run, carried.asked_before
        change.was = carried.written_token
        change.last_step = carried.effect.step if carried.effect else carried.row["last_step"]
        if carried.post is None:
            self.changes.changed.setdefault(LeadChange, {})[carried.key] = change
        else:
            posted = PostedRow(carried.post, carried.row["key"] is not None, change)
            self.changes.new.setdefault(PostedRow, {})[carried.key] = posted

    def _let_go(self, carried: Carried, price: int | None = None) -> None:
        self.left[carried.key] = carried
        if carried.row["answer_to"]:
            self.finished.setdefault(carried.row["answer_to"], []).append((carried.id, price))
