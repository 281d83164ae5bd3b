"""A check that fails is shown in the review with what happens now, and the draft goes live only once it is ticked."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder.models import Audit, Flow, FlowCheck
from tests.support.cast import Cast
from tests.support.editor_page import address_of, card, editor, put_away
from tests.support.journals import a_flow_with_leads
from tests.support.looks import SMALL_AND_DARK, WIDE, look_closely

Visit = Callable[..., Page]

STATES = ("CA", "NV", "CA", "TX", "NV", "CA", "NV")
EITHER = {"any_of": [{"var": "lead.state"}, ["CA", "NV"]]}


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a live flow that takes leads from California, and seven leads that came to it, three from Nevada."""
    return a_flow_with_leads(session, cast.sara, STATES)


def save_the_check(page: Page) -> None:
    """Make a lead that is rejected for its state, and keep that as a check."""
    page.get_by_role("button", name="Wrong state").click()
    expect(page.get_by_text("State is CA: lead has NV")).to_be_visible()
    page.get_by_label("Save this as a check").fill("NV is rejected")
    page.get_by_role("button", name="Save check").click()
    expect(page.get_by_text("1 of 1 pass")).to_be_visible()
    look_closely(page)


def take_nevada_too(page: Page) -> None:
    """Let the filter pass two states."""
    page.get_by_label("Comparison of rule 1").select_option(label="is any of")
    adds = page.get_by_label("Add a state to rule 1")
    adds.fill("NV")
    adds.press("Enter")
    expect(page.get_by_text("Reads as: State is CA or NV.")).to_be_visible()
    put_away(page)
    expect(card(page, "Step 1 · Filter")).to_contain_text("Continue only if State is CA or NV")


def region(page: Page, name: str) -> Locator:
    """Return a part of the page by its heading."""
    return page.get_by_role("region", name=name, exact=True)


def the_review_says_what_changes(page: Page) -> None:
    """Read the failed check, how many leads change, and what has to be ticked."""
    checks = region(page, "Checks: 0 of 1 pass")
    failed = checks.get_by_role("listitem").filter(has_text="NV is rejected")
    expect(failed).to_have_text("NV is rejected: expected rejected: Not CA solar, now sold to Sunrise Energy")
    expect(failed).to_have_class("is-failed")
    impact = region(page, "What it would have done to your last 7 leads")
    expect(impact.get_by_role("row", name="Sold").get_by_role("cell")).to_have_text(["3", "6", "+3"])
    expect(impact).to_contain_text("3 were rejected and would now be sold")
    expect(page.get_by_role("group", name="Things to check")).to_contain_text("The check “NV is rejected” fails.")
    look_closely(page)


@pytest.mark.parametrize("look", [WIDE, SMALL_AND_DARK], ids=["wide", "small and dark"])
def test_a_draft_whose_check_fails_goes_live_only_with_a_tick(
    visit: Visit, session: Session, cast: Cast, flow: Flow, look: dict[str, Any]
) -> None:
    page = visit(address_of(flow, "test"), cast.sara, **look)
    save_the_check(page)
    page.goto(editor(flow, "s1"))
    take_nevada_too(page)
    page.get_by_role("link", name="Review and publish").click()
    the_review_says_what_changes(page)

    publish = page.get_by_role("button", name="Publish version 2")
    publish.click()
    tick = page.get_by_role("checkbox", name="The check “NV is rejected” fails. Publish anyway")
    expect(tick).to_be_focused()
    session.expire_all()
    assert flow.live_version == 1

    tick.check()
    publish.click()
    expect(page.get_by_text("Version 2 is live.")).to_be_visible()
    session.expire_all()
    assert (flow.live_version, flow.draft["steps"][0]["filter"]["continue_if"]) == (2, EITHER)
    assert session.scalars(select(FlowCheck.name).where(FlowCheck.flow_id == flow.id)).all() == ["NV is rejected"]
    audited = select(Audit.action).where(Audit.account_id == cast.sara.account.id)
    assert session.scalars(audited).all().count("flow.published") == 1
