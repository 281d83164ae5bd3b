"""To which leads that wait it matters that another version goes live, and whom those asked that start again in it."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from rules.ahead import answers_in, matters
from rules.flow import Flow, parse_flow
from tests.rules.flows import CA_SOLAR, a_flow, buyer, document, group, split
from tests.support.cases import rows

LIVE = document(
    CA_SOLAR,
    {"cap": {"id": "k", "limit": 5, "per": "day"}},
    buyer("a", when={"at_least": [{"var": "lead.bill"}, {"var": "flow.least"}]}),
    buyer("b", price=Decimal(30)),
    intake={"caps": [{"limit": 5, "per": "day"}], "reason": "Not accepted"},
    values={"least": 100},
    fallback={"id": "end", "do": "hold", "from": "b"},
)


def changed(edits: dict[str, Any]) -> Flow:
    """Return the flow with other settings at some places, and without what is set to nothing."""
    written: Any = copy.deepcopy(LIVE)
    for path, value in edits.items():
        *above, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        inner = written
        for part in above:
            inner = inner[part]
        if value is None:
            del inner[last]
        elif isinstance(last, int) and last == len(inner):
            inner.append(value)
        else:
            inner[last] = value
    if not any(step.get("buyer", {}).get("id") == "b" for step in written["steps"]):
        written["fallback"]["from"] = "a"
    flow, problems = parse_flow(written)
    assert flow is not None, problems
    return flow


@pytest.mark.parametrize(("what", "edits", "waits_at", "expected"), rows("ahead.json"))
def test_it_matters_where_something_ahead_is_another(
    what: str, edits: dict[str, Any], waits_at: str, expected: bool
) -> None:
    assert matters(changed({}), changed(edits), waits_at) is expected, what


def test_a_lead_in_a_lane_meets_what_follows_the_split_and_not_the_other_lanes() -> None:
    def lanes(other: int, after: int) -> Flow:
        in_ca = ("CA", {"is": [{"var": "lead.state"}, "CA"]}, [buyer("a"), buyer("b")])
        return a_flow(split(in_ca, rest=[buyer("o", price=other)]), buyer("z", price=after))

    assert not matters(lanes(10, 20), lanes(11, 20), "b")
    assert matters(lanes(10, 20), lanes(10, 21), "b")


def test_a_buyer_that_a_way_names_is_ahead_wherever_it_stands() -> None:
    def sent(price: int) -> Flow:
        return a_flow(buyer("first", price=price), buyer("b", on_declined={"buyer": "first"}))

    assert matters(sent(42), sent(43), "b")


def test_buyers_in_another_order_are_another_road() -> None:
    rows_of = [buyer("x"), buyer("y")]
    one, other = (a_flow(buyer("b"), group(*order)) for order in (rows_of, rows_of[::-1]))
    assert matters(one, other, "b")


@pytest.mark.parametrize(
    ("after", "answers", "expected"),
    [
        ([buyer("a"), buyer("b")], {"a": "declined"}, {"a": "declined"}),
        ([buyer("a"), buyer("b")], {"a": "error", "b": "not_asked"}, {}),
        ([buyer("new", connection="con_a"), buyer("b")], {"a": "declined"}, {"a": "declined", "new": "declined"}),
        ([buyer("a", connection="con_new"), buyer("b")], {"a": "declined"}, {}),
        ([buyer("b")], {"a": "declined"}, {"a": "declined"}),
        ([buyer("gone"), buyer("b")], {"gone": "declined"}, {"gone": "declined"}),
        ([buyer("a"), buyer("twice", connection="con_a")], {"twice": "declined"}, {"twice": "declined"}),
    ],
    ids=["the same", "no answer that stands", "a new id", "a new connection", "gone", "back again", "named twice"],
)
def test_a_buyer_that_said_no_has_said_so_in_the_other_version_too(
    after: list[dict[str, Any]], answers: dict[str, str], expected: dict[str, str]
) -> None:
    before = a_flow(buyer("a"), buyer("b"))
    assert answers_in(before, a_flow(*after), answers) == expected


def test_a_row_that_joined_has_answered_for_its_connection_too() -> None:
    before, after = a_flow(group(buyers_from={"campaign": "cmp_1"})), a_flow(buyer("x"))
    assert answers_in(before, after, {"g:j": "declined"}, {"g:j": "con_x"}) == {"g:j": "declined", "x": "declined"}
