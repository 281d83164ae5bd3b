"""Edits of documents: each takes one and returns another, and touches nothing that it does not know."""

from copy import deepcopy
from itertools import count
from typing import Any

import pytest

from rules.editing import (
    Gone,
    NotPossible,
    Overlap,
    Talk,
    add_row,
    add_step,
    arrange,
    as_group,
    delete,
    duplicate,
    move,
    move_to,
    paste,
    set_settings,
    settings_of,
    settle,
    turn,
)
from rules.editing.tree import walk

NAMES = {"con_1": "Sunrise Energy", "con_2": "Brightroof"}


def talk() -> Talk:
    """Return what edits need to speak, with ids n1, n2, …"""
    return Talk(NAMES, (f"n{number}" for number in count(1)))


def a_filter(identifier: str = "f", **more: Any) -> dict[str, Any]:
    return {"filter": {"id": identifier, "continue_if": {"is": [{"var": "lead.state"}, "CA"]}, **more}}


def a_buyer(identifier: str = "a", connection: str = "con_1", **more: Any) -> dict[str, Any]:
    return {"buyer": {"id": identifier, "connection": connection, "price": 42, **more}}


def a_cap(identifier: str = "c") -> dict[str, Any]:
    return {"cap": {"id": identifier, "limit": 5, "per": "day"}}


def a_split(identifier: str = "s", one: tuple[Any, ...] = (), rest: tuple[Any, ...] = ()) -> dict[str, Any]:
    case = {"name": "One", "when": {"is": [1, 1]}, "steps": list(one)}
    return {"split": {"id": identifier, "cases": [case], "else": list(rest)}}


def a_document(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"schema": 1, "ours": {"kept": [1]}, "steps": list(steps), "fallback": {"id": "end", "do": "reject"}}


THREE = a_document(a_filter(reason="Not CA"), a_buyer("a"), a_buyer("b", "con_2"))
LANES = a_document(a_filter(), a_split("s", (a_buyer("a"), a_cap()), (a_buyer("b", "con_2"),)), a_buyer("z"))
GROUP = a_document({"group": {"id": "g", "mode": "waterfall", "buyers": [{"id": "r1"}, {"id": "r2"}]}})


def shape(document: Any) -> list[Any]:
    """Return the steps by their keys, lanes as lists behind their split."""
    return [(one.key, *one.lane) if one.lane else one.key for one in walk(document)]


@pytest.mark.parametrize(
    ("edit", "before", "after", "name", "said"),
    [
        (
            add_step("cap", talk(), after="f"),
            THREE,
            ["f", "n1", "a", "b"],
            "add a cap as step 2",
            "Cap added as step 2.",
        ),
        (add_step("filter", talk(), after="intake"), THREE, ["n1", "f", "a", "b"], "add a filter as step 1", None),
        (add_step("cap", talk(), lane="s.2"), LANES, None, "add a cap as step 5", "Cap added as step 5."),
        (move("b", "up", talk()), THREE, ["f", "b", "a"], "move step 3", "Brightroof is now step 2 of 3."),
        (move("f", "down", talk()), THREE, ["a", "f", "b"], "move step 1", "The filter is now step 2 of 3."),
        (move_to("z", talk(), lane="s.1"), LANES, None, "move step 6", None),
        (move_to("a", talk(), after="z"), LANES, None, "move step 3", None),
        (arrange(["b", "f", "a"], talk()), THREE, ["b", "f", "a"], "move step 3", "Brightroof is now step 1 of 3."),
        (duplicate("a", talk()), THREE, ["f", "a", "n1", "b"], "duplicate step 2", "Buyer duplicated as step 3."),
        (delete("a"), THREE, ["f", "b"], "delete step 2", "Step 2 deleted."),
        (delete("s"), LANES, ["f", "z"], "delete step 2 with 3 steps in its lanes", None),
        (paste(a_cap(), talk()), THREE, ["f", "a", "b", "n1"], "copy a cap here", "Cap copied here as step 4."),
        (turn("a", off=True), THREE, ["f", "a", "b"], "turn step 2 off", "Step 2 is turned off."),
        (
            as_group("b", talk()),
            THREE,
            ["f", "n1"],
            "make a group of steps 2 and 3",
            "Step 2 is now a group of 2 buyers.",
        ),
    ],
)
def test_edits_by_their_name_and_what_is_told(
    edit: Any, before: Any, after: list[Any] | None, name: str, said: str | None
) -> None:
    kept = deepcopy(before)
    made = edit(before)
    assert before == kept
    assert made.name == name
    assert said is None or made.said == said
    assert after is None or shape(made.document) == after
    assert (made.document["ours"], made.document["fallback"]) == (before["ours"], before["fallback"])


def test_steps_go_into_lanes_and_out_of_them() -> None:
    inside = move_to("z", talk(), lane="s.1")(LANES).document
    assert shape(inside) == ["f", "s", ("z", "s", 1), ("a", "s", 1), ("c", "s", 1), ("b", "s", 2)]
    outside = move_to("a", talk(), after="f")(inside).document
    assert shape(outside) == ["f", "a", "s", ("z", "s", 1), ("c", "s", 1), ("b", "s", 2)]


@pytest.mark.parametrize(
    ("edit", "document", "words"),
    [
        (move("f", "up", talk()), THREE, "The filter is already the first step."),
        (move("b", "down", talk()), THREE, "Brightroof is already the last step."),
        (move("a", "up", talk()), LANES, "Sunrise Energy is already the first step of its lane."),
        (move_to("s", talk(), lane="s.1"), LANES, "A step cannot be moved into its own lanes."),
        (move_to("s", talk(), after="a"), LANES, "A step cannot be moved into its own lanes."),
        (delete("end"), THREE, "The first and the last card cannot be deleted"),
        (delete("intake"), THREE, "The first and the last card cannot be deleted"),
        (delete("gone"), THREE, "This step is not in the draft any more."),
        (turn("gone", off=True), THREE, "This step is not in the draft any more."),
        (arrange(["a", "b"], talk()), THREE, "The steps have changed meanwhile."),
        (arrange(["a", "b", "a"], talk()), THREE, "The steps have changed meanwhile."),
        (as_group("a", talk()), THREE, "A group is made of a buyer and the buyer right above it."),
        (add_row("a", talk()), THREE, "Buyers are added to groups."),
        (add_step("cap", talk(), lane="s.9"), LANES, "This lane is not in the draft any more."),
        (add_step("cap", talk()), {"steps": {}}, "The steps of this draft are not a list."),
    ],
)
def test_what_makes_no_sense_is_told(edit: Any, document: Any, words: str) -> None:
    with pytest.raises(NotPossible, match=words):
        edit(document)


@pytest.mark.parametrize(
    ("edit", "document", "words"),
    [
        (
            move_to("b", talk(), after="intake"),
            THREE,
            "Now runs before the filter “Not CA”, so it is offered every",
        ),
        (move("f", "down", talk()), THREE, "Now runs after Sunrise Energy, so Sunrise Energy is offered every lead"),
        (move("a", "up", talk()), a_document(a_cap(), a_buyer()), "Now runs before the cap, so that does not hold it"),
        (move("a", "down", talk()), a_document(a_buyer(), a_filter()), "it is only offered the leads that pass it."),
        (move("b", "up", talk()), THREE, None),
    ],
)
def test_a_move_that_means_something_says_so_on_the_card(edit: Any, document: Any, words: str | None) -> None:
    remark = edit(document).remark
    assert words in remark.text if words else remark is None


def test_a_buyer_right_below_a_buyer_may_become_a_group_with_it() -> None:
    assert add_step("buyer", talk(), after="b")(THREE).remark.offers == "group"  # type: ignore[union-attr]
    assert add_step("buyer", talk(), after="f")(THREE).remark is None


def test_the_one_buyer_that_the_flow_does_not_have_is_chosen_at_once() -> None:
    made = add_step("buyer", talk(), after="f")(a_document(a_filter(), a_buyer())).document
    assert settings_of(made, "n1") == {"id": "n1", "connection": "con_2"}


def test_a_copy_speaks_of_its_own_steps() -> None:
    inner = a_buyer("a", on_declined={"go_to": "c"}, when={"is": [{"var": "step.f.outcome"}, "passed"]})
    asks = a_filter("q", stop_if={"is": [{"var": "step.a.outcome"}, "declined"]})
    made = duplicate("s", talk())(a_document(a_filter(), a_split("s", (inner, asks, a_cap())))).document
    copied = made["steps"][2]["split"]["cases"][0]["steps"]
    assert [settings["id"] for step in copied for settings in step.values()] == ["n2", "n3", "n4"]
    assert copied[0]["buyer"]["on_declined"] == {"go_to": "n4"}
    assert copied[0]["buyer"]["when"] == {"is": [{"var": "step.f.outcome"}, "passed"]}
    assert copied[1]["filter"]["stop_if"] == {"is": [{"var": "step.n2.outcome"}, "declined"]}


def test_buyers_of_a_group_are_added_moved_copied_and_taken_out() -> None:
    made = add_row("g", talk())(GROUP)
    assert (made.opens, made.name) == ("n1", "add a buyer to step 1")
    moved = move("n1", "up", talk())(made.document)
    assert [row["id"] for row in moved.document["steps"][0]["group"]["buyers"]] == ["r1", "n1", "r2"]
    copied = duplicate("r1", talk())(moved.document)
    assert copied.name == "duplicate buyer 1 of step 1"
    assert settings_of(delete("r1")(GROUP).document, "r1") is None


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "now"),
    [
        ({"price": 1}, {"price": 2}, {"price": 1}, {"price": 2}),
        ({"price": 1}, {"price": 2}, {"price": 1, "off": True}, {"price": 2, "off": True}),
        ({"price": 1}, {"price": 1}, {"price": 3}, {"price": 3}),
        ({"price": 1}, {"price": 3}, {"price": 3}, {"price": 3}),
        ({"price": 1, "note": "x"}, {"price": 1}, {"price": 3, "note": "x"}, {"price": 3}),
        ({"price": 1}, {"price": 1, "note": "x"}, {}, {"note": "x"}),
        ({"price": 1}, {"price": 2}, {"price": 3}, None),
        ({"price": 1}, {}, {"price": 3}, None),
        ({}, {"caps": [1]}, {"caps": [2]}, None),
    ],
)
def test_what_somebody_made_of_a_step_leaves_what_changed_meanwhile(
    base: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any], now: dict[str, Any] | None
) -> None:
    document = a_document({"buyer": {"id": "a", **theirs}})
    edit = settle("a", {"id": "a", **base}, {"id": "a", **mine})
    if now is None:
        with pytest.raises(Overlap):
            edit(document)
    else:
        assert settings_of(edit(document).document, "a") == {"id": "a", **now}


def test_what_somebody_made_of_a_step_that_is_gone_has_nowhere_to_go() -> None:
    with pytest.raises(Gone):
        settle("a", {"id": "a"}, {"id": "a", "price": 2})(a_document())


def test_settings_of_the_first_card_leave_steps_and_fallback_where_they_are() -> None:
    own = settings_of(THREE, "intake")
    assert own == {"schema": 1, "ours": {"kept": [1]}}
    made = set_settings("intake", {"schema": 1, "currency": "EUR"})(THREE)
    assert made.document == {"schema": 1, "currency": "EUR", "steps": THREE["steps"], "fallback": THREE["fallback"]}
    assert made.name == "change the ours and currency of “Leads arrive”"


def test_steps_without_ids_can_be_edited_by_where_they_stand() -> None:
    document = a_document({"cap": {"limit": 1}}, a_cap("c"), a_cap("c"))
    assert shape(document) == ["at-1", "c", "at-3"]
    assert shape(delete("at-1")(document).document) == ["c", "at-2"]
