"""The rule builder in a browser: groups, polarity, a contradiction, a pasted list; by keyboard and without scripts."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Flow, StoredList
from rules.fields import Field
from rules.logic import evaluate
from tests.support.a_lead import data_of
from tests.support.cast import Cast, a_connection, a_flow, a_lead, a_source
from tests.support.documents import solar
from tests.support.looks import NARROW, WIDE, look_closely

Visit = Callable[..., Page]
FIELDS: list[dict[str, Any]] = [
    {"key": "email", "type": "email"},
    {"key": "state", "type": "state"},
    {"key": "product", "type": "choice", "options": ["solar", "roofing"]},
    {"key": "monthly_bill", "type": "money"},
    {"key": "dob", "type": "dob"},
    {"key": "zip_code", "type": "postal_code", "region": "US"},
]
CA, NV = ({"is": [{"var": "lead.state"}, state]} for state in ("CA", "NV"))
BUILT = {
    "and": [
        {"any_of": [{"var": "lead.state"}, ["CA", "NV"]]},
        {"or": [{"is": [{"var": "lead.product"}, "solar"]}, {"at_least": [{"var": "lead.monthly_bill"}, 120]}]},
        {"age_between": [{"var": "lead.dob"}, 25, 70]},
    ]
}
SENTENCE = (
    "State is CA or NV, and either Product is Solar or Monthly bill is at least $120, "
    "and age by Date of birth is 25 to 70"
)
TWELVE = [
    ({"state": "CA", "product": "solar", "dob": "1985-01-05"}, True),
    ({"state": "NV", "product": "solar", "dob": "1985-01-05"}, True),
    ({"state": "TX", "product": "solar", "dob": "1985-01-05"}, False),
    ({"state": "CA", "product": "roofing", "monthly_bill": "120", "dob": "1985-01-05"}, True),
    ({"state": "CA", "product": "roofing", "monthly_bill": "119.99", "dob": "1985-01-05"}, False),
    ({"state": "CA", "product": "roofing", "dob": "1985-01-05"}, False),
    ({"state": "CA", "product": "solar", "dob": "2001-11-20"}, True),
    ({"state": "CA", "product": "solar", "dob": "2001-11-21"}, False),
    ({"state": "CA", "product": "solar", "dob": "1955-11-21"}, True),
    ({"state": "CA", "product": "solar", "dob": "1955-11-19"}, False),
    ({"state": "CA", "product": "solar"}, False),
    ({}, False),
]


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
            a_lead(session, source, fields={"state": state, "product": "solar", "dob": "1985-01-05"})
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


def card(page: Page) -> Any:
    """Return the card of the filter."""
    return page.locator("#step-s1")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_rules_with_groups_are_built(open_rule: Any, session: Session, size: dict[str, Any], scheme: str) -> None:
    page, flow = open_rule({"and": []}, color_scheme=scheme, **size)
    page.get_by_role("button", name="Add rule", exact=True).click()
    page.get_by_label("Field of rule 1").select_option(label="State")
    page.get_by_label("Comparison of rule 1").select_option(label="is any of")
    adds = page.get_by_label("Add a state to rule 1")
    adds.fill("California")
    adds.press("Enter")
    expect(page.get_by_text("CA California")).to_be_visible()
    adds.fill("NV")
    adds.press("Enter")
    expect(said(page)).to_contain_text("State is CA or NV.")
    page.get_by_role("button", name="Add group").click()
    group = page.get_by_role("group", name="Group 2")
    group.get_by_label("Field of rule 1").select_option(label="Product")
    group.get_by_label("Value of rule 1").select_option(label="Solar")
    expect(said(page)).to_contain_text("Product is Solar.")
    group.get_by_role("button", name="Add a rule to group 2").click()
    group.get_by_label("Field of rule 2").select_option(label="Monthly bill")
    group.get_by_label("Value of rule 2").fill("120")
    expect(said(page)).to_contain_text("at least $120.")
    page.get_by_role("button", name="Add rule", exact=True).click()
    page.get_by_label("Field of rule 3").select_option(label="Date of birth")
    page.get_by_label("From of rule 3").fill("25")
    page.get_by_label("To of rule 3").fill("70")
    expect(said(page)).to_contain_text(f"Reads as: {SENTENCE}.")
    look_closely(page)
    assert stored(session, flow) == BUILT
    fields = {one["key"]: Field(one["key"], one["type"], options=tuple(one.get("options", ()))) for one in FIELDS}
    answers = [evaluate(stored(session, flow), data_of(posted), fields) for posted, _ in TWELVE]
    assert answers == [expected for _, expected in TWELVE]


def test_the_polarity_is_visible(open_rule: Any, session: Session) -> None:
    page, flow = open_rule(CA)
    expect(card(page)).to_contain_text("Continue only if State is CA")
    expect(page.locator(".tried")).to_contain_text("2 match (50 %), 2 do not")
    page.get_by_text("Stop if", exact=True).click()
    expect(card(page)).to_contain_text("Stop if State is CA")
    expect(card(page)).to_contain_text("Matches: reject “Not CA solar”")
    expect(page.locator("#plain")).to_contain_text("are rejected with “Not CA solar”")
    assert stored(session, flow, "stop_if") == CA
    page.get_by_role("button", name="Undo").click()
    expect(card(page)).to_contain_text("Continue only if State is CA")
    assert stored(session, flow) == CA


def test_a_contradiction_is_told_on_the_rule_and_on_the_card(open_rule: Any) -> None:
    page, _ = open_rule({"and": [CA, NV]})
    expect(page.locator(".rule-verdict")).to_have_text(
        "This can never be true: State would have to be two things at once."
    )
    expect(card(page)).to_contain_text("State would have to be two things at once")
    look_closely(page)
    page.get_by_role("button", name="More for rule 2").or_(page.get_by_label("More for rule 2")).first.click()
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
    expect(page.get_by_label("More for rule 1")).to_be_focused()
    assert stored(session, flow) == {
        "and": [{"is_not": [{"var": "lead.state"}, "CA"]}, {"filled": [{"var": "lead.state"}]}]
    }
