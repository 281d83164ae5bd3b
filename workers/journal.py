"""The only writer of lead events, offers, attempts and outcomes: claims leads, guards leases, writes a turn's rows."""

import random
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, cast
from uuid import UUID

import psycopg
from sqlalchemy import Connection

from flowbuilder.ids import made_at
from workers import journal_sql as sql
from workers.documents import as_document, as_extended
from workers.rows import AttemptRow, Changes, EventRow, OfferRow, PostedRow, Row, WindowRow
from workers.statements import Statement

LEASE = timedelta(seconds=30)
"""For how long a claim counts without being renewed."""
ALONE_CRASHES = 3
"""How often a lead may end its worker while it is carried alone; once more came before, among others."""

MOST_ROWS = 1_000_000
_LEAD = attrgetter("lead_id.int")
_COUNTS = re.compile(re.escape(sql.WRITTEN) + r"\{([\d,]+)\}")

Lease = tuple[UUID, int]
"""A lead and the token under which it is held; every claim has a new one."""

Claimed = dict[str, Any]
"""The row of a lead that was just claimed, by the names of its columns."""


class LostWrite(Exception):
    """A row that this turn meant to change was no longer as it was read; the turn is rolled back."""


class CapPassed(LostWrite):
    """A write would have passed a cap; the turn is rolled back. Others filled a window that it had not locked."""


@dataclass(slots=True)
class Past:
    """What the journal holds of one lead."""

    events: list[EventRow] = field(default_factory=list)
    offers: list[OfferRow] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)


def find_due(
    database: Connection, most: int, now: datetime, passed_over: Collection[UUID] = (), *, alone: bool = False
) -> list[Claimed]:
    """Return due leads, locked and each with a lease that counts once it is written, but none of some accounts.

    `alone` finds those that ended a worker before, of whichever account. Tokens are random, so that a claim which is
    lost with the database is void.
    """
    which = sql.DUE_ALONE if alone else sql.DUE_OF_OTHERS if passed_over else sql.DUE
    found = which.named_rows(database, {"most": most, "now": now, "passed_over": [*passed_over]})
    for row in found:
        row["lease_token"] = random.getrandbits(62)
    return found


def guard(database: Connection, leases: Collection[Lease]) -> dict[Lease, dict[str, Any]]:
    """Lock the leads whose lease is still held and return those leases; the others belong to another worker now.

    With each comes whom earlier runs asked by now, which turns under this lease may have changed.
    """
    lead_ids = [lead_id for lead_id, _ in leases]
    held = sql.guarding(_month(lead_ids)).rows(database, {"ids": lead_ids})
    return {(lead_id, token): asked for lead_id, token, asked in held if (lead_id, token) in leases}


def renew(database: Connection, leases: Iterable[Lease]) -> set[Lease]:
    """Have leases count from now on for their full time, and return those that are still held."""
    return {(lead_id, token) for lead_id, token in sql.RENEW.rows(database, _held(leases) | {"lease": LEASE})}


def give_back(database: Connection, leases: Iterable[Lease]) -> None:
    """End leases early, so that another worker takes the leads at once; it does not count as a crash."""
    sql.GIVE_BACK.count(database, _held(leases))


def read_past(database: Connection, lead_ids: Sequence[UUID]) -> dict[UUID, Past]:
    """Return what the journal holds of some leads; bodies of requests and replies are left out."""
    past = {lead_id: Past() for lead_id in lead_ids}
    if not past:
        return past
    wanted = {"ids": lead_ids}
    for row in sql.EVENTS.named_rows(database, wanted):
        past[row["lead_id"]].events.append(EventRow(**row))
    for row in sql.OFFERS.named_rows(database, wanted):
        past[row["lead_id"]].offers.append(OfferRow(**row))
    for row in sql.ATTEMPTS.named_rows(database, wanted):
        past[row["lead_id"]].attempts.append(AttemptRow(**row))
    return past


def write(database: Connection, changes: Changes) -> None:
    """Write all rows of a turn; raises LostWrite when one that should change did not.

    Should two loops write the same leads, because one of them lost their leases, one waits for the other and not both.
    """
    writing = _Writing(changes)
    if writing.groups:
        with writing.counted():
            writing.statement().rows(database, writing.values())


def write_and_commit(database: Connection, changes: Changes) -> None:
    """Write all rows of a turn and commit it; raises LostWrite, with nothing committed, as `write` does."""
    writing = _Writing(changes)
    if writing.groups:
        with writing.counted():
            writing.statement().commit(database, writing.values())
    else:
        database.commit()


class _Writing:
    """What a turn writes, kind by kind: `groups` hold the rows of each, in the order of their leads."""

    def __init__(self, changes: Changes) -> None:
        self._inserted = tuple(kind for kind in sql.INSERTS if changes.added(kind))
        self._updated = tuple(kind for kind in sql.UPDATES if changes.touched(kind))
        self.groups = [_in_order(changes.added(kind)) for kind in self._inserted]
        self.groups += [_in_order(changes.touched(kind)) for kind in self._updated]

    def statement(self) -> Statement:
        """Return the statement that writes them."""
        ends = [row for rows in self.groups for row in (rows[0], rows[-1])]
        month = _month([row.lead_id for row in ends if not isinstance(row, WindowRow)])
        return sql.writing(month, self._inserted, self._updated)

    def values(self) -> dict[str, Any]:
        """Return the values that it is run with."""
        sent = [sql.NEW.get(kind, ()) for kind in self._inserted] + [sql.CHANGED[kind] for kind in self._updated]
        documents = map(_document, self.groups, sent)
        rows = {f"rows{at}": document for at, document in enumerate(documents)}
        return {**rows, "lease": LEASE, "most": MOST_ROWS, "wanted": [count for _, count in self._wanted()]}

    def _wanted(self) -> list[tuple[type[Row], int]]:
        """Return how many rows of each kind have to be written, in that order; keys of posts count as their rows."""
        kinds = (*self._inserted, *self._updated)
        wanted = [(kinds[at], len(self.groups[at])) for at in sql.in_order(kinds)]
        if PostedRow in self._inserted:
            posted = cast("list[PostedRow]", self.groups[self._inserted.index(PostedRow)])
            wanted.insert(1 if WindowRow in self._updated else 0, (PostedRow, sum(row.has_key for row in posted)))
        return wanted

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Have it told as LostWrite when not as many rows were written as there are."""
        try:
            yield
        except psycopg.errors.UniqueViolation:
            if PostedRow not in self._inserted:
                raise
            raise LostWrite("a lead that was handed over is stored already") from None
        except psycopg.errors.InvalidTextRepresentation as problem:
            found = _COUNTS.search(str(problem))
            if not found:
                raise
            counts = map(int, found[1].split(","))
            told = zip(self._wanted(), counts, strict=True)
            lost, rows = next((kind, wanted) for (kind, wanted), count in told if count != wanted)
            raise (CapPassed if lost is WindowRow else LostWrite)(f"{lost.__name__}: {rows} rows") from None


def _document(rows: list[Row], columns: tuple[str, ...]) -> str:
    """Return rows of one kind as the statement takes them; of leads that were handed over most is written already."""
    if isinstance(rows[0], PostedRow):
        return as_extended([(row.written, row.change) for row in cast("list[PostedRow]", rows)])
    return as_document(rows, columns)


def _in_order(rows: list[Row]) -> list[Row]:
    """Return rows in the order of their leads; windows are locked already."""
    return sorted(rows, key=_LEAD) if len(rows) > 1 and not isinstance(rows[0], WindowRow) else rows


def _held(leases: Iterable[Lease]) -> dict[str, Any]:
    rows = [{"id": lead_id, "token": token} for lead_id, token in leases]
    return {"rows": as_document(rows)}


def _month(lead_ids: Sequence[UUID]) -> str:
    """Return what the tables of one month have behind their names, nothing for leads of several months.

    A month's own table is planned and opened much quicker than all of them, and each turn is nearly always of one.
    """
    if not lead_ids:
        return ""
    numbers = [lead_id.int for lead_id in lead_ids]
    first, last = (f"{made_at(UUID(int=number)):_%Y_%m}" for number in (min(numbers), max(numbers)))
    return first if first == last else ""
