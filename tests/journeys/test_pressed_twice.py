"""What is sent twice by mistake is done once: buttons that are pressed twice, pages that are loaded again."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import ConnectionTest, Credential, Flow, FlowCheck, Source, StoredList
from tests.support.cast import Cast, a_connection, a_flow
from tests.support.documents import solar
from tests.support.looks import WIDE

Visit = Callable[..., Page]


def names(session: Session, cast: Cast, table: type[Flow] | type[Source] | type[StoredList]) -> list[str]:
    session.rollback()
    session.expire_all()
    return [row.name for row in session.scalars(select(table).where(table.account_id == cast.sara.account.id))]


def test_a_button_that_is_pressed_twice_makes_one_flow_and_one_source(
    visit: Visit, session: Session, cast: Cast
) -> None:
    page = visit("/flows/new", cast.sara, **WIDE)
    page.get_by_label("Name", exact=True).fill("CA solar")
    page.get_by_role("button", name="Make the flow").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit CA solar")
    assert names(session, cast, Flow) == ["CA solar"]
    page.goto("/sources/new")
    page.get_by_label("Supplier", exact=True).fill("WebForms Co")
    page.get_by_role("button", name="Make the source").dblclick()
    expect(page.get_by_role("heading", name="New keys")).to_be_visible()
    assert names(session, cast, Source) == ["WebForms Co"]


def test_what_is_added_to_a_flow_is_added_once(visit: Visit, session: Session, cast: Cast) -> None:
    flow = a_flow(session, cast.sara, live_version=None)
    session.commit()
    page = visit(f"/flows/{ids.show(flow.id, 'flo')}/edit", cast.sara, **WIDE)
    page.get_by_role("button", name="Add your first buyer").dblclick()
    expect(page.get_by_role("heading", name="Step 1 · Buyer")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Add a step below “Leads arrive”")).click()
    page.get_by_role("button", name=re.compile("^Filter ")).first.dblclick()
    expect(page.get_by_role("heading", name="Step 1 · Filter")).to_be_visible()
    session.refresh(flow)
    assert [kind for step in flow.draft["steps"] for kind in step] == ["filter", "buyer"]


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow with a buyer to which a test lead can be sent."""
    made = a_flow(session, cast.sara, document=solar(ids.show(a_connection(session, cast.sara).id, "con")))
    session.commit()
    return made


def the_test(flow: Flow) -> str:
    return f"/flows/{ids.show(flow.id, 'flo')}/test"


def sent_for_real(session: Session, cast: Cast) -> int:
    session.rollback()
    return len(session.scalars(select(ConnectionTest).where(ConnectionTest.account_id == cast.sara.account.id)).all())


def checks_saved(session: Session, flow: Flow) -> int:
    session.rollback()
    return len(session.scalars(select(FlowCheck).where(FlowCheck.flow_id == flow.id)).all())


def test_a_test_lead_is_sent_once_and_its_check_saved_once(
    visit: Visit, session: Session, cast: Cast, flow: Flow
) -> None:
    page = visit(the_test(flow), cast.sara, **WIDE)
    page.get_by_role("button", name="Save check").dblclick()
    expect(page.get_by_text("1 of 1 pass")).to_be_visible()
    page.goto(the_test(flow))
    page.get_by_label("Send it for real").check()
    page.get_by_role("button", name="Send test lead").dblclick()
    expect(page.get_by_text("Waiting for a free worker")).to_be_visible()
    assert sent_for_real(session, cast) == 1
    assert checks_saved(session, flow) == 1


def test_a_check_that_is_saved_while_the_page_is_renewed_is_saved_once(
    visit: Visit, session: Session, cast: Cast, flow: Flow
) -> None:
    page, held, posts = visit(the_test(flow), cast.sara, **WIDE), list[Route](), list[str]()
    page.route("**/test", lambda route: held.append(route), times=1)  # noqa: PLW0108
    page.on("request", lambda asked: posts.append(asked.post_data or "") if asked.method == "POST" else None)
    page.get_by_role("button", name="Run test").click()
    page.get_by_role("button", name="Save check").dblclick()
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    expect(page.get_by_text("1 of 1 pass")).to_be_visible()
    assert ["do=save" in sent for sent in posts] == [False, True]
    assert checks_saved(session, flow) == 1


def test_a_button_whose_answer_asks_for_something_works_again_at_once(
    visit_refused: Visit, session: Session, cast: Cast, flow: Flow
) -> None:
    page = visit_refused(the_test(flow), cast.sara, **WIDE)
    page.get_by_role("button", name="Send test lead").click()
    expect(page.get_by_text("Tick that it is to be sent for real first.")).to_be_visible()
    expect(page.get_by_role("button", name="Send test lead")).to_be_focused()
    page.get_by_label("Send it for real").check()
    page.get_by_role("button", name="Send test lead").click()
    expect(page.get_by_text("Waiting for a free worker")).to_be_visible()
    assert sent_for_real(session, cast) == 1


def test_whoever_comes_back_to_a_form_sends_it_again(visit: Visit, session: Session, cast: Cast) -> None:
    page = visit("/flows/new", cast.sara, **WIDE)
    for number, name in enumerate(("One", "Two"), start=1):
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_role("button", name="Make the flow").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Edit {name}")
        assert len(names(session, cast, Flow)) == number
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("New flow")


def test_a_page_with_a_new_secret_or_list_makes_no_more_of_them_when_it_is_loaded_again(
    visit: Visit, session: Session, cast: Cast
) -> None:
    row = a_connection(session, cast.sara)
    session.commit()
    page = visit(f"/connections/{ids.show(row.id, 'con')}", cast.sara, **WIDE)
    page.get_by_text("Sign requests").first.click()
    page.get_by_role("button", name="Sign requests").click()
    expect(page.get_by_text("Give this secret to Sunrise Energy now")).to_be_visible()
    sealed = session.get_one(Credential, (row.id, "signing_secret")).sealed
    page.reload()
    expect(page.get_by_text("Give this secret to Sunrise Energy now")).to_have_count(0)
    session.expire_all()
    assert session.get_one(Credential, (row.id, "signing_secret")).sealed == sealed
    page.goto("/lists/new")
    page.get_by_label("Name", exact=True).fill("Never call")
    page.get_by_label("Type or paste them").fill("(213) 555-0148\nnowhere")
    page.get_by_role("button", name="Make the list").click()
    expect(page.get_by_text("1 recognised, 1 not.")).to_be_visible()
    page.reload()
    assert names(session, cast, StoredList) == ["Never call"]
