"""Which calls can go out on a kept connection, as far as it is known without libcurl."""

from collections import Counter

from rules.delivery.url import Target

Origin = tuple[str, str, int]


def origin_of(target: Target) -> Origin:
    """Return what calls have in common that can share a connection, or the look-up of a name."""
    return target.scheme, target.host, target.port


class Spares:
    """Counts kept connections that no call uses, by where they lead.

    To find one, libcurl goes through all that lead there, busy ones too: with thousands of calls out that takes longer
    than all the rest of a call. So it is only asked to where there should be one. One that was closed meanwhile is
    counted too long, which costs a search in vain. At most `most` are kept, however many others are busy.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: Counter[Origin] = Counter()
        self._total = 0

    def take(self, target: Target) -> bool:
        """Return whether there should be one for a call, which has it from now on."""
        origin = origin_of(target)
        if not self._kept[origin]:
            return False
        self._kept[origin] -= 1
        self._total -= 1
        return True

    def keep(self, target: Target) -> None:
        """Count the connection of a call that was answered."""
        if self._total < self._most:
            self._kept[origin_of(target)] += 1
            self._total += 1
