"""Nothing that is typed in a panel is lost, or ends up elsewhere, however quickly somebody goes on."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, Route, expect
from sqlalchemy.orm import Session

from flowbuilder import clock, ids
from flowbuilder.drafts.operations import look
from flowbuilder.models import Flow
from tests.support.cast import Cast, a_connection, a_flow, a_member
from tests.support.documents import solar
from tests.support.editor_page import press_retry
from tests.support.looks import WIDE
from tests.support.web import session_of

Visit = Callable[..., Page]


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow with a filter and a buyer."""
    made = a_flow(session, cast.sara, document=solar(ids.show(a_connection(session, cast.sara).id, "con")))
    session.commit()
    return made


def editor(flow: Flow, step: str = "s2") -> str:
    return f"/flows/{ids.show(flow.id, 'flo')}/edit?step={step}"


def settings_of(session: Session, flow: Flow, position: int) -> dict[str, Any]:
    session.rollback()
    session.refresh(flow)
    [settings] = flow.draft["steps"][position].values()
    return dict(settings)


def note(page: Page) -> Any:
    page.locator("details:has([name=note])").evaluate("one => { one.open = true; }")
    return page.get_by_label("Note for the team")


def test_what_is_typed_in_one_step_does_not_follow_to_the_next(
    visit: Visit, session: Session, cast: Cast, flow: Flow
) -> None:
    page = visit(editor(flow), cast.sara, **WIDE)
    note(page).fill("Ask for Ana")
    expect(page.locator("#rail")).to_contain_text("Ask for Ana")
    page.locator("#open-s1").click()
    expect(page.locator("#panel-title")).to_have_text("Step 1 · Filter")
    expect(note(page)).to_have_value("")
    page.get_by_label("Name", exact=True).fill("California")
    expect(page.locator("#panel-title")).to_have_text("Step 1 · Filter")
    expect(page.locator("#undo")).to_have_attribute("aria-label", "Undo: change the name of step 1")
    assert "note" not in settings_of(session, flow, 0)


def test_another_card_opens_once_what_was_typed_is_kept(visit: Visit, session: Session, cast: Cast, flow: Flow) -> None:
    page = visit(editor(flow), cast.sara, **WIDE)
    note(page).fill("Ask for Ana")
    page.locator("#open-s1").click()
    expect(page.locator("#panel-title")).to_have_text("Step 1 · Filter")
    assert settings_of(session, flow, 1)["note"] == "Ask for Ana"


def test_a_link_to_another_page_is_followed_once_what_was_typed_is_kept(
    visit: Visit, session: Session, cast: Cast, flow: Flow
) -> None:
    page = visit(editor(flow), cast.sara, **WIDE)
    note(page).fill("Ask for Ana")
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Flows").click()
    page.wait_for_url("**/flows")
    assert settings_of(session, flow, 1)["note"] == "Ask for Ana"


def test_while_nothing_can_be_saved_nothing_is_left(
    browser: Any, base_url: str, session: Session, cast: Cast, flow: Flow
) -> None:
    context = browser.new_context(base_url=base_url, **WIDE)
    token = session_of(session, cast.sara)
    context.add_cookies([{"name": "session", "value": token, "url": base_url, "httpOnly": True}])
    page, asked = context.new_page(), []
    page.on("dialog", lambda dialog: _stay(dialog, asked))
    page.goto(editor(flow))
    page.route("**/draft/steps/s2", _fails)
    note(page).click()
    note(page).fill("Ask for Ana")
    expect(page.locator("#saved")).to_have_text("Not saved. Retrying")
    page.locator("#open-s1").click()
    expect(page.locator("#panel-title")).to_have_text("Step 2 · Buyer")
    with page.expect_event("dialog"):
        page.close(run_before_unload=True)
    expect(page.locator("#saved")).to_have_text("Not saved. Retrying")
    assert asked == ["beforeunload"]
    expect(note(page)).to_have_value("Ask for Ana")
    page.unroute("**/draft/steps/s2")
    press_retry(page)
    expect(page.locator("#rail")).to_contain_text("Ask for Ana")
    context.close()
    assert settings_of(session, flow, 1)["note"] == "Ask for Ana"


def test_nothing_is_said_to_be_saved_before_it_is(visit: Visit, session: Session, cast: Cast, flow: Flow) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page = visit(editor(flow), cast.sara, **WIDE)
    page.route("**/draft/steps/s2", hold)
    note(page).fill("Ask for Ana")
    expect(page.locator("#saved")).to_have_text("Saving…")
    dana = a_member(session, cast.sara.account, role="editor", person="Dana Deputy")
    look(session=session, flow=flow, person_id=dana.person.id, now=clock.now())
    session.commit()
    expect(page.locator("#others")).to_contain_text("Dana Deputy is also here")
    expect(page.locator("#saved")).to_have_text("Saving…")
    held[0].continue_()
    expect(page.locator("#saved")).to_contain_text("Saved")
    assert settings_of(session, flow, 1)["note"] == "Ask for Ana"


def test_after_a_conflict_every_button_goes_on(visit_refused: Visit, session: Session, cast: Cast, flow: Flow) -> None:
    page, elsewhere = (visit_refused(editor(flow), cast.sara, **WIDE) for _ in range(2))
    note(elsewhere).fill("Ask for Ben")
    expect(elsewhere.locator("#rail")).to_contain_text("Ask for Ben")
    note(page).fill("Ask for Ana")
    page.locator("#use-mine").click()
    expect(page.locator("#rail")).to_contain_text("Ask for Ana")
    page.locator("#open-s1").click()
    expect(page.locator("#panel-title")).to_have_text("Step 1 · Filter")
    page.locator("#down-s1").click()
    expect(page.locator("#said")).to_contain_text("is now step 2 of 2.")


def _fails(route: Route) -> None:
    route.fulfill(status=500, body="Something went wrong on our side.")


def _stay(dialog: Dialog, asked: list[str]) -> None:
    asked.append(dialog.type)
    dialog.dismiss()


TYPE_AT_ONCE = """
  () => document.addEventListener("htmx:afterRequest", () => {
    const name = document.querySelector("#panel-form [name=name]");
    name.value = "California";
    name.dispatchEvent(new Event("input", { bubbles: true }));
  }, { once: true })
"""
"""Types as soon as a panel is there, before its form listens."""


def test_what_is_typed_the_moment_that_a_panel_opens_is_kept(
    visit: Visit, session: Session, cast: Cast, flow: Flow
) -> None:
    page = visit(editor(flow, ""), cast.sara, **WIDE)
    page.evaluate(TYPE_AT_ONCE)
    page.locator("#open-s1").click()
    expect(page.locator("#undo")).to_have_attribute("aria-label", "Undo: change the name of step 1")
    assert settings_of(session, flow, 0)["name"] == "California"
