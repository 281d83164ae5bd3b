"""The editor's page: every edit by plain forms, and what htmx gets for the same."""

import pytest
from sqlalchemy import select

from flowbuilder import ids
from flowbuilder.models import DraftEdit
from tests.support.cast import a_connection, a_flow, a_member
from tests.support.documents import solar
from tests.support.web import HTMX, post, signed_in


@pytest.fixture
def sunrise(session, cast):
    made = ids.show(a_connection(session, cast.sara).id, "con")
    session.commit()
    return made


@pytest.fixture
def flow(session, cast, sunrise):
    made = a_flow(session, cast.sara, document=solar(sunrise))
    session.commit()
    return made


def editor(flow, rest=""):
    return f"/flows/{ids.show(flow.id, 'flo')}/edit{rest}"


def draft(flow, rest):
    return f"/flows/{ids.show(flow.id, 'flo')}/draft/{rest}"


def kinds(session, flow):
    session.refresh(flow)
    return [next(iter(step)) for step in flow.draft["steps"]]


def test_the_page_shows_every_step_with_its_buttons(sara, flow):
    shown = sara.get(editor(flow)).text
    assert "Offer to Sunrise Energy" in shown
    for button in ("Move Sunrise Energy up", "Move Sunrise Energy down", "More for Sunrise Energy"):
        assert f'aria-label="{button}"' in shown


def test_a_step_is_opened_by_its_address(sara, flow):
    assert "Step 2 · Buyer" in sara.get(editor(flow, "?step=s2")).text


@pytest.mark.parametrize("kind", ["buyer", "filter", "group", "cap", "transform", "look_up", "split"])
def test_every_kind_can_be_added_and_opens_its_panel(sara, session, flow, kind):
    added = post(sara, draft(flow, "add"), kind=kind, after="s1")
    assert added.status_code == 303
    assert kinds(session, flow) == ["filter", kind, "buyer"]
    assert "added as step 2." in sara.get(added.location).text


def test_a_step_is_moved_and_told_where_it_is(sara, session, flow):
    answer = post(sara, draft(flow, "steps/s2/move"), headers=HTMX, way="up", revision="1")
    assert kinds(session, flow) == ["buyer", "filter"]
    assert "Sunrise Energy is now step 1 of 2." in answer.headers["HX-Trigger"]
    assert "Now runs before the filter “Not CA solar”" in answer.text


def test_deleting_is_undone_and_done_again(sara, session, flow):
    post(sara, draft(flow, "steps/s1/delete"), revision="1")
    assert kinds(session, flow) == ["buyer"]
    page = sara.get(editor(flow)).text
    assert 'aria-label="Undo: delete step 1"' in page
    post(sara, draft(flow, "undo"), target="2")
    assert flow_is(session, flow, solar_of(flow))
    post(sara, draft(flow, "redo"), target="3")
    assert kinds(session, flow) == ["buyer"]


def test_where_undo_ends_its_button_says_so_and_pressing_it_tells_what_else_there_is(sara, session, flow):
    post(sara, draft(flow, "steps/s1/delete"), revision="1")
    edit = session.get_one(DraftEdit, (flow.id, 2))
    edit.depth = 0
    session.commit()
    assert 'aria-label="Undo: nothing older is kept"' in sara.get(editor(flow)).text
    answer = post(sara, draft(flow, "undo"), target="")
    assert (answer.status_code, kinds(session, flow)) == (409, ["buyer"])
    assert "The last 100 changes are undone, and older ones cannot be." in answer.text


def test_a_draft_that_nobody_changed_has_nothing_to_undo(sara, flow):
    for way, said in (("undo", "There is nothing to undo."), ("redo", "There is nothing to do again.")):
        answer = post(sara, draft(flow, way), target="")
        assert (answer.status_code, said in answer.text) == (409, True)


def solar_of(flow):
    return solar(next(step["buyer"]["connection"] for step in flow.draft["steps"] if "buyer" in step))


def flow_is(session, flow, document):
    session.refresh(flow)
    return flow.draft == document


def test_the_history_tells_every_state(sara, session, flow):
    post(sara, draft(flow, "steps/s2/move"), way="up", revision="1")
    post(sara, draft(flow, "steps/s2/off"), revision="2")
    rows = session.scalars(select(DraftEdit).where(DraftEdit.flow_id == flow.id).order_by(DraftEdit.revision)).all()
    assert [(row.kind, row.name) for row in rows] == [("edit", "move step 2"), ("edit", "turn step 1 off")]
    assert rows[0].after == rows[1].before


def panel_of(flow, **typed):
    """Return what the panel of the buyer posts from a page that was made of revision 1."""
    buyer = flow.draft["steps"][1]["buyer"]
    return {"connection": buyer["connection"], "price": "42", "revision": "1", "page": "a page", "open": "s2"} | typed


def buyer_of(session, flow):
    session.refresh(flow)
    return next(step["buyer"] for step in flow.draft["steps"] if "buyer" in step)


def test_what_a_page_did_on_the_rail_stays_when_its_panel_is_saved_later(sara, session, flow):
    panel = panel_of(flow, price="45")
    post(sara, draft(flow, "steps/s2/off"), headers=HTMX, revision="1", page="a page")
    assert post(sara, draft(flow, "steps/s2"), headers=HTMX, **panel).status_code == 200
    assert (buyer_of(session, flow)["price"], buyer_of(session, flow)["off"]) == (45, True)


def test_a_page_that_never_heard_of_its_own_save_can_take_it_back_by_typing(sara, session, flow):
    panel = panel_of(flow, price="45")
    post(sara, draft(flow, "steps/s2"), headers=HTMX, **panel)
    assert buyer_of(session, flow)["price"] == 45
    assert post(sara, draft(flow, "steps/s2"), headers=HTMX, **{**panel, "price": "42"}).status_code == 200
    assert buyer_of(session, flow)["price"] == 42


def test_what_was_changed_on_the_rail_is_shown_in_the_open_panel(sara, flow):
    answer = post(sara, draft(flow, "steps/s2/off"), headers=HTMX, revision="1", page="a page", open="s2")
    assert 'id="panel-form"' in answer.text
    other = post(sara, draft(flow, "steps/s1/off"), headers=HTMX, revision="2", page="a page", open="s2")
    assert 'id="panel-form"' not in other.text


def test_a_change_of_a_step_that_somebody_deleted_is_a_conflict_with_the_value(app, session, cast, sara, flow):
    panel = panel_of(flow, price="45")
    dana = signed_in(app, session, a_member(session, cast.sara.account, role="editor", person="Dana"))
    post(dana, draft(flow, "steps/s2/delete"), revision="1")
    answer = post(sara, draft(flow, "steps/s2"), headers=HTMX, **panel)
    assert answer.status_code == 409
    assert "Dana deleted this step at" in answer.text


def test_an_undo_that_came_too_late_is_said_aloud(sara, session, flow):
    post(sara, draft(flow, "steps/s2/off"), revision="1")
    answer = post(sara, draft(flow, "undo"), headers=HTMX, target="1")
    assert answer.status_code == 409
    assert "The draft has changed meanwhile." in answer.headers["HX-Trigger"]
    assert '"tone": "bad"' in answer.headers["HX-Trigger"]


def test_strangers_and_analysts_change_nothing(app, session, cast, flow):
    zoe, tom = signed_in(app, session, cast.zoe), signed_in(app, session, cast.tom)
    assert post(zoe, draft(flow, "steps/s2/delete"), revision="1").status_code == 404
    assert post(tom, draft(flow, "steps/s2/delete"), revision="1").status_code == 403
    shown = tom.get(editor(flow))
    assert "Ask an owner or an editor to change it." in shown.text
    assert "Move Sunrise Energy up" not in shown.text


def test_others_who_are_there_are_named(app, session, cast, flow, sara):
    dana = signed_in(app, session, a_member(session, cast.sara.account, role="editor", person="Dana"))
    dana.get(editor(flow))
    assert "Dana is also here" in sara.get(editor(flow)).text


def test_a_step_is_copied_to_another_flow(sara, session, cast, flow):
    other = a_flow(session, cast.sara, name="Texas solar")
    session.commit()
    post(sara, draft(flow, "steps/s2/copy"), flow=ids.show(other.id, "flo"))
    assert kinds(session, other) == ["buyer"]
    assert other.draft["steps"][0]["buyer"]["price"] == 42


def test_a_draft_that_cannot_be_read_is_drawn_and_put_right(sara, session, cast):
    broken = a_flow(session, cast.sara, document={"schema": 1, "steps": [{"cap": {}}, {"split": {"id": "s"}}, 7]})
    session.commit()
    shown = sara.get(editor(broken, "?step=at-1"))
    assert (shown.status_code, "Step 1 · Cap" in shown.text) == (200, True)
    post(sara, draft(broken, "steps/at-1/delete"), revision="1")
    session.refresh(broken)
    assert broken.draft["steps"] == [{"split": {"id": "s"}}, 7]
