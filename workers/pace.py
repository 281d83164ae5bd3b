"""How many leads fit into a turn, as far as it is known from how much work the turns before were."""

LONGEST_TURN = 0.1
"""Seconds of work that a turn should be at most: no call goes out while it lasts. Of auctions fewer fit into one."""
FIRST_FITTING = 32
"""How many leads are taken to fit in before anything is known."""
LEAST = 8
"""How many leads of each kind a turn has room for at least; one of fewer says little about each."""


class Pace:
    """Learns the seconds of work for a lead that begins in a turn, or is begun again, and for one that goes on.

    They are apart, as to ask twenty bidders takes many times as long as to read that one of them took the lead: else
    the next auctions would be begun two hundred in one turn, and by one loop alone.
    """

    def __init__(self) -> None:
        self._beginning = self._going_on = LONGEST_TURN / FIRST_FITTING

    def note(self, seconds: float, beginning: int, going_on: int) -> None:
        """Note how much work a turn was, in which so many leads began and so many went on."""
        if beginning + going_on < LEAST:
            return
        expected = beginning * self._beginning + going_on * self._going_on
        # Each half as far off as the turn was, and only as much as its leads were of it.
        off = (seconds / expected - 1) / 2
        share = beginning * self._beginning / expected
        self._beginning *= 1 + off * share
        self._going_on *= 1 + off * (1 - share)

    @property
    def going_on(self) -> int:
        """Return how many leads fit into a turn that go on."""
        return max(LEAST, int(LONGEST_TURN / self._going_on))

    def beginning(self, beside: int = 0) -> int:
        """Return how many leads fit in that begin, beside so many that go on."""
        return max(LEAST, int((LONGEST_TURN - beside * self._going_on) / self._beginning))
