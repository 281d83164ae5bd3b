"""Whatever is edited: the document before is still there to go back to, and what is not a step is never touched."""

from contextlib import suppress
from copy import deepcopy
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.editing import (
    Edit,
    NotPossible,
    Talk,
    add_row,
    add_step,
    as_group,
    delete,
    duplicate,
    move,
    move_to,
    set_settings,
    turn,
)
from rules.editing.adding import START
from rules.editing.tree import walk

FIRST: dict[str, Any] = {
    "schema": 1,
    "unknown": {"kept": [1, {"as": "it is"}]},
    "steps": [
        {"filter": {"id": "f", "strange": True}},
        {"split": {"id": "s", "cases": [{"when": True, "steps": [{"cap": {"id": "c"}}]}], "else": []}},
        {"group": {"id": "g", "buyers": [{"id": "r1"}, {"id": "r2"}]}},
        {"buyer": {"id": "a"}},
        {"buyer": {"id": "b"}},
        "no step at all",
    ],
    "fallback": {"id": "end", "do": "reject"},
}
KEYS = ["f", "s", "c", "g", "r1", "r2", "a", "b", "end", "intake", "n1", "n2", "n3", "gone"]


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """Draw an edit that may or may not make sense."""
    talk = Talk(fresh=(f"n{number}" for number in count(1)))
    key, other = draw(st.sampled_from(KEYS)), draw(st.sampled_from(KEYS))
    lane = draw(st.sampled_from(["", "s.1", "s.2", "n1.1"]))
    kind, off, way = draw(st.sampled_from(sorted(START))), draw(st.booleans()), draw(st.sampled_from(["up", "down"]))
    return draw(
        st.sampled_from(
            [
                add_step(kind, talk, after=other, lane=lane),
                add_row(key, talk),
                move(key, way, talk),
                move_to(key, talk, after=other, lane=lane),
                duplicate(key, talk),
                delete(key),
                turn(key, off=off),
                as_group(key, talk),
                set_settings(key, {"id": key, "note": kind}),
            ]
        )
    )


@given(st.lists(edits(), max_size=30))
def test_no_edit_changes_the_document_that_it_was_made_of(made: list[Edit]) -> None:
    states, kept = [FIRST], [deepcopy(FIRST)]
    for edit in made:
        with suppress(NotPossible):
            states.append(edit(states[-1]).document)
            kept.append(deepcopy(states[-1]))
    assert states == kept


@given(st.lists(edits(), max_size=30))
def test_what_no_edit_knows_is_kept_and_no_id_is_used_twice(made: list[Edit]) -> None:
    document = FIRST
    for edit in made:
        with suppress(NotPossible):
            document = edit(document).document
        keys = [step.key for step in walk(document)]
        assert len(set(keys)) == len(keys)
        assert not [key for key in keys if key.startswith("at-")]
        assert "no step at all" in document["steps"]
