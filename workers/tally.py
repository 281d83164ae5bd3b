"""Tells and counts what a committed turn came to: a line for each attempt that ended, and sums for `/metrics`."""

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError

from flowbuilder import ids, logs
from flowbuilder.counting import ATTEMPTS, BREAKERS, LEADS, OFFERS, QUARANTINED, TURNS, Sums
from workers.carrying import Carried
from workers.rows import AttemptRow, LeadChange, OfferRow, PostedRow, Row
from workers.turn import Turn

EVERY = 2.0
"""Seconds between two times at which sums are handed over; a worker that is killed loses what it counted since."""
MOST_QUIET = 30.0
"""Seconds at most until Valkey is tried again that was away."""


class Tally:
    """The counts of one loop. The loop counts, a thread of its own hands over, so that no lead waits for Valkey."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._sums = Sums()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tally", daemon=True)

    def start(self) -> None:
        """Start handing over."""
        self._thread.start()

    def close(self) -> None:
        """Hand over what is left, if Valkey takes it, and end."""
        self._ends.set()
        if self._thread.is_alive():
            self._thread.join()
        with suppress(RedisError):
            self._sums.hand_over(self._redis)

    def note(self, turn: Turn, batch: Sequence[Carried]) -> None:
        """Tell and count a turn that was committed; before what arrived is let go of."""
        if batch:
            self._sums.observe(TURNS, len(batch))
        ended: list[AttemptRow] = [row for row in _rows(turn, AttemptRow) if row.finished_at == turn.now]
        for row in (row for row in ended if row.method != "inbox"):
            self._sums.observe(ATTEMPTS, (row.ms or 0) / 1000, row.state)
        offers: list[OfferRow] = _rows(turn, OfferRow)
        finished = (row.state for row in offers if row.phase == "post" and row.finished_at == turn.now)
        self._sums.count(OFFERS, finished)
        posted: list[PostedRow] = _rows(turn, PostedRow)
        changes: list[LeadChange] = [*_rows(turn, LeadChange), *(row.change for row in posted)]
        self._sums.count(LEADS, (row.outcome for row in changes if row.outcome))
        if ended:
            logs.tell_many("attempt", _lines(ended, offers, batch))
        for connection, state in turn.switched:
            self._sums.count(BREAKERS, [state])
            logs.tell("breaker", level=logging.WARNING, connection=_connection(connection.int), state=state)

    def note_quarantined(self, outcome: str) -> None:
        """Count a lead that was put aside, which ended as `outcome`."""
        self._sums.count(LEADS, [outcome])
        self._sums.count(QUARANTINED)

    def _run(self) -> None:
        quiet = EVERY
        while not self._ends.wait(quiet):
            try:
                self._sums.hand_over(self._redis)
                quiet = EVERY
            except RedisError:
                quiet = min(quiet * 2, MOST_QUIET)


def tell_attempts(ended: Sequence[AttemptRow], offers: Iterable[OfferRow]) -> None:
    """Tell attempts that were made beside the loop, each in a line."""
    if ended:
        logs.tell_many("attempt", _lines(ended, offers, ()))


def _rows(turn: Turn, kind: type[Row]) -> list[Any]:
    return [*turn.changes.added(kind), *turn.changes.touched(kind)]


def _lines(
    ended: Iterable[AttemptRow], offers: Iterable[OfferRow], batch: Sequence[Carried]
) -> Iterator[dict[str, logs.Field]]:
    of = {(row.lead_id.int, row.offer_no): row for row in offers}
    sizes = {sent.key: len(sent.reply.body) for carried in batch for sent in carried.arrived if sent.reply}
    tokens = {carried.key: carried.token for carried in batch}
    for row in ended:
        lead = row.lead_id.int
        offer = of.get((lead, row.offer_no))
        yield {
            "lead": ids.show(row.lead_id),
            "offer": ids.show(offer.id) if offer else None,
            "attempt": row.attempt_no,
            "method": row.method,
            "connection": _connection(offer.connection_id.int) if offer else None,
            "status": row.status,
            "outcome": row.state,
            "ms": row.ms,
            "bytes": sizes.get((lead, tokens.get(lead), row.offer_no, row.attempt_no), 0),
        }


@lru_cache(maxsize=1024)
def _connection(number: int) -> str:
    return ids.show(UUID(int=number), "con")
