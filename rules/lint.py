"""What is worth a look in a flow that can run: each finding has its address and says what to do."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from rules.cap_lint import find_caps_of_zero, find_wide_caps
from rules.certainty import certain_verdict, contradiction_in
from rules.end_lint import find_flows_without_buyers, find_rounds_without_buyers, find_short_waits
from rules.field_lint import find_early_uses, find_made_fields, find_shared_names, find_unused_look_ups
from rules.findings import finding
from rules.flow import DOOR, KEPT, Flow
from rules.group_lint import (
    find_auctions_without_bids,
    find_idle_groups,
    find_missing_campaigns,
    find_rows_below_the_floor,
    find_sales_without_buyers,
    find_settings_without_effect,
)
from rules.hour_lint import find_hours_of_no_day, find_hours_that_never_open
from rules.logic import Rule
from rules.problems import Problem
from rules.reach import called, reached, rules_at
from rules.secret_lint import find_secrets
from rules.steps import Split

Finder = Callable[[Flow], Iterable[Problem]]


def lint(flow: Flow) -> list[Problem]:
    """Return all findings, in the order of the document; steps that are turned off have none."""
    return [*_findings(flow)]


@lru_cache(maxsize=KEPT)
def _findings(flow: Flow) -> tuple[Problem, ...]:
    found = [(flow.position_of(problem.path), problem) for find in FINDERS for problem in find(flow)]
    off = tuple(f"{spot.address}." for spot in flow.spots if spot.step.common.off)
    kept = [(at, problem) for at, problem in found if not f"{problem.path}.".startswith(off)]
    return tuple(problem for _, problem in sorted(kept, key=lambda one: -1 if one[0] is None else one[0]))


def find_unreached(flow: Flow) -> Iterator[Problem]:
    """Find the first step of each stretch that no lead gets to."""
    found = reached(flow)
    for position, spot in enumerate(flow.spots):
        if position not in found and (position - 1 in found or position == 0):
            yield finding(spot.address, "never_reached", f"No lead gets to this step: {_what_stops(flow, position)}.")


def _what_stops(flow: Flow, position: int) -> str:
    """Return why no lead comes to a position: what the step before it in its list does with them."""
    lane = flow.spots[position].lane
    before = [at for at in range(position) if flow.spots[at].lane == lane]
    if not before:
        return "no lead takes its lane"
    stops = before[-1]
    if isinstance(flow.spots[stops].step, Split):
        return f"none comes out of the lanes of step {stops + 1}"
    return f"step {stops + 1} ({called(flow.spots[stops])}) lets none go on to it"


def find_certain_rules(flow: Flow) -> Iterator[Problem]:
    """Find rules that are true, or not true, for every lead."""
    for address, rule in _all_rules(flow):
        verdict = certain_verdict(rule)
        if verdict is not None:
            yield _certain(address, rule, verdict=verdict)


def _certain(address: str, rule: Rule, *, verdict: bool) -> Problem:
    """Return what to say of a rule with one verdict for every lead, and why as far as that is known."""
    if verdict:
        return finding(address, "always_true", "This rule is true for every lead, so that it decides nothing.")
    label = contradiction_in(rule)
    if label:
        why = f"{label} would have to be two things at once"
        return finding(address, "contradiction", f"This rule can never be true: {why}.")
    return finding(address, "never_true", "This rule is true for no lead: nothing in it depends on the lead.")


FINDERS: tuple[Finder, ...] = (
    find_unreached,
    find_certain_rules,
    find_shared_names,
    find_early_uses,
    find_made_fields,
    find_unused_look_ups,
    find_wide_caps,
    find_caps_of_zero,
    find_hours_of_no_day,
    find_hours_that_never_open,
    find_flows_without_buyers,
    find_short_waits,
    find_rounds_without_buyers,
    find_secrets,
    find_missing_campaigns,
    find_idle_groups,
    find_settings_without_effect,
    find_rows_below_the_floor,
    find_auctions_without_bids,
    find_sales_without_buyers,
)


def _all_rules(flow: Flow) -> Iterator[tuple[str, Rule]]:
    if flow.door.accept_if:
        yield f"{DOOR}.accept_if", flow.door.accept_if
    for spot in flow.spots:
        yield from rules_at(spot)
