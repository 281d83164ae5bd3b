"""A loop lets answers come together where many come, and nowhere else."""

import pytest

from workers.pausing import LONGEST, Pauses


def pause(in_hand: int, every: float, answers: int = 1, seconds: float = 2.0) -> float:
    """Return the pause after answers came again and again for some seconds, in milliseconds."""
    pauses, now = Pauses(0.0), 0.0
    while now < seconds:
        now += every
        pauses.note(answers, now)
    return pauses.length(in_hand, now) * 1000


@pytest.mark.parametrize(
    ("in_hand", "every", "answers", "least", "most"),
    [
        (1, 0.01, 1, 0.05, 0.05),  # one lead waits for nobody
        (64, 0.01, 13, 3.2, 3.2),  # by the leads in hand
        (512, 0.01, 13, 10.0, 10.0),  # the longest
        (1200, 0.03, 1, 0.8, 1.0),  # leads that hang, and few answers beside them
        (1200, 1.0, 1, 0.0, 0.15),
    ],
)
def test_a_pause_is_as_long_as_answers_are_many(
    in_hand: int, every: float, answers: int, least: float, most: float
) -> None:
    assert least <= pause(in_hand, every, answers) <= most + 0.001


def test_what_came_before_is_soon_forgotten() -> None:
    pauses = Pauses(0.0)
    pauses.note(10_000, 0.0)
    assert pauses.length(1000, 0.01) == LONGEST
    assert pauses.length(1000, 2.0) < 0.001
