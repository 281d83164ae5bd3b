"""The editor as journeys read it: its cards, its panel and its plain words, found by role and label."""

from playwright.sync_api import Locator, Page, expect

from flowbuilder import ids
from flowbuilder.models import Flow
from tests.support.looks import NARROW


def editor(flow: Flow, step: str = "") -> str:
    """Return the address of a flow's editor, with the panel of a step."""
    return address_of(flow, f"edit?step={step}" if step else "edit")


def address_of(flow: Flow, rest: str = "") -> str:
    """Return the address of a page of a flow."""
    return f"/flows/{ids.show(flow.id, 'flo')}" + (f"/{rest}" if rest else "")


def card(page: Page, step: str) -> Locator:
    """Return the card of a step by what stands over its sentence, like `Step 1 · Filter`."""
    return page.get_by_role("article").filter(has=page.get_by_text(step))


def ways_out(page: Page, step: str) -> Locator:
    """Return the ways out of a step."""
    return card(page, step).get_by_role("list", name="Ways out").get_by_role("listitem")


def plain(page: Page) -> Locator:
    """Return the flow in plain words."""
    return page.get_by_role("region", name="In plain words")


def put_away(page: Page) -> None:
    """Come back to the steps from the panel, which covers them on a phone."""
    close = page.get_by_role("link", name="Close this panel")
    if page.viewport_size == NARROW["viewport"] and close.is_visible():
        close.click()
        expect(close).to_be_hidden()


def press_retry(page: Page) -> None:
    """Press the button that saves again, which goes when the page by itself has just done so."""
    page.locator("#retry").dispatch_event("click")
