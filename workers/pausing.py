"""How long a loop lets answers come together after a turn, which costs nearly the same for one lead as for ten."""

import math

EACH = 0.00005
"""Seconds for each lead in hand."""
FOR_ONE_A_SECOND = 0.000025
"""Seconds for each answer that comes in a second: leads that hang at buyers who say nothing hold up nobody else."""
LONGEST = 0.01
LOOKS_BACK = 0.25
"""Seconds over which answers are counted; those before count less and less."""


class Pauses:
    """Counts the answers that come, `now` being the monotonic time, and says how long the next pause is."""

    def __init__(self, now: float) -> None:
        self._answers, self._counted_at = 0.0, now

    def note(self, answers: int, now: float) -> None:
        """Note answers that just came."""
        self._answers = self._answers * math.exp((self._counted_at - now) / LOOKS_BACK) + answers
        self._counted_at = now

    def length(self, in_hand: int, now: float) -> float:
        """Return for how many seconds to wait after the beginning of a turn, with so many leads in hand."""
        self.note(0, now)
        return min(in_hand * EACH, self._answers / LOOKS_BACK * FOR_ONE_A_SECOND, LONGEST)
