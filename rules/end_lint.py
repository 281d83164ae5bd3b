"""What is worth a look at the end of a flow: nobody to ask, and rounds that lead nowhere."""

from collections.abc import Iterator

from rules.durations import say_seconds
from rules.findings import finding
from rules.flow import Flow
from rules.problems import Problem
from rules.road import Spot
from rules.steps import Buyer, Group


def find_flows_without_buyers(flow: Flow) -> Iterator[Problem]:
    """Find a flow of which no step that is on offers the lead to anybody."""
    if not flow.fallback.buyer and not any(map(_asks, flow.spots)):
        message = "No step offers the lead to a buyer, so nobody can take it. Add a buyer."
        yield finding("steps", "nobody_is_asked", message)


def find_short_waits(flow: Flow) -> Iterator[Problem]:
    """Find a fallback whose leads are rejected before their next round could begin."""
    end = flow.fallback
    if end.do == "hold" and end.retry_every > end.for_up_to:
        every, most = say_seconds(end.retry_every), say_seconds(end.for_up_to)
        message = f"A lead is rejected at once: its next round would begin after {every}, and it may wait {most} only."
        yield finding("fallback.for_up_to", "no_time_to_retry", message)


def find_rounds_without_buyers(flow: Flow) -> Iterator[Problem]:
    """Find a fallback that lets waiting leads go on behind every buyer."""
    end = flow.fallback
    if end.do != "hold" or not end.start or not any(map(_asks, flow.spots)):
        return
    begins = flow.resumes_at(end.start)
    if not any(map(_asks, flow.spots[begins:])):
        message = f"Leads that waited go on at step {begins + 1}, behind every buyer, so that nobody is asked again."
        yield finding("fallback.from", "retries_nobody", message)


def _asks(spot: Spot) -> bool:
    """Return whether a step, as it is turned on or off, offers the lead to somebody."""
    if spot.step.common.off:
        return False
    if isinstance(spot.step, Group):
        return bool(spot.step.deal.campaign) or any(not row.buyer.common.off for row in spot.step.rows)
    return isinstance(spot.step, Buyer)
