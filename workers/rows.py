"""The rows that one turn writes: events, offers and attempts of the leads in hand."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rules.delivery.methods import Method
from rules.effects import Effect, Result, taken_apart

FAR = datetime(9999, 1, 1, tzinfo=UTC)
"""When something is due that only a person can send on."""


@dataclass(slots=True)
class EventRow:
    """One event of a journal; unfinished while `result` is None.

    `path` says where a step in a lane or a row of a group stands; it is not read back. `detail` holds values of the
    person, apart from the rest, and what is known of an effect that is out; only what a look-up found, and why bidders
    are not asked, is read back, because the run goes on by it.
    """

    lead_id: UUID
    run: int
    seq: int
    effect: str
    step: str
    asks: dict[str, Any]
    at: datetime
    result: Result | None = None
    outcome: str | None = None
    reason: str | None = None
    done_at: datetime | None = None
    path: str | None = None
    detail: dict[str, Any] | None = None

    def complete(self, effect: Effect, result: Result, now: datetime) -> None:
        """Give the event its result; an event is completed once."""
        self.result, apart = taken_apart(result)
        self.detail = apart or self.detail
        self.done_at = now
        self.outcome, self.reason = effect.outcome(result)


@dataclass(slots=True)
class OfferRow:
    """One buyer asked in one round: `ping` for a bid, `post` to take the lead. Money in minor units.

    `next_at` is when it is called again, once it has been called and while the offer has not ended.
    """

    lead_id: UUID
    offer_no: int
    id: UUID
    account_id: UUID
    connection_id: UUID
    run: int
    round: int
    step: str
    buyer: str
    price: int
    created_at: datetime
    state: str = "sending"
    places: list[Any] = field(default_factory=list)
    is_winner: bool = False
    slot: int = 1
    lost_reason: str | None = None
    reason: str | None = None
    reference: str | None = None
    attempts: int = 0
    cascade_position: int | None = None
    finished_at: datetime | None = None
    phase: str = "post"
    bid: int | None = None
    winning_bid: int | None = None
    delivery_method: Method = "webhook"
    next_at: datetime | None = None


@dataclass(slots=True)
class LossRow:
    """Why a buyer that was asked did not get the lead in the end, and what won it; its offer has ended before."""

    lead_id: UUID
    offer_no: int
    lost_reason: str | None
    winning_bid: int | None


@dataclass(slots=True)
class AttemptRow:
    """One call of an offer, or a copy of what was taken."""

    lead_id: UUID
    offer_no: int
    attempt_no: int
    started_at: datetime
    state: str = "sending"
    finished_at: datetime | None = None
    ms: int | None = None
    status: int | None = None
    error: str | None = None
    request: dict[str, Any] | None = None
    reply: dict[str, Any] | None = None
    method: str = "webhook"


@dataclass(slots=True)
class InboxRow:
    """A lead in the inbox of a buyer; `id` is the offer's."""

    id: UUID
    account_id: UUID
    connection_id: UUID
    lead_id: UUID
    offer_no: int
    attempt_no: int
    at: datetime


@dataclass(slots=True)
class CopyRow:
    """What goes to a buyer after it took a lead, by a method of its own."""

    lead_id: UUID
    offer_no: int
    method: str
    account_id: UUID
    connection_id: UUID
    created_at: datetime
    due_at: datetime
    state: str = "waiting"
    finished_at: datetime | None = None


@dataclass(slots=True)
class LeadChange:
    """What a turn writes to a lead's own row; `due_at` None leaves the lease of a lead that stays in hand as it is.

    `was` is the token in the row so far: another one than `token` where this write takes the lease.
    """

    id: UUID
    token: int
    state: str = "working"
    outcome: str | None = None
    waiting_for: str | None = None
    reason_code: str | None = None
    reason: str | None = None
    run: int = 1
    asked_before: dict[str, Any] = field(default_factory=dict)
    revenue: int = 0
    cost: int = 0
    due_at: datetime | None = None
    finished_at: datetime | None = None
    last_step: str | None = None
    was: int = 0

    @property
    def lead_id(self) -> UUID:
        """Return the lead's id, under the name that its other rows have for it."""
        return self.id


@dataclass(slots=True)
class PostedRow:
    """A lead that a web process handed over: its row as that wrote it, in JSON, and what its first turn makes of it."""

    written: bytes
    has_key: bool
    change: LeadChange

    @property
    def lead_id(self) -> UUID:
        """Return the lead's id."""
        return self.change.id


@dataclass(slots=True)
class AgainRow:
    """What a turn writes to the row of a lead that begins another run in another version, in place of a change.

    The data are None where both versions read them in the same way.
    """

    lead_id: UUID
    token: int
    was: int
    version: int
    run: int
    asked_before: dict[str, Any]
    due_at: datetime
    posted: dict[str, Any] | None = None
    fields: dict[str, Any] | None = None
    invalid: list[str] | None = None
    ignored: list[str] | None = None


@dataclass(slots=True)
class LeaseRow:
    """The lease that a turn takes on a due lead."""

    lead_id: UUID
    token: int


@dataclass(slots=True)
class WindowRow:
    """What a turn adds to a cap window or takes out of it, and the highest limit that it dealt places under."""

    id: int
    change: int
    ceiling: int


Row = (
    PostedRow
    | EventRow
    | OfferRow
    | LossRow
    | AttemptRow
    | InboxRow
    | CopyRow
    | LeadChange
    | AgainRow
    | LeaseRow
    | WindowRow
)


@dataclass(slots=True)
class Changes:
    """All rows that a turn inserts or updates; a row that is new is inserted in its last form."""

    new: dict[type[Row], dict[int, Row]] = field(default_factory=dict)
    changed: dict[type[Row], dict[int, Row]] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Insert a row."""
        self.new.setdefault(type(row), {})[id(row)] = row

    def touch(self, row: Row) -> None:
        """Update a row, unless it is inserted in this turn anyway."""
        kind, which = type(row), id(row)
        if kind not in self.new or which not in self.new[kind]:
            self.changed.setdefault(kind, {})[which] = row

    def writes(self, row: Row) -> bool:
        """Return whether a row is written anyway, in the form that it has at the end of the turn."""
        return id(row) in self.new.get(type(row), {}) or id(row) in self.changed.get(type(row), {})

    def added(self, kind: type[Row]) -> list[Row]:
        """Return the rows of a kind to insert."""
        return list(self.new.get(kind, {}).values())

    def touched(self, kind: type[Row]) -> list[Row]:
        """Return the rows of a kind to update."""
        return list(self.changed.get(kind, {}).values())
