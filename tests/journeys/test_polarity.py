"""The wrong polarity is visible: the sentence, the ways out, the numbers and the plain words all say the contrary."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session

from flowbuilder.models import Flow
from tests.support.cast import Cast
from tests.support.editor_page import address_of, card, editor, plain, put_away, ways_out
from tests.support.journals import a_flow_with_leads
from tests.support.looks import SMALL_AND_DARK, WIDE, look_closely

Visit = Callable[..., Page]

FILTER = "Step 1 · Filter"
CA = {"is": [{"var": "lead.state"}, "CA"]}
STATES = ("CA", "CA", "NV", "CA", "CA", "NV", "CA")
"""Of seven leads five are from California: whatever is turned round shows in other numbers."""


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a live flow that takes leads from California, and seven leads that came to it."""
    return a_flow_with_leads(session, cast.sara, STATES)


def tried(page: Page) -> Locator:
    """Return what is said of the last leads beside the rule."""
    return page.get_by_role("region", name="Tried on your last leads").get_by_role("status")


def impact(page: Page, flow: Flow, sold: list[str], rejected: list[str]) -> None:
    """Read in the review what the draft would have done: live, draft and the change, of sold and of rejected leads."""
    page.goto(address_of(flow, "review"))
    table = page.get_by_role("region", name="What it would have done to your last 7 leads").get_by_role("table").first
    for name, told in (("Sold", sold), ("Rejected", rejected)):
        expect(table.get_by_role("row", name=name).get_by_role("cell")).to_have_text(told)
    look_closely(page)


def there_is_nothing_to_publish(page: Page, flow: Flow) -> None:
    """Read in the review that the draft is as what is live."""
    page.goto(address_of(flow, "review"))
    expect(page.get_by_role("heading", name="There is nothing to publish")).to_be_visible()
    look_closely(page)


def it_continues_only_if(page: Page) -> None:
    """Read all that is said of a filter that California passes."""
    expect(tried(page)).to_contain_text("5 continue (71%), 2 are stopped")
    put_away(page)
    expect(card(page, FILTER)).to_contain_text("Continue only if State is CA")
    expect(ways_out(page, FILTER)).to_have_text(["Matches: next step", "Otherwise: reject “Not CA solar”"])
    expect(plain(page)).to_contain_text("Leads where State is CA go to Sunrise Energy")
    expect(plain(page)).to_contain_text("All others are rejected with “Not CA solar”")


def it_stops_if(page: Page) -> None:
    """Read all that is said of a filter that stops California."""
    expect(tried(page)).to_contain_text("2 continue (29%), 5 are stopped")
    look_closely(page)
    put_away(page)
    expect(card(page, FILTER)).to_contain_text("Stop if State is CA")
    expect(ways_out(page, FILTER)).to_have_text(["Otherwise: next step", "Matches: reject “Not CA solar”"])
    expect(plain(page)).to_contain_text("Leads where State is CA are rejected with “Not CA solar”")
    expect(plain(page)).to_contain_text("are rejected with “Not CA solar”. All others go to")


@pytest.mark.parametrize("look", [WIDE, SMALL_AND_DARK], ids=["wide", "small and dark"])
def test_everything_that_is_said_of_a_filter_swaps_and_comes_back(
    visit: Visit, session: Session, cast: Cast, flow: Flow, look: dict[str, Any]
) -> None:
    before = flow.draft
    page = visit(editor(flow, "s1"), cast.sara, **look)
    it_continues_only_if(page)
    there_is_nothing_to_publish(page, flow)

    page.goto(editor(flow, "s1"))
    page.get_by_role("radio", name="Stop if").check()
    it_stops_if(page)
    look_closely(page)
    assert stored(session, flow) == {"id": "s1", "stop_if": CA, "reason": "Not CA solar"}
    impact(page, flow, ["5", "2", "\N{MINUS SIGN}3"], ["2", "5", "+3"])
    expect(
        page.get_by_text("5 were sold and would now be rejected · 2 were rejected and would now be sold")
    ).to_be_visible()

    page.goto(editor(flow, "s1"))
    put_away(page)
    page.get_by_role("button", name="Undo: ").click()
    expect(card(page, FILTER)).to_contain_text("Continue only if")
    page.goto(editor(flow, "s1"))
    it_continues_only_if(page)
    stored(session, flow)
    assert flow.draft == before
    there_is_nothing_to_publish(page, flow)


def stored(session: Session, flow: Flow) -> Any:
    """Return the filter as the draft has it."""
    session.rollback()
    session.refresh(flow)
    return flow.draft["steps"][0]["filter"]
