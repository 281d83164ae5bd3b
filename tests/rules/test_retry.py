"""After an attempt: try again, ask a person, or end the offer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rules.retry import UNREAD, Again, Answered, AskPerson, Decision, Policy, Tried, decide

BEGAN = datetime(2026, 11, 20, 10, tzinfo=UTC)
YES, NO, ERROR, LOST = Tried("accepted"), Tried("declined", "rejected"), Tried("error", "error"), Tried("ambiguous")
UNHEARD = Tried("ambiguous", UNREAD)
SAYS_DUPLICATE = Tried("declined", "duplicate")
HOLDING = Policy(error_attempts=None, delays=(5, 30, 120))


def after(policy: Policy, *tried: Tried, seconds: float = 0) -> Decision:
    return decide(policy, list(tried), key="offer", began=BEGAN, now=BEGAN + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("policy", "tried", "decision"),
    [
        (Policy(), (YES,), Answered("accepted", None)),
        (Policy(), (NO,), Answered("declined", "rejected")),
        (Policy(), (ERROR, YES), Answered("accepted", None)),
        (Policy(), (ERROR, ERROR), Answered("error", "error")),
        (Policy(), (Tried("error", "blocked"),), Answered("error", "blocked")),
        (Policy(on_ambiguous="hold"), (LOST,), AskPerson()),
        (Policy(on_ambiguous="treat_as_declined"), (LOST,), Answered("declined", "timeout")),
        (Policy(on_ambiguous="treat_as_failed", error_attempts=1), (LOST,), Answered("error", "timeout")),
        (Policy(on_ambiguous="treat_as_declined"), (UNHEARD, LOST), Answered("declined", "timeout")),
        (Policy(on_ambiguous="treat_as_declined"), (UNHEARD, YES), Answered("accepted", None)),
        (Policy(on_ambiguous="treat_as_failed"), (UNHEARD, ERROR), Answered("error", "error")),
        (Policy(on_ambiguous="hold"), (UNHEARD,), AskPerson()),
        (Policy(on_ambiguous="treat_as_failed"), (LOST, LOST), Answered("error", "timeout")),
        (Policy(on_ambiguous="treat_as_failed"), (LOST, ERROR), Answered("error", "error")),
        (Policy(), (LOST, YES), Answered("accepted", None)),
        (Policy(), (LOST, NO), Answered("declined", "rejected")),
        (Policy(), (LOST, SAYS_DUPLICATE), Answered("declined", "duplicate")),
        (Policy(duplicate_is_accepted=True), (LOST, SAYS_DUPLICATE), Answered("accepted", "duplicate")),
        (Policy(duplicate_is_accepted=True), (SAYS_DUPLICATE,), Answered("declined", "duplicate")),
    ],
)
def test_the_end_of_an_offer(policy: Policy, tried: tuple[Tried, ...], decision: Decision) -> None:
    assert after(policy, *tried) == decision


@pytest.mark.parametrize(
    ("policy", "tried", "delay", "waiting_for"),
    [
        (Policy(), (ERROR,), 1, "retry"),
        (HOLDING, (ERROR,), 5, "retry"),
        (HOLDING, (ERROR, ERROR), 30, "retry"),
        (HOLDING, (ERROR,) * 9, 120, "retry"),
        (Policy(on_ambiguous="treat_as_failed"), (LOST,), 1, "retry"),
        (Policy(), (LOST,), 5, "answer"),
        (Policy(), (LOST, LOST), 30, "answer"),
        # Once a buyer may have the lead, an error settles nothing.
        (Policy(), (LOST, ERROR), 30, "answer"),
    ],
)
def test_the_next_try(policy: Policy, tried: tuple[Tried, ...], delay: float, waiting_for: str) -> None:
    decision = after(policy, *tried)
    assert isinstance(decision, Again)
    assert decision.waiting_for == waiting_for
    assert decision.at - BEGAN == pytest.approx(timedelta(seconds=delay), abs=timedelta(seconds=delay * 0.2))


def test_an_offer_that_is_too_old_ends_and_what_is_ambiguous_never_becomes_a_no() -> None:
    assert after(HOLDING, ERROR, seconds=3600) == Answered("error", "error")
    assert after(Policy(), LOST, seconds=3600) == Answered("unknown", "unknown")


@pytest.mark.parametrize("counts_as", ["treat_as_declined", "treat_as_failed"])
def test_an_answer_that_nobody_was_there_to_read_is_asked_for_once_more(counts_as: Any) -> None:
    policy = Policy(on_ambiguous=counts_as, error_attempts=1)
    assert after(policy, UNHEARD) == Again(BEGAN, "answer")
    assert isinstance(after(policy, UNHEARD, seconds=3601), Answered)


def test_a_buyer_that_asks_to_be_left_alone_is_left_alone() -> None:
    decision = after(Policy(), Tried("error", "error", retry_after=40))
    assert isinstance(decision, Again)
    assert decision.at == BEGAN + timedelta(seconds=40)


def test_the_same_offer_waits_equally_long_in_a_replay_and_others_differ() -> None:
    first = decide(HOLDING, [ERROR], key="a", began=BEGAN, now=BEGAN)
    assert decide(HOLDING, [ERROR], key="a", began=BEGAN, now=BEGAN) == first
    assert len({str(decide(HOLDING, [ERROR], key=str(n), began=BEGAN, now=BEGAN)) for n in range(20)}) > 10
