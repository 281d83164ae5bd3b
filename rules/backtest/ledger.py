"""What is used of caps, whose turn it is, and who was first with a value: as it was, and as it would have been."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rules.backtest.past import Asks, Past, Taken, WindowKey, key_of

ClaimKey = tuple[str, str, str]


@dataclass(slots=True)
class Ledger:
    """One of the two worlds. `ended` are the outcomes of leads so far, by their numbers."""

    used: dict[WindowKey, int] = field(default_factory=dict)
    cursors: dict[WindowKey, int] = field(default_factory=dict)
    claims: dict[ClaimKey, tuple[str, datetime]] = field(default_factory=dict)
    ended: dict[str, str | None] = field(default_factory=dict)

    def take(self, key: WindowKey, many: int) -> None:
        """Use so much more of a window, or less."""
        self.used[key] = self.used.get(key, 0) + many

    def is_duplicate(self, past: Past, scope: str, asked: Asks, now: datetime) -> bool:
        """Return whether another lead of these was the first with a value, within the time asked for."""
        since = now - timedelta(seconds=asked["within"])
        return any(self._stands(self.claims.get(key), past, since) for key in claim_keys(past, scope, asked))

    def claim(self, past: Past, scope: str, asked: Asks, now: datetime, *, is_buyer: bool) -> None:
        """Note who is the first with a value, at a buyer who is the last."""
        since = now - timedelta(seconds=asked["within"])
        for key in claim_keys(past, scope, asked):
            if is_buyer or not self._stands(self.claims.get(key), past, since):
                self.claims[key] = past.lead.id, now

    def add(self, past: Past, taken: Taken) -> None:
        """Take over what a lead took."""
        for key, many in taken.places.items():
            self.take(key, many)
        self.cursors.update(taken.cursors)
        for connection, asked in taken.claims:
            self.claim(past, connection or scope_of(past, asked), asked, taken.at, is_buyer=bool(connection))

    def _stands(self, claim: tuple[str, datetime] | None, past: Past, since: datetime) -> bool:
        """Return whether a claim stands in a lead's way: of another one that was not rejected, and not too old."""
        if claim is None:
            return False
        holder, at = claim
        return holder != past.lead.id and at >= since and self.ended.get(holder) != "rejected"


def scope_of(past: Past, asked: Asks) -> str:
    """Return among whose leads the door looks for duplicates."""
    scope = asked.get("scope", "flow")
    return past.source_id if scope == "source" else scope


def claim_keys(past: Past, scope: str, asked: Asks) -> Iterator[ClaimKey]:
    """Yield what a lead wants to be the first with."""
    values = {key: str(past.fields.get(key)).strip().lower() for key in asked["by"]}
    if asked["together"]:
        if values:
            yield scope, "+".join(sorted(values)), "\x1f".join(values[key] for key in sorted(values))
        return
    for key, value in values.items():
        yield scope, key, value


@dataclass(slots=True)
class Windows:
    """The windows of both worlds, over what was used before the first of these leads."""

    before: Mapping[WindowKey, int]
    then: Ledger = field(default_factory=Ledger)
    now: Ledger = field(default_factory=Ledger)

    def is_full(self, ask: Asks, recorded: Asks | None, *, was_full: bool | None) -> bool:
        """Return whether a reservation would not fit; as it was where that was the same question in the same state."""
        key = key_of(ask)
        is_full = self._is_over(self.now, ask)
        is_same = recorded is not None and key_of(recorded) == key and recorded["limit"] == ask["limit"]
        if was_full is not None and recorded is not None and is_same and is_full == self._is_over(self.then, recorded):
            return was_full
        return is_full

    def count(self, ask: Asks, recorded: int | None) -> int:
        """Return what is used of a window that is only read."""
        key = key_of(ask)
        now, then = self.now.used.get(key, 0), self.then.used.get(key, 0)
        return recorded if recorded is not None and now == then else self.before.get(key, 0) + now

    def cursor(self, ask: Asks, recorded: int | None) -> int:
        """Return whose turn it was last."""
        key = key_of(ask)
        now, then = self.now.cursors.get(key), self.then.cursors.get(key)
        if recorded is not None and now == then:
            return recorded
        return self.before.get(key, 0) if now is None else now

    def is_duplicate(self, past: Past, scope: str, asked: Asks, recorded: Any, now: datetime, *, was: bool) -> bool:
        """Return whether a lead is a duplicate; as it was where that was asked the same way with the same ones before.

        One that was a duplicate of a lead that is older than all of these stays one under a rule at least as strict.
        """
        is_now = self.now.is_duplicate(past, scope, asked, now)
        if recorded is None or is_now or not _is_as_strict(asked, recorded):
            return is_now
        return was and not self.then.is_duplicate(past, scope, recorded, now)

    def _is_over(self, ledger: Ledger, ask: Asks) -> bool:
        key = key_of(ask)
        return self.before.get(key, 0) + ledger.used.get(key, 0) + int(ask["take"]) > int(ask["limit"])


def _is_as_strict(asked: Asks, recorded: Asks) -> bool:
    is_alike = asked["together"] == recorded["together"] and asked.get("scope") == recorded.get("scope")
    return is_alike and set(asked["by"]) >= set(recorded["by"]) and asked["within"] >= recorded["within"]


def used_before(used: Mapping[WindowKey, int], pasts: list[Past]) -> dict[WindowKey, int]:
    """Return what of the windows was used before the leads that are given, never less than nothing."""
    before = dict(used)
    for past in pasts:
        for taken in past.taken:
            for key, many in taken.places.items():
                if key in before:
                    before[key] -= many
    return {key: many for key, many in before.items() if many > 0}
