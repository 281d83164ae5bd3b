"""A breaker opens at its limit, lets one lead through when it had time to recover, and goes by what came of that."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from rules.breaker import CLOSED, Breaker, Failure, Limits, read_failures, read_limits
from rules.reading import Document

BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIMITS = Limits(failures=3, within=60, recover_after=600)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def failing(breaker: Breaker, *moments: float, offer: str = "o", limits: Limits = LIMITS) -> Breaker:
    for moment in moments:
        breaker = breaker.failed(Failure(at(moment), "8F2K", "error", 503), offer, limits)
    return breaker


@pytest.mark.parametrize(
    ("moments", "phase"),
    [
        ((0, 1), "closed"),
        ((0, 1, 2), "open"),
        ((0, 30, 59), "open"),
        ((0, 30, 60), "closed"),
        ((0, 30, 60, 89), "open"),
        ((0, 100, 200, 300), "closed"),
    ],
)
def test_it_opens_at_so_many_failures_within_the_time(moments: tuple[float, ...], phase: str) -> None:
    assert failing(CLOSED, *moments).phase(at(moments[-1])) == phase


@pytest.mark.parametrize(("seconds", "phase"), [(2, "open"), (601.9, "open"), (602, "ready"), (90_000, "ready")])
def test_it_is_ready_for_a_probe_once_it_had_time_to_recover(seconds: float, phase: str) -> None:
    assert failing(CLOSED, 0, 1, 2).phase(at(seconds)) == phase


def test_one_lead_is_the_probe_and_nobody_else_until_it_is_answered_or_its_time_is_over() -> None:
    probing = failing(CLOSED, 0, 1, 2).probed("first", at(700), at(730))
    assert probing is not None
    assert (probing.phase(at(701)), probing.lets_through(at(701)), probing.opens_at(at(701))) == (
        "probing", False, at(730),
    )  # fmt: skip
    assert probing.probed("second", at(729), at(760)) is None
    second = probing.probed("second", at(730), at(760))
    assert second is not None
    assert second.answered("first") is second
    assert second.answered("second") is CLOSED


def test_the_probes_failure_keeps_it_open_for_as_long_again() -> None:
    probing = failing(CLOSED, 0, 1, 2).probed("first", at(700), at(730))
    assert probing is not None
    again = failing(probing, 710, offer="first")
    assert (again.opened_at, again.recover_at, again.probe) == (at(2), at(1310), None)
    assert again.phase(at(1309)) == "open"


def test_what_was_sent_before_it_opened_changes_nothing_any_more() -> None:
    is_open = failing(CLOSED, 0, 1, 2)
    late = failing(is_open, 5, 6, offer="sent before")
    assert (late.opened_at, late.recover_at) == (is_open.opened_at, is_open.recover_at)
    assert is_open.answered("sent before") is is_open


def test_it_begins_anew_once_it_has_closed() -> None:
    probing = failing(CLOSED, 0, 1, 2).probed("first", at(700), at(730))
    assert probing is not None
    assert failing(probing.answered("first"), 701, 702).phase(at(702)) == "closed"


def test_it_keeps_no_more_failures_than_it_needs() -> None:
    assert len(failing(CLOSED, *range(0, 10_000, 100)).failures) == 10


def test_failures_are_read_as_they_were_stored() -> None:
    [failure] = failing(CLOSED, 0).failures
    assert read_failures([failure.as_document(), {"at": "once"}]) == (failure,)


@pytest.mark.parametrize(
    ("written", "limits"),
    [
        ({}, Limits(5, 300, 1800)),
        ({"breaker": {"failures": 3, "within": "1m", "recover_after": "1h"}}, Limits(3, 60, 3600)),
        ({"breaker": {"failures": 9}}, Limits(9, 300, 1800)),
        ({"breaker": "off"}, None),
    ],
)
def test_what_a_connection_says_of_it(written: dict[str, Any], limits: Limits | None) -> None:
    reading = Document()
    part = reading.part(written, "destination", "a destination")
    assert part is not None
    assert (read_limits(part), reading.problems) == (limits, [])


def test_its_limits_are_said() -> None:
    assert Limits().say() == "5 failures within 5 minutes, for 30 minutes"


class Calls(RuleBasedStateMachine):
    """Leads that are offered while time goes by, beside a model that counts for itself."""

    sent = Bundle("sent")

    def __init__(self) -> None:
        super().__init__()
        self.breaker, self.now, self.offers = CLOSED, BEGAN, 0
        self.failed_at: list[datetime] = []
        self.opened_at: datetime | None = None
        self.rests_until = BEGAN
        self.probe: tuple[str, datetime] | None = None

    @rule(seconds=st.integers(0, 400))
    def time_goes_by(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(target=sent, lease=st.integers(1, 90))
    def a_lead_asks(self, lease: int) -> str:
        self.offers += 1
        offer = str(self.offers)
        is_probing = self.probe is not None and self.now < self.probe[1]
        may = self.opened_at is None or (not is_probing and self.now >= self.rests_until)
        assert self.breaker.lets_through(self.now) == may
        probed = self.breaker.probed(offer, self.now, self.now + timedelta(seconds=lease))
        assert (probed is not None) == (may and self.opened_at is not None)
        if probed is not None:
            self.breaker, self.probe = probed, (offer, self.now + timedelta(seconds=lease))
        return offer if may else ""

    @rule(offer=consumes(sent))
    def a_call_fails(self, offer: str) -> None:
        if not offer:
            return
        self.breaker = self.breaker.failed(Failure(self.now, "lead", "ambiguous"), offer, LIMITS)
        self.failed_at.append(self.now)
        recent = [moment for moment in self.failed_at if self.now - moment < timedelta(seconds=LIMITS.within)]
        is_probe = self.probe is not None and self.probe[0] == offer
        if is_probe or (self.opened_at is None and len(recent) >= LIMITS.failures):
            self.opened_at, self.probe = self.opened_at or self.now, None
            self.rests_until = self.now + timedelta(seconds=LIMITS.recover_after)

    @rule(offer=consumes(sent))
    def a_buyer_answers(self, offer: str) -> None:
        if not offer:
            return
        self.breaker = self.breaker.answered(offer)
        if self.probe is not None and self.probe[0] == offer:
            self.opened_at, self.probe, self.failed_at = None, None, []

    @invariant()
    def both_agree(self) -> None:
        assert self.breaker.opened_at == self.opened_at
        assert self.breaker.probe == (self.probe[0] if self.probe else None)
        assert self.breaker.is_closed or self.breaker.opens_at(self.now) >= self.now


TestCalls = Calls.TestCase
TestCalls.settings = settings(max_examples=50, stateful_step_count=60)
