"""The rule builder in a browser: rules turned off, a pasted list; by keyboard and without scripts."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Flow, StoredList
from tests.support.cast import Cast, a_connection, a_flow, a_lead, a_source
from tests.support.documents import solar
from tests.support.looks import look_closely

Visit = Callable[..., Page]
FIELDS: list[dict[str, Any]] = [
    {"key": "email", "type": "email"},
    {"key": "state", "type": "state"},
    {"key": "product", "type": "choice", "options": ["solar", "roofing"]},
    {"key": "zip_code", "type": "postal_code", "region": "US"},
]
CA, NV = ({"is": [{"var": "lead.state"}, state]} for state in ("CA", "NV"))


@pytest.fixture
def open_rule(visit: Visit, session: Session, cast: Cast) -> Callable[..., tuple[Page, Flow]]:
    """Give a function that opens the filter of a new flow, whose rule is the given one."""

    def opened(rule: Any, **options: Any) -> tuple[Page, Flow]:
        shown = ids.show(a_connection(session, cast.sara).id, "con")
        document = solar(shown, fields=FIELDS)
        document["steps"][0]["filter"]["continue_if"] = rule
        flow = a_flow(session, cast.sara, document=document)
        source = a_source(session, flow)
        for state in ("CA", "CA", "NV", "TX"):
            a_lead(session, source, fields={"state": state, "product": "solar"})
        session.commit()
        address = f"/flows/{ids.show(flow.id, 'flo')}/edit?step=s1"
        return visit(address, cast.sara, **options), flow

    return opened


def stored(session: Session, flow: Flow, key: str = "continue_if") -> Any:
    """Return the rule of the filter as the draft has it."""
    session.rollback()
    session.refresh(flow)
    return flow.draft["steps"][0]["filter"].get(key)


def said(page: Page) -> Any:
    """Return how the rule reads."""
    return page.locator(".reads-as")


def test_a_rule_that_is_turned_off_contradicts_nothing(open_rule: Any) -> None:
    page, _ = open_rule({"and": [CA, NV]})
    expect(page.locator(".rule-verdict")).to_have_text(
        "This can never be true: State would have to be two things at once."
    )
    page.get_by_label("More for rule 2").click()
    page.get_by_role("button", name="Turn off").click()
    expect(page.locator(".rule-verdict")).to_have_count(0)
    expect(said(page)).to_contain_text("State is CA. (1 turned off)")
    look_closely(page)


PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const paste = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
  document.activeElement.dispatchEvent(paste);
}"""


def test_a_pasted_list_of_zip_codes_is_counted_and_kept(open_rule: Any, session: Session) -> None:
    page, flow = open_rule({"any_of": [{"var": "lead.zip_code"}, []]})
    page.get_by_label("Add a zip code to rule 1").focus()
    page.evaluate(
        PASTE, "\n".join([*(f"{number:05}" for number in range(10_001, 14_981)), *(f"x{n}" for n in range(20))])
    )
    expect(page.locator(".rule-unread")).to_contain_text("4,980 recognised, 20 not.")
    page.get_by_text("See which", exact=True).click()
    expect(page.locator(".unread-values")).to_contain_text("x0, x1")
    look_closely(page)
    page.get_by_text("Save as a stored list").click()
    page.get_by_label("Name of the stored list").fill("Zip list: New York")
    page.get_by_role("button", name="Save the list").click()
    expect(said(page)).to_contain_text("ZIP code is in the list “Zip list: New York”.")
    row = session.scalars(select(StoredList).where(StoredList.account_id == flow.account_id)).one()
    assert (row.size, row.kind) == (4980, "postal_code")
    assert stored(session, flow) == {"in_list": [{"var": "lead.zip_code"}, ids.show(row.id, "lst")]}


def test_without_scripts_rules_are_built_too(open_rule: Any, session: Session) -> None:
    page, flow = open_rule(CA, java_script_enabled=False)
    page.get_by_role("button", name="Add rule", exact=True).click()
    page.get_by_label("Field of rule 2").select_option(label="Product")
    page.get_by_role("button", name="Add rule", exact=True).click()
    page.get_by_label("Value of rule 2").select_option(label="Solar")
    page.get_by_label("More for rule 3").click()
    page.get_by_role("button", name="Delete").locator("visible=true").click()
    expect(said(page)).to_contain_text("State is CA and Product is Solar.")
    assert stored(session, flow) == {"and": [CA, {"is": [{"var": "lead.product"}, "solar"]}]}


def test_a_rule_is_built_with_a_keyboard(open_rule: Any, session: Session) -> None:
    page, flow = open_rule({"is_not": [{"var": "lead.state"}, "CA"]})
    more = page.get_by_label("More for rule 1")
    more.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.closest('details').open") is False
    page.get_by_role("button", name="Add: State is filled in").focus()
    page.keyboard.press("Enter")
    expect(said(page)).to_contain_text("State is not CA and State is filled in.")
    expect(page.get_by_label("Field of rule 2")).to_be_focused()
    assert stored(session, flow) == {
        "and": [{"is_not": [{"var": "lead.state"}, "CA"]}, {"filled": [{"var": "lead.state"}]}]
    }
