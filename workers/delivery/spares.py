"""Which calls can go out on a kept connection, as far as it is known without libcurl."""

import math

from rules.delivery.url import Target

Origin = tuple[str, str, int]
LOOKS_EVERY = 1.0
"""Seconds after which it is looked again for some that are too old, where there is room for no more."""


def origin_of(target: Target) -> Origin:
    """Return what calls have in common that can share a connection, or the look-up of a name."""
    return target.scheme, target.host, target.port


class Spares:
    """Counts kept connections that no call uses, by where they lead.

    To find one, libcurl goes through all that lead there, busy ones too: with thousands of calls out that takes longer
    than all the rest of a call. So it is only asked to where there should be one. One that the server closed is counted
    too long, which costs a search in vain; libcurl uses none that waited for more than `lasts` seconds, and that is
    known here too. At most `most` are kept, however many others are busy. `now` is monotonic.
    """

    def __init__(self, most: int, lasts: float) -> None:
        self._most, self._lasts = most, lasts
        self._kept: dict[Origin, list[float]] = {}
        self._total, self._looked_at = 0, -math.inf

    def __len__(self) -> int:
        """Return how many are counted."""
        return self._total

    def take(self, target: Target, now: float) -> bool:
        """Return whether there should be one for a call, which has it from now on."""
        origin = origin_of(target)
        kept = self._kept.get(origin)
        if not kept:
            return False
        newest = kept.pop()
        self._total -= 1
        is_fresh = now - newest <= self._lasts
        if not (kept and is_fresh):
            self._total -= len(self._kept.pop(origin))
        return is_fresh

    def keep(self, target: Target, now: float) -> None:
        """Count the connection of a call that was answered."""
        if self._total >= self._most and now - self._looked_at > LOOKS_EVERY:
            self._looked_at = now
            self._forget_old(now)
        if self._total < self._most:
            self._kept.setdefault(origin_of(target), []).append(now)
            self._total += 1

    def _forget_old(self, now: float) -> None:
        fresh = {origin: [at for at in kept if now - at <= self._lasts] for origin, kept in self._kept.items()}
        self._kept = {origin: kept for origin, kept in fresh.items() if kept}
        self._total = sum(map(len, self._kept.values()))
