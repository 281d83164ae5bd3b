"""P11: while a breaker is open one call at a time goes to its buyer, and none before the buyer had time to recover.

What breakers did is not kept: it is worked out anew from the calls, as the database has them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rules.breaker import Limits
from tests.support.bazaar import TIMEOUT
from tests.support.proofs import Books
from workers.breakers import PROBE_GRACE
from workers.outgoing import STOPPED

UNHEARD = timedelta(seconds=5)
"""For how long other workers may call a buyer that one of them has just found to fail too often.

Of this they hear within a second of its being committed, which takes a turn, and longer while PostgreSQL is away.
"""
CLOSELY = timedelta(seconds=0.1)
Call = Mapping[str, Any]
"""An attempt, as the database has it."""
LASTS = timedelta(seconds=int(TIMEOUT.removesuffix("s"))) + PROBE_GRACE
"""For how long a probe keeps others out, should its worker be gone."""


@dataclass
class Watch:
    """What the calls to one buyer say of its breaker."""

    limits: Limits
    openings: int = 0
    probes: int = 0
    findings: list[str] = field(default_factory=list)
    _failed: list[datetime] = field(default_factory=list)
    _opened_at: datetime | None = None
    _recovers_at: datetime | None = None
    _probe: Call | None = None

    def follow(self, calls: Iterable[Call]) -> None:
        """Go through all calls in the order in which they began and ended."""
        listed = list(calls)
        moments = [(call["finished_at"], 0, call) for call in listed if call["finished_at"]]
        moments += [(call["started_at"], 1, call) for call in listed]
        for at, begins, call in sorted(moments, key=lambda moment: moment[:2]):
            if begins:
                self._begin(call, at)
            else:
                self._end(call, at)

    def _begin(self, call: Call, at: datetime) -> None:
        if self._opened_at is None or at < self._opened_at + UNHEARD:
            return
        self.probes += 1
        if self._probe is not None and at < self._probe["started_at"] + LASTS:
            self.findings.append(f"{_named(call)} was a probe beside {_named(self._probe)}")
        elif self._recovers_at and at < self._recovers_at - CLOSELY:
            early = (self._recovers_at - at).total_seconds()
            self.findings.append(f"{_named(call)} came {early:.2f} s before the buyer had time to recover")
        self._probe = call

    def _end(self, call: Call, at: datetime) -> None:
        is_probe = self._probe is not None and _offer_of(call) == _offer_of(self._probe)
        if call["state"] in ("ok", "declined"):
            if is_probe:
                self._opened_at = self._recovers_at = self._probe = None
                self._failed.clear()
        elif call["state"] != "blocked" and call["error"] != STOPPED:
            self._fail(at, is_probe=is_probe)

    def _fail(self, at: datetime, *, is_probe: bool) -> None:
        self._failed.append(at)
        within = at - timedelta(seconds=self.limits.within)
        many = sum(within < one for one in self._failed)
        if self._opened_at is None and many >= self.limits.failures:
            self.openings += 1
            self._opened_at = at
        elif not (self._opened_at and is_probe):
            return
        self._recovers_at, self._probe = at + timedelta(seconds=self.limits.recover_after), None


def watched(books: Books) -> Watch:
    """Return what all breakers did together."""
    total = Watch(Limits())
    for connection, limits in books.limits.items():
        watch = Watch(limits)
        watch.follow(_calls(books, connection))
        total.openings, total.probes = total.openings + watch.openings, total.probes + watch.probes
        total.findings += watch.findings
    return total


def _calls(books: Books, connection: UUID) -> Iterator[Call]:
    for lead_id, offers in books.offers.items():
        numbers = {offer["offer_no"] for offer in offers if offer["connection_id"] == connection}
        yield from (call for call in books.attempts[lead_id] if call["offer_no"] in numbers)


def _offer_of(call: Call) -> tuple[UUID, int]:
    return call["lead_id"], call["offer_no"]


def _named(call: Call) -> str:
    return f"attempt {call['attempt_no']} of offer {call['offer_no']} of lead {call['lead_id']}"
