"""The proof of noisy neighbours tells a machine that is slow for a while from leads that are held up."""

import pytest

from tests.chaos.neighbours import ALONE, HANGING, LONGEST, compared, enough_hung, held_up


@pytest.mark.parametrize(
    ("alone", "hanging", "is_kept"),
    [
        ([20, 20, 20, 20], [22, 22, 22], True),
        ([20, 20, 20, 20], [29, 27, 28], False),
        ([30, 20, 20, 40], [31, 21, 33], True),  # a machine that warms up, and is busy in the end
        ([20, 20, 20, 20], [90, 20, 21], True),  # one bad moment
        ([30, 20, 20, 20], [31, 28, 28], False),
        ([8, 8, 8, 8], [11, 11, 11], True),  # too little to tell
    ],
)
def test_the_middle_round_decides(alone: list[int], hanging: list[int], is_kept: bool) -> None:
    p95 = {ALONE: [ms / 1000 for ms in alone], HANGING: [ms / 1000 for ms in hanging]}
    assert (not compared(p95, ALONE, HANGING, "P13").findings) is is_kept


def test_a_round_without_noise_and_a_lead_that_waits_for_a_backlog_are_found() -> None:
    assert enough_hung([480, 479], 480).findings
    assert not enough_hung([480, 481], 480).findings
    assert held_up([0.1, LONGEST + 0.1], 500).findings
    assert held_up([0.1, 0.2], 0).findings
    assert not held_up([0.1, 0.2], 500).findings
