"""The checker finds a probe that comes beside another, or too early, in the calls to a buyer that fails."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from flowbuilder import clock
from rules.breaker import Limits
from tests.chaos.probing import Watch
from workers.outgoing import STOPPED

AT = clock.now()
LEAD = UUID(int=1)
LIMITS = Limits(failures=2, within=60, recover_after=10)
Told = tuple[float, float | None, str]
OPENED: list[Told] = [(0, 1, "error"), (0, 2, "error")]
"""Two calls that fail, by which the breaker opens after two seconds."""


def calls(told: list[Told]) -> list[dict[str, Any]]:
    """Return calls, each of an offer of its own: when it began and ended (seconds), and what came of it."""
    return [
        {
            "lead_id": LEAD,
            "offer_no": number,
            "attempt_no": 1,
            "started_at": AT + timedelta(seconds=begins),
            "finished_at": None if ends is None else AT + timedelta(seconds=ends),
            "state": "ambiguous" if state == "left" else state,
            "error": STOPPED if state == "left" else None,
        }
        for number, (begins, ends, state) in enumerate(told)
    ]


def watch(told: list[Told]) -> Watch:
    watching = Watch(LIMITS)
    watching.follow(calls(told))
    return watching


@pytest.mark.parametrize(
    ("then", "openings", "probes"),
    [
        ([(3, 4, "ok")], 1, 0),  # Another worker has not heard yet.
        ([(12, 13, "ok"), (13.1, 14, "error"), (13.2, 14, "ok")], 1, 1),
        ([(12, 13, "error"), (23, 24, "ok"), (24.1, 25, "error"), (24.2, 26, "error")], 2, 2),
        ([(12, None, "sending"), (24.1, 25, "ok")], 1, 2),  # The worker of the first was killed.
        ([(12, 50, "left"), (24.1, 25, "ok")], 1, 2),
    ],
)
def test_one_probe_after_the_other_is_as_it_should_be(then: list[Told], openings: int, probes: int) -> None:
    watching = watch([*OPENED, *then])
    assert (watching.openings, watching.probes, watching.findings) == (openings, probes, [])


@pytest.mark.parametrize(
    ("then", "finding"),
    [
        ([(8, 9, "ok")], "attempt 1 of offer 2 of lead {} came 4.00 s before the buyer had time to recover"),
        ([(12, 14, "ok"), (13, 15, "ok")], "attempt 1 of offer 3 of lead {} was a probe beside attempt 1 of offer 2"),
        ([(12, 13, "error"), (19, 20, "ok")], "attempt 1 of offer 3 of lead {} came 4.00 s before"),
        ([(12, None, "sending"), (20, 21, "ok")], "attempt 1 of offer 3 of lead {} was a probe beside"),
    ],
)
def test_what_should_not_be_is_found(then: list[Told], finding: str) -> None:
    [found] = watch([*OPENED, *then]).findings
    assert found.startswith(finding.format(LEAD))
