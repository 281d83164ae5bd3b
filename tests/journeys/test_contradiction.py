"""A rule that can never be true is told on its card, stands in the way of publishing, and is one click away."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Flow
from tests.support.cast import Cast, a_connection, a_flow
from tests.support.documents import solar
from tests.support.editor_page import address_of, card, editor, put_away
from tests.support.looks import SMALL_AND_DARK, WIDE, look_closely

Visit = Callable[..., Page]

NEVER = "This rule can never be true: State would have to be two things at once."
RED = {"light": "rgb(160, 42, 30)", "dark": "rgb(243, 156, 142)"}


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a live flow that takes leads from California."""
    made = a_flow(session, cast.sara, document=solar(ids.show(a_connection(session, cast.sara).id, "con")))
    session.commit()
    return made


def rules(page: Page) -> Locator:
    """Return the rules in the panel, with what is said of them."""
    return page.get_by_role("group", name="Rules", exact=True).first


def ask_for_two_states(page: Page) -> None:
    """Add the rule that the state is Nevada to the one that it is California."""
    page.get_by_role("button", name="Add rule", exact=True).click()
    page.get_by_label("Field of rule 2").select_option(label="State")
    page.get_by_label("Value of rule 2").select_option(label="NV Nevada")
    told = rules(page).get_by_text("can never be true")
    expect(told).to_have_text("This can never be true: State would have to be two things at once.")
    look_closely(page)


def it_is_told_in_red(page: Page, look: dict[str, Any]) -> Locator:
    """Find the sentence on the card among what has to be put right, and return its link."""
    put_away(page)
    told = card(page, "Step 1 · Filter").get_by_role("link", name=NEVER)
    expect(told).to_have_css("color", RED[look.get("color_scheme", "light")])
    page.get_by_text("1 thing to put right").click()
    expect(page.get_by_role("link", name=f"Step 1: {NEVER}")).to_be_visible()
    return told


@pytest.mark.parametrize("look", [WIDE, SMALL_AND_DARK], ids=["wide", "small and dark"])
def test_a_rule_that_can_never_be_true_does_not_go_live(
    visit: Visit, session: Session, cast: Cast, flow: Flow, look: dict[str, Any]
) -> None:
    page = visit(editor(flow, "s1"), cast.sara, **look)
    ask_for_two_states(page)
    it_is_told_in_red(page, look)
    look_closely(page)

    page.goto(address_of(flow, "review"))
    expect(page.get_by_role("heading", name="It cannot go live yet")).to_be_visible()
    expect(page.get_by_role("button", name="Publish version 2")).to_have_count(0)
    wrong = page.get_by_role("region", name="1 thing to put right")
    expect(wrong).to_contain_text(NEVER)
    look_closely(page)
    wrong.get_by_role("link", name="Step 1").click()
    expect(rules(page).get_by_label("Leads where")).to_be_focused()
    put_away(page)
    it_is_told_in_red(page, look).click()
    expect(rules(page).get_by_label("Leads where")).to_be_focused()

    rules(page).get_by_label("Leads where").select_option("any")
    expect(rules(page)).not_to_contain_text("can never be true")
    put_away(page)
    expect(card(page, "Step 1 · Filter")).to_contain_text("Continue only if State is CA or NV")
    page.goto(address_of(flow, "review"))
    expect(page.get_by_role("button", name="Publish version 2")).to_be_visible()
    session.expire_all()
    assert flow.live_version == 1
