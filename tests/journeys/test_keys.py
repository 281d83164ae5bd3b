"""Keys alone: where the focus goes after each press, in which order things are reached, and keys for who wants them."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Flow
from tests.support.cast import Cast, a_connection, a_flow
from tests.support.documents import solar
from tests.support.keyboard import Keyboard, walk
from tests.support.looks import NARROW, WIDE, settled
from tests.support.processes import eventually

Visit = Callable[..., Page]
CA, NV, TX = ({"is": [{"var": "lead.state"}, state]} for state in ("CA", "NV", "TX"))
CAPS = [{"limit": 100, "per": "day"}, {"limit": 20, "per": "hour"}]


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow with a filter of three rules, a buyer with two caps, and a group of two buyers."""
    first, second = (ids.show(a_connection(session, cast.sara, name=name).id, "con") for name in ("Buyer A", "Buyer B"))
    document = solar(first)
    document["steps"][0]["filter"]["continue_if"] = {"or": [CA, NV, TX]}
    document["steps"][1]["buyer"]["caps"] = CAPS
    rows = [{"id": "r1", "connection": first}, {"id": "r2", "connection": second}]
    document["steps"].append({"group": {"id": "s3", "mode": "waterfall", "buyers": rows}})
    made = a_flow(session, cast.sara, document=document)
    session.commit()
    return made


@pytest.fixture
def opened(visit: Visit, cast: Cast, flow: Flow) -> Callable[..., tuple[Page, Keyboard]]:
    """Give a function that opens the editor with the panel of a step."""

    def open_step(step: str = "", **options: Any) -> tuple[Page, Keyboard]:
        page = visit(address(flow, step), cast.sara, **(options or WIDE))
        return page, Keyboard(page)

    return open_step


def address(flow: Flow, step: str = "") -> str:
    """Return the address of a flow's editor."""
    return f"/flows/{ids.show(flow.id, 'flo')}/edit" + (f"?step={step}" if step else "")


def draft_of(session: Session, flow: Flow) -> list[dict[str, Any]]:
    """Return the settings of the steps as they are stored."""
    session.rollback()
    session.refresh(flow)
    return [settings for step in flow.draft["steps"] for settings in step.values()]


def test_the_focus_goes_with_a_row_that_moves(
    opened: Callable[..., tuple[Page, Keyboard]], session: Session, flow: Flow
) -> None:
    page, keys = opened("s3")
    keys.activate(page.get_by_role("button", name="Move buyer 1 down"))
    expect(page.get_by_role("button", name="Move buyer 2 down")).to_be_focused()
    assert [row["id"] for row in draft_of(session, flow)[2]["buyers"]] == ["r2", "r1"]
    keys.press("Enter")
    expect(page.get_by_role("button", name="Move buyer 2 down")).to_be_focused()
    keys.activate(page.get_by_role("button", name="Move buyer 2 up"))
    expect(page.get_by_role("button", name="Move buyer 1 up")).to_be_focused()
    assert [row["id"] for row in draft_of(session, flow)[2]["buyers"]] == ["r1", "r2"]


def test_the_focus_goes_to_a_row_that_comes_and_stays_where_one_went(
    opened: Callable[..., tuple[Page, Keyboard]],
) -> None:
    page, keys = opened("s2")
    keys.activate(page.get_by_role("button", name="Add a cap"))
    expect(page.locator("#panel-caps-2-limit")).to_be_focused()
    keys.activate(page.get_by_role("button", name="Remove cap 1"))
    expect(page.locator("#panel-caps-2")).to_have_count(0)
    expect(page.get_by_role("button", name="Remove cap 1")).to_be_focused()
    keys.activate(page.get_by_role("button", name="Remove cap 2"))
    expect(page.locator("#panel-caps-1")).to_have_count(0)
    expect(page.get_by_role("button", name="Add a cap")).to_be_focused()


def test_the_focus_goes_with_a_rule(opened: Callable[..., tuple[Page, Keyboard]], session: Session, flow: Flow) -> None:
    page, keys = opened("s1")
    more = page.get_by_label("More for rule 1")
    keys.activate(more)
    keys.activate(page.get_by_role("group", name="Rule 1").get_by_role("button", name="Move down"))
    expect(page.get_by_role("group", name="Rule 2")).to_have_accessible_name("Rule 2: State is CA")
    expect(page.get_by_label("More for rule 2")).to_be_focused()
    keys.press("Enter")
    keys.activate(page.get_by_role("group", name="Rule 2").get_by_role("button", name="Turn off"))
    expect(page.get_by_role("group", name="Rule 2").get_by_text("Kept, and not asked.")).to_be_visible()
    expect(page.get_by_label("More for rule 2")).to_be_focused()
    keys.press("Enter")
    keys.activate(page.get_by_role("group", name="Rule 2").get_by_role("button", name="Put in a group"))
    group = page.get_by_role("group", name="Group 2")
    expect(group.get_by_label("Where")).to_be_focused()
    keys.activate(group.get_by_label("More for rule 1"))
    keys.activate(group.get_by_role("group", name="Rule 1").get_by_role("button", name="Delete"))
    expect(group).to_have_count(0)
    expect(page.get_by_label("More for rule 2")).to_be_focused()
    keys.activate(page.get_by_role("button", name="Add group"))
    expect(page.get_by_role("group", name="Group 3").locator(":focus")).to_have_count(1)
    assert draft_of(session, flow)[0]["continue_if"]["or"][:2] == [NV, TX]


def test_the_focus_goes_with_a_field_and_only_that_is_open(opened: Callable[..., tuple[Page, Keyboard]]) -> None:
    page, keys = opened("intake")
    keys.activate(page.locator("#panel-fields-1-head"))
    keys.activate(page.get_by_role("button", name="Move Phone 1 up"))
    expect(page.locator("#panel-fields-0-head")).to_contain_text("Phone 1")
    expect(page.get_by_role("button", name="Move Phone 1 up")).to_be_focused()
    assert page.locator(".field-row").evaluate_all("all => all.map(one => one.open)") == [True, False, False]
    keys.activate(page.get_by_role("button", name="Remove Phone 1"))
    expect(page.locator("#panel-fields-2")).to_have_count(0)
    expect(page.locator("#panel-fields-0-head")).to_be_focused()
    assert page.locator(".field-row").evaluate_all("all => all.map(one => one.open)") == [False, False]


def test_the_focus_stays_near_what_was_deleted(opened: Callable[..., tuple[Page, Keyboard]]) -> None:
    page, keys = opened()
    keys.activate(page.locator("#more-r1"))
    keys.activate(page.locator("#delete-r1"))
    expect(page.locator("#step-r1")).to_have_count(0)
    page.wait_for_function("document.activeElement.closest('.stop')?.id === 'step-s3'")
    keys.activate(page.locator("#more-s2"))
    keys.activate(page.locator("#delete-s2"))
    expect(page.locator("#step-s2")).to_have_count(0)
    expect(page.locator("#add-s1")).to_be_focused()
    keys.activate(page.locator("#toasts").get_by_role("button", name="Undo: delete step 2"))
    expect(page.locator("#step-s2")).to_be_visible()
    keys.await_answers()
    keys.activate(page.locator("#toasts").get_by_role("button", name="Dismiss").first)
    keys.await_answers()


def test_what_was_pressed_is_what_is_done_wherever_the_focus_is_by_then(
    opened: Callable[..., tuple[Page, Keyboard]], session: Session, flow: Flow
) -> None:
    page, keys = opened()
    held: list[Route] = []
    page.route("**/draft/steps/s3/move", lambda route: held.append(route), times=1)  # noqa: PLW0108
    keys.go_to(page.locator("#up-s3"))
    for key in ("Enter", "Enter", "Tab"):
        page.keyboard.press(key)
    expect(page.locator("#saved")).to_have_text("Saving…")
    eventually(lambda: page.title() and held)
    held[0].continue_()
    expect(page.locator("#said")).to_contain_text("is now step 1 of 3.")
    expect(page.locator("#down-s3")).to_be_focused()
    assert [step["id"] for step in draft_of(session, flow)] == ["s3", "s1", "s2"]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_panel_is_left_for_its_card(opened: Callable[..., tuple[Page, Keyboard]], size: dict[str, Any]) -> None:
    page, keys = opened(**size)
    title, card = page.locator("#panel-title"), page.locator("#open-s2")
    keys.activate(card)
    expect(title).to_be_focused()
    keys.press("Escape")
    expect(card).to_be_focused()
    keys.press("Enter")
    expect(title).to_be_focused()
    page.go_back()
    expect(title).to_have_count(0)
    expect(card).to_be_focused()
    page.go_forward()
    expect(title).to_have_text("Step 2 · Buyer")
    expect(title).to_be_focused()
    keys.activate(page.get_by_role("button", name="Done"))
    expect(card).to_be_focused()
    keys.activate(page.locator("#add-s2"))
    expect(page.get_by_label("Which kind of step?")).to_be_focused()
    keys.press("Escape")
    expect(page.locator("#add-s2")).to_be_focused()


def test_keys_for_those_who_want_them(
    opened: Callable[..., tuple[Page, Keyboard]], session: Session, flow: Flow
) -> None:
    page, keys = opened()
    keys.go_to(page.locator("#open-s2"))
    keys.press("Alt+ArrowUp")
    assert [step["id"] for step in draft_of(session, flow)] == ["s1", "s2", "s3"]
    keys.activate(page.get_by_role("button", name="Keys"))
    keys.go_to(page.get_by_label("Also use these keys"))
    keys.press("Space")
    keys.press("Escape")
    expect(page.get_by_role("button", name="Keys")).to_be_focused()
    keys.go_to(page.locator("#open-s2"))
    keys.press("Alt+ArrowUp")
    expect(page.locator("#said")).to_have_text("Buyer A is now step 1 of 3.")
    expect(page.locator("#open-s2")).to_be_focused()
    keys.press("Control+z")
    expect(page.locator("#said")).to_have_text("Undone: move step 2.")
    keys.press("Control+Shift+z")
    expect(page.locator("#said")).to_contain_text("move step 2")
    keys.press("Delete")
    expect(page.locator("#step-s2")).to_have_count(0)
    keys.press("Control+z")
    expect(page.locator("#step-s2")).to_be_visible()
    keys.go_to(page.locator("#open-s1"))
    keys.press("a")
    keys.type("at")
    expect(page.get_by_label("Which kind of step?")).to_have_value("at")
    keys.press("Escape")
    keys.press("t")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Test")
    page.goto(address(flow))
    page.locator("#open-s1").focus()
    page.keyboard.press("?")
    expect(page.get_by_label("Also use these keys")).to_be_checked()


PLACES = ("", "?step=intake", "?step=s1", "?step=s2", "?step=s3", "?step=end")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_tab_goes_through_the_editor_in_the_order_seen(
    visit: Visit, cast: Cast, flow: Flow, size: dict[str, Any]
) -> None:
    for place in PLACES:
        page = visit(address(flow) + place, cast.sara, **size)
        settled(page)
        assert (place, walk(page)) == (place, [])


def test_tab_goes_through_every_page_in_the_order_seen(visit: Visit, cast: Cast, flow: Flow) -> None:
    home = f"/flows/{ids.show(flow.id, 'flo')}"
    page = visit("/", cast.sara, **WIDE)
    for place in ("/", "/flows", "/flows/new", home, f"{home}/test", f"{home}/review", f"{home}/versions", "/fields"):
        page.goto(place)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        settled(page)
        assert (place, walk(page)) == (place, [])
