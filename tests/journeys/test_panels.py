"""Panels of the editor in a browser: saved while they are filled in, and for everybody in every state."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Flow
from tests.support.cast import Cast, a_connection, a_flow
from tests.support.documents import solar
from tests.support.looks import LOOKS, look_closely

HOURS = {"days": ["mon", "tue"], "from": "08:00", "to": "18:00"}
CHANGES = [["state", "NV"], ["full_name", {"upper": [{"var": "lead.email"}]}]]
STEPS = ("s1", "s2", "change", "found", "lanes", "group", "row", "end")


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow with a step of every kind."""
    sunrise = ids.show(a_connection(session, cast.sara).id, "con")
    rule, buyer = (next(iter(step.values())) for step in solar(sunrise)["steps"])
    steps = [
        {"filter": rule},
        {"buyer": {**buyer, "hours": HOURS, "duplicates": {"by": ["email"]}, "when_full": "hold"}},
        {"transform": {"id": "change", "set": CHANGES}},
        {"look_up": {"id": "found", "score": 1, "into": "score"}},
        {"split": {"id": "lanes", "cases": [{"name": "CA", "when": rule["continue_if"], "steps": []}], "else": []}},
        {"group": {"id": "group", "mode": "highest_bid", "buyers": [{"id": "row", "connection": sunrise}]}},
        {"cap": {"id": "cap", "limit": 500, "per": "day"}},
    ]
    made = a_flow(session, cast.sara, document=solar(sunrise, steps=steps))
    session.commit()
    return made


def address(flow: Flow, step: str) -> str:
    return f"/flows/{ids.show(flow.id, 'flo')}/edit?step={step}"


def saved(page: Page, press: Any) -> None:
    """Do something in the panel, and wait until the draft has it."""
    with page.expect_response(lambda answer: "/draft/steps/" in answer.url and answer.status == 200):
        press()


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_every_panel_is_for_everybody(visit, flow: Flow, cast: Cast, look: Any) -> None:  # type: ignore[no-untyped-def]
    page = visit("/", cast.sara, **look)
    for step in STEPS:
        page.goto(address(flow, step))
        for folded in page.locator("#panel details:not([open]) > summary").all():
            if folded.is_visible():
                folded.click()
        look_closely(page)


def test_what_is_typed_is_saved_and_told_on_the_card(visit, flow: Flow, cast: Cast, session: Session) -> None:  # type: ignore[no-untyped-def]
    page = visit(address(flow, "s2"), cast.sara)
    saved(page, lambda: page.get_by_label("Price").fill("43.50"))
    expect(page.locator("#step-s2 h3")).to_contain_text("at $43.50")
    saved(page, page.get_by_role("button", name="Add a cap").click)
    expect(page.locator("#panel-caps-1-limit")).to_have_value("100")
    session.refresh(flow)
    assert flow.draft["steps"][1]["buyer"]["caps"] == [{"limit": 100, "per": "day"}, {"limit": 100, "per": "hour"}]


def test_only_what_a_choice_needs_is_asked(visit, flow: Flow, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    page = visit(address(flow, "change"), cast.sara)
    saved(page, lambda: page.locator("#panel-set-0-shape").select_option("phone"))
    expect(page.locator("#panel-set-0-form")).to_be_visible()
    expect(page.locator("#panel-set-0-text")).to_have_count(0)
    page = visit(address(flow, "cap"), cast.sara)
    expect(page.locator("#panel-when_full-amount")).to_be_hidden()
    saved(page, lambda: page.locator("#panel-when_full").select_option("hold"))
    expect(page.locator("#panel-when_full-amount")).to_be_visible()


def test_a_buyer_of_a_group_has_a_panel_of_its_own_and_the_way_back(visit, flow: Flow, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    page = visit(address(flow, "group"), cast.sara)
    page.get_by_role("link", name="All its settings").click()
    expect(page.locator("#panel-title")).to_have_text("Buyer 1 of step 6")
    page.get_by_role("link", name="All buyers of the group").click()
    expect(page.locator("#panel-title")).to_contain_text("Buyer group")
