"""The history of a draft: named, undone and done again over many edits, joined while one field is typed in."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from flowbuilder import clock
from flowbuilder.audit import Actor
from flowbuilder.drafts import operations as drafts
from flowbuilder.drafts import queries
from flowbuilder.drafts.operations import Conflict, NothingToUndo, Page
from flowbuilder.models import DraftEdit
from rules.editing import Talk, add_step, delete, set_settings, settings_of, settle, turn
from tests.support.cast import a_member
from tests.support.documents import solar


@pytest.fixture
def dana(session, cast):
    made = a_member(session, cast.sara.account, role="editor", person="Dana Deputy")
    session.commit()
    return Actor(cast.sara.account.id, made.person.id)


def change(session, flow, actor, edit, *, now=None, page=None, about=""):
    return drafts.change(
        session=session,
        actor=actor,
        flow=flow,
        page=page or Page(flow.draft_revision),
        edit=edit,
        now=now or clock.now(),
        about=about,
    )


def priced(flow, price):
    return set_settings("s2", {**settings_of(flow.draft, "s2"), "price": price})


def undo(session, flow, actor):
    target = queries.history_of(session, flow, actor.person_id).undo.revision
    drafts.undo(session=session, actor=actor, flow=flow, page=Page(0), target=target, now=clock.now())


def redo(session, flow, actor):
    target = queries.history_of(session, flow, actor.person_id).redo.revision
    drafts.redo(session=session, actor=actor, flow=flow, page=Page(0), target=target, now=clock.now())


def test_a_hundred_edits_are_taken_back_one_by_one_and_done_again(session, flow, sara):
    fresh, states = iter(f"n{number}" for number in range(200)), [flow.draft]
    for _ in range(100):
        change(session, flow, sara, add_step("cap", Talk(fresh=fresh), after="s1"))
        states.append(flow.draft)
    for state in reversed(states[:-1]):
        undo(session, flow, sara)
        assert flow.draft == state
    assert queries.history_of(session, flow, sara.person_id).undo is None
    for state in states[1:]:
        redo(session, flow, sara)
        assert flow.draft == state
    assert queries.history_of(session, flow, sara.person_id).redo is None


def test_every_state_follows_from_the_one_before(session, flow, sara):
    first = flow.draft
    change(session, flow, sara, delete("s1"))
    undo(session, flow, sara)
    redo(session, flow, sara)
    change(session, flow, sara, priced(flow, 50))
    edits = session.scalars(select(DraftEdit).where(DraftEdit.flow_id == flow.id).order_by(DraftEdit.revision)).all()
    assert [edit.kind for edit in edits] == ["edit", "undo", "redo", "edit"]
    assert [edit.before for edit in edits] == [first, *(edit.after for edit in edits[:-1])]
    assert (edits[-1].revision, edits[-1].after) == (flow.draft_revision, flow.draft)


def test_a_new_edit_leaves_nothing_to_do_again(session, flow, sara):
    change(session, flow, sara, delete("s1"))
    undo(session, flow, sara)
    change(session, flow, sara, priced(flow, 50))
    assert queries.history_of(session, flow, sara.person_id).redo is None
    undo(session, flow, sara)
    assert flow.draft == solar("con_1")


def test_typing_in_one_field_is_undone_at_once(session, flow, sara):
    now = clock.now()
    for number, price in enumerate((4, 45, 450)):
        change(session, flow, sara, priced(flow, price), now=now + timedelta(seconds=number))
    assert queries.history_of(session, flow, sara.person_id).undo.name == "change the price of step 2"
    undo(session, flow, sara)
    assert flow.draft == solar("con_1")
    redo(session, flow, sara)
    assert settings_of(flow.draft, "s2")["price"] == 450


def test_what_is_typed_later_is_undone_by_itself(session, flow, sara):
    now = clock.now()
    change(session, flow, sara, priced(flow, 45), now=now)
    change(session, flow, sara, priced(flow, 46), now=now + timedelta(minutes=1))
    undo(session, flow, sara)
    assert settings_of(flow.draft, "s2")["price"] == 45


def test_an_edit_that_changes_nothing_leaves_no_trace(session, flow, sara):
    made = change(session, flow, sara, priced(flow, 42))
    assert (made.edit, flow.draft_revision) == (None, 1)


def test_edits_of_other_steps_are_made_of_the_draft_as_it_is_now(session, flow, sara, dana):
    change(session, flow, dana, delete("s1"))
    change(session, flow, sara, priced(flow, 50), page=Page(1), about="s2")
    assert settings_of(flow.draft, "s2")["price"] == 50
    assert settings_of(flow.draft, "s1") is None


def test_the_same_step_changed_by_another_is_a_conflict(session, flow, sara, dana):
    change(session, flow, dana, priced(flow, 45))
    with pytest.raises(Conflict) as conflict:
        change(session, flow, sara, priced(flow, 50), page=Page(1), about="s2")
    found = conflict.value
    assert (found.who, found.base["price"], found.theirs["price"]) == ("Dana Deputy", 42, 45)
    assert (settings_of(flow.draft, "s2")["price"], flow.draft_revision) == (45, 2)


def test_a_conflict_says_whether_it_is_with_oneself(session, flow, sara, dana):
    for revision, (first, is_own) in enumerate(((sara, True), (dana, False)), start=1):
        change(session, flow, first, priced(flow, 40 + revision * 3), page=Page(revision, "one page"))
        with pytest.raises(Conflict) as conflict:
            change(session, flow, sara, priced(flow, 50), page=Page(revision, "another page"), about="s2")
        assert conflict.value.is_own is is_own


def test_the_same_value_typed_by_two_is_no_conflict(session, flow, sara, dana):
    change(session, flow, dana, priced(flow, 45))
    assert change(session, flow, sara, priced(flow, 45), page=Page(1), about="s2").edit is None


def test_a_page_is_in_no_conflict_with_itself(session, flow, sara):
    change(session, flow, sara, priced(flow, 45), page=Page(1, "a page"))
    change(session, flow, sara, priced(flow, 46), page=Page(1, "a page"), about="s2")
    assert settings_of(flow.draft, "s2")["price"] == 46


def test_a_page_is_in_conflict_with_its_own_button_where_both_changed_the_same(session, flow, sara):
    change(session, flow, sara, turn("s2", off=True), page=Page(1, "a page"))
    mine = {**settings_of(solar("con_1"), "s2"), "off": None}
    with pytest.raises(Conflict):
        change(
            session,
            flow,
            sara,
            settle("s2", settings_of(solar("con_1"), "s2"), mine),
            page=Page(1, "a page"),
            about="s2",
        )
    assert settings_of(flow.draft, "s2")["off"] is True


def test_a_step_that_another_deleted_is_a_conflict_without_a_value_of_theirs(session, flow, sara, dana):
    change(session, flow, dana, delete("s2"))
    with pytest.raises(Conflict) as conflict:
        change(
            session, flow, sara, settle("s2", settings_of(solar("con_1"), "s2"), {"id": "s2"}), page=Page(1), about="s2"
        )
    assert (conflict.value.who, conflict.value.theirs) == ("Dana Deputy", None)


def test_undo_takes_back_only_what_its_button_named(session, flow, sara, dana):
    change(session, flow, sara, delete("s1"))
    target = queries.history_of(session, flow, sara.person_id).undo.revision
    change(session, flow, dana, priced(flow, 45))
    with pytest.raises(NothingToUndo):
        drafts.undo(session=session, actor=sara, flow=flow, page=Page(2), target=target, now=clock.now())
    assert queries.history_of(session, flow, sara.person_id).undo.name == "change the price of step 1 (Dana Deputy)"


def test_somebody_is_there_for_as_long_as_their_page_asks(session, flow, sara, dana):
    now = clock.now()
    drafts.look(session=session, flow=flow, person_id=dana.person_id, now=now)
    assert queries.others_there(session, flow, sara.person_id, now) == ["Dana Deputy"]
    assert queries.others_there(session, flow, sara.person_id, now + timedelta(minutes=1)) == []
    assert queries.others_there(session, flow, dana.person_id, now) == []
