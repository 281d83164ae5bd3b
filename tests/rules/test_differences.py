"""Two documents are compared in the words of their cards; whatever changes, something is said."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.differences import Difference, differences, mark, sum_up
from rules.differences.base import same
from rules.flow_wording import Names
from tests.rules.flows import CA_SOLAR, a_bidder, buyer, document, group, look_up, split, transform
from tests.rules.test_any_flow import FULL
from tests.support.cases import rows
from tests.support.wild import changed

NAMES = Names({"con_a": "Sunrise Energy", "con_b": "Brightroof", "con_c": "Helio"}, lists={"lst_1": "Bad mailboxes"})
DAILY = {"limit": 120, "per": "day"}
BASE = document(
    CA_SOLAR,
    buyer(caps=[DAILY]),
    group(buyer("b"), a_bidder("c"), mode="highest_bid", floor=30),
    split(("big", {"at_least": [{"var": "lead.bill"}, 200]}, [buyer("d")])),
    {"cap": {"id": "k", "limit": 500, "per": "month"}},
    transform(["state", "NV"]),
    look_up(),
    values={"min_bill": 120},
    intake={"accept_if": {"filled": [{"var": "lead.email"}]}, "duplicates": {"by": ["email"], "within": "30d"}},
)


def patched(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return a document with one change: `set`, `remove`, `insert` or `move` at a dotted path."""
    made = copy.deepcopy(base)
    [(how, told)] = change.items()
    path = told if how == "remove" else told[0]
    part, key = at(made, path)
    match how:
        case "set":
            part[key] = told[1]
        case "remove":
            del part[key]
        case "insert":
            part.insert(key, told[1])
        case "move":
            moved = part.pop(key)
            there, position = at(made, told[1])
            there.insert(position, moved)
    return made


def at(made: Any, path: str) -> tuple[Any, Any]:
    """Return the container and the key that a dotted path ends in."""
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    for part in way:
        made = made[part]
    return made, last


def compared(before: Any, after: Any) -> tuple[Difference, ...]:
    """Return the differences with the names of the tests."""
    return differences(before, after, NAMES)


@pytest.mark.parametrize(("change", "lines"), rows("differences.json"))
def test_a_change_is_said_in_the_words_of_its_card(change: dict[str, Any], lines: list[str]) -> None:
    assert [one.say() for one in compared(BASE, patched(BASE, change))] == lines


def test_the_same_document_has_no_differences() -> None:
    assert compared(BASE, json.loads(json.dumps(BASE))) == ()


def test_going_there_and_back_says_the_opposite() -> None:
    after = patched(BASE, {"remove": "steps.1"})
    assert [one.sign for one in compared(BASE, after)] == ["-"]
    assert [one.sign for one in compared(after, BASE)] == ["+"]


def test_a_step_that_only_got_another_number_is_not_said_to_have_changed() -> None:
    jumps = {"filter": {**CA_SOLAR["filter"], "otherwise": {"go_to": "z"}}}
    before, after = document(jumps, buyer("z")), document(buyer("n"), jumps, buyer("z"))
    said = "+ Step 1 · Buyer: Offer to a connection that is not in this account at $42.00"
    assert [one.say() for one in compared(before, after)] == [said]


@settings(max_examples=300)
@given(st.data())
def test_whatever_changes_something_is_said(data: st.DataObject) -> None:
    before = data.draw(st.sampled_from([BASE, FULL]))
    after = data.draw(changed([before]))
    if not isinstance(after, dict):
        return
    found = compared(before, after)
    assert bool(found) is not same(before, after)
    assert all(one.say().strip() and one.words for one in found)
    assert bool(compared(after, before)) is bool(found)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([], "no change"),
        ([{"set": ["steps.1.buyer.caps.0.limit", 100]}], "cap changed"),
        ([{"insert": ["steps.2", buyer("n")]}, {"set": ["steps.1.buyer.caps.0.limit", 100]}], "+1 buyer, cap changed"),
        ([{"remove": "steps.0"}, {"remove": "steps.0"}], "-1 filter, -1 buyer"),
    ],
)
def test_a_list_of_versions_sums_them_up(changes: list[Any], words: str) -> None:
    after = BASE
    for change in changes:
        after = patched(after, change)
    assert sum_up(compared(BASE, after)) == words


def test_words_that_are_only_on_one_side_are_marked() -> None:
    before, after = mark("Leads from CA go to Sunrise at $42.", "Leads from CA or NV go to Sunrise at $40.")
    assert [text for text, is_marked in before if is_marked] == ["$42."]
    assert [text for text, is_marked in after if is_marked] == ["or NV ", "$40."]
    assert "".join(text for text, _ in before) == "Leads from CA go to Sunrise at $42."
