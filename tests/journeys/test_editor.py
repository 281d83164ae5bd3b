"""The editor in a browser: steps moved by buttons and by hand, deleted and brought back."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Flow
from tests.support.cast import Cast, a_connection, a_flow
from tests.support.documents import solar
from tests.support.editor_page import press_retry
from tests.support.looks import NARROW, SMALL_AND_DARK, WIDE, look_closely

Visit = Callable[..., Page]


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow with a filter and the buyers Buyer A and Buyer B."""
    first, second = (ids.show(a_connection(session, cast.sara, name=name).id, "con") for name in ("Buyer A", "Buyer B"))
    document = solar(first)
    document["steps"].append({"buyer": {"id": "s3", "connection": second, "price": 38}})
    made = a_flow(session, cast.sara, document=document)
    session.commit()
    return made


def editor(flow: Flow, step: str = "") -> str:
    """Return the address of a flow's editor."""
    return f"/flows/{ids.show(flow.id, 'flo')}/edit" + (f"?step={step}" if step else "")


def order(session: Session, flow: Flow) -> list[str]:
    """Return the ids of the steps in their order, as they are stored."""
    session.rollback()
    session.refresh(flow)
    return [settings["id"] for step in flow.draft["steps"] for settings in step.values()]


def focused(page: Page) -> str:
    """Return the id of what has the focus."""
    return str(page.evaluate("document.activeElement.id"))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_step_is_moved_by_its_buttons(
    visit: Visit, session: Session, cast: Cast, flow: Flow, size: dict[str, Any], scheme: str
) -> None:
    page = visit(editor(flow), cast.sara, color_scheme=scheme, **size)
    look_closely(page)
    up = page.get_by_role("button", name="Move Buyer B up")
    up.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Buyer B is now step 2 of 3.")
    assert focused(page) == "up-s3"
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Buyer B is now step 1 of 3.")
    assert focused(page) == "up-s3"
    assert order(session, flow) == ["s3", "s1", "s2"]
    expect(page.locator("#step-s3")).to_contain_text("Now runs before the filter")
    look_closely(page)
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Buyer B is already the first step.")


def drag(page: Page, what: str, above: str) -> None:
    """Drag a step by its handle to above another one."""
    handle, target = page.locator(f"#step-{what} [data-grip]"), page.locator(f"#step-{above} > .card")
    start, end = handle.bounding_box(), target.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 10, start["y"] - 10, steps=4)
    page.mouse.move(end["x"] + 60, end["y"] + 4, steps=12)
    page.mouse.move(end["x"] + 60, end["y"] + 2, steps=2)
    page.mouse.up()


def test_a_step_is_moved_by_its_handle_and_put_back_when_that_fails(
    visit_refused: Visit, session: Session, cast: Cast, flow: Flow
) -> None:
    page = visit_refused(editor(flow), cast.sara, **WIDE)
    drag(page, "s3", "s2")
    expect(page.locator("#said")).to_have_text("Buyer B is now step 2 of 3.")
    assert order(session, flow) == ["s1", "s3", "s2"]
    page.reload()
    assert page.locator("#rail > ol > .stop").evaluate_all("them => them.map(one => one.dataset.step)")[1:-1] == [
        "s1",
        "s3",
        "s2",
    ]
    page.route("**/draft/order", _fails)
    drag(page, "s2", "s3")
    expect(page.locator("#toasts")).to_contain_text("Could not save the new order. Put back.")
    assert page.locator("#rail > ol > .stop").evaluate_all("them => them.map(one => one.dataset.step)")[1:-1] == [
        "s1",
        "s3",
        "s2",
    ]


def _fails(route: Route) -> None:
    route.fulfill(status=500, body="Something went wrong on our side.")


@pytest.mark.parametrize("look", [WIDE, SMALL_AND_DARK], ids=["wide", "small and dark"])
def test_what_was_deleted_comes_back_after_a_reload(
    visit: Visit, session: Session, cast: Cast, flow: Flow, look: dict[str, Any]
) -> None:
    before = flow.draft
    page = visit(editor(flow), cast.sara, **look)
    page.get_by_role("button", name="More for Buyer A").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#toasts")).to_contain_text("Step 2 deleted.")
    assert order(session, flow) == ["s1", "s3"]
    assert focused(page) == "add-s1"
    look_closely(page)
    page.reload()
    page.get_by_role("button", name="Undo: delete step 2").click()
    expect(page.get_by_role("heading", name="Offer to Buyer A")).to_be_visible()
    expect(page.locator("#saved")).to_contain_text("Saved")
    assert order(session, flow) == ["s1", "s2", "s3"]
    assert flow.draft == before


def price(page: Page) -> Any:
    """Return the field of the price in the open panel."""
    return page.get_by_label("Price", exact=True)


def test_a_step_is_added_where_its_button_stands(visit: Visit, session: Session, cast: Cast, flow: Flow) -> None:
    page = visit(editor(flow), cast.sara, **WIDE)
    page.locator("#add-s1").click()
    expect(page.get_by_label("Which kind of step?")).to_be_focused()
    look_closely(page)
    page.keyboard.type("only so many")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Cap added as step 2.")
    expect(page.locator("#panel-title")).to_have_text("Step 2 · Cap")
    expect(page.locator("#panel-title")).to_be_focused()
    look_closely(page)
    page.get_by_role("link", name="Close this panel").click()
    expect(page.locator("#panel-title")).to_have_count(0)
    assert len(order(session, flow)) == 4


def test_without_scripts_steps_are_added_moved_deleted_and_brought_back(
    visit: Visit, session: Session, cast: Cast, flow: Flow
) -> None:
    page = visit(editor(flow), cast.sara, java_script_enabled=False, **WIDE)
    page.get_by_role("link", name="Add a step below Buyer B").click()
    page.get_by_role("button", name="Cap").click()
    expect(page.get_by_role("heading", name="Step 4 · Cap")).to_be_visible()
    page.get_by_role("button", name="Move Buyer B up").click()
    expect(page.get_by_text("Buyer B is now step 2 of 4.")).to_be_visible()
    page.get_by_role("button", name="Undo: move step 3").click()
    expect(page.get_by_text("Undone: move step 3.")).to_be_visible()
    assert order(session, flow)[:3] == ["s1", "s2", "s3"]


def test_without_scripts_a_panel_is_saved_by_a_button_that_says_so(
    visit: Visit, session: Session, cast: Cast, flow: Flow
) -> None:
    page = visit(editor(flow, "s2"), cast.sara, java_script_enabled=False, **WIDE)
    expect(page.locator(".panel-foot noscript .muted")).to_have_text("What you change is saved by either button.")
    expect(page.get_by_text("Every change is saved to the draft.")).to_be_hidden()
    price(page).fill("45")
    page.locator("#panel-save").click()
    expect(page.locator("#rail")).to_contain_text("$45")
    expect(price(page)).to_have_value("45.00")


def test_a_save_that_fails_is_said_and_tried_again(
    visit_refused: Visit, session: Session, cast: Cast, flow: Flow
) -> None:
    page = visit_refused(editor(flow, "s2"), cast.sara, **WIDE)
    page.route("**/draft/steps/s2", _fails)
    price(page).fill("45")
    expect(page.locator("#saved")).to_have_text("Not saved. Retrying")
    expect(price(page)).to_have_value("45")
    page.unroute("**/draft/steps/s2")
    press_retry(page)
    expect(page.locator("#saved")).to_contain_text("Saved")
    expect(page.locator("#rail")).to_contain_text("$45")


def test_a_problem_leads_to_its_field(visit: Visit, session: Session, cast: Cast) -> None:
    sunrise = ids.show(a_connection(session, cast.sara, name="Buyer A").id, "con")
    document = solar(sunrise)
    document["steps"].append({"buyer": {"id": "s3", "connection": sunrise}})
    made = a_flow(session, cast.sara, document=document)
    session.commit()
    page = visit(editor(made), cast.sara, **WIDE)
    page.get_by_text("1 thing to put right").click()
    look_closely(page)
    page.locator("#problems").get_by_role("link", name="Step 3: Say what this buyer pays for a lead.").click()
    expect(price(page)).to_be_focused()
    page.keyboard.type("38")
    expect(page.locator("#problems")).not_to_contain_text("to put right")
    expect(price(page)).to_be_focused()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_new_flow_offers_ways_to_begin(visit: Visit, session: Session, cast: Cast, size: dict[str, Any]) -> None:
    made = a_flow(session, cast.sara)
    session.commit()
    page = visit(editor(made), cast.sara, **size)
    look_closely(page)
    page.get_by_role("button", name="First buyer, then backup").click()
    expect(page.locator("#panel-title")).to_have_text("Step 1 · Buyer")
    expect(page.locator("#panel-title")).to_be_focused()
    look_closely(page)
    page.get_by_role("link", name="Close this panel").click()
    expect(page.locator("#open-s1")).to_be_focused()
    assert order(session, made) == ["s1", "s2"]
    expect(page.locator("#starters")).to_have_count(0)
