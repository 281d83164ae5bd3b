"""A rule with groups is built by hand: its sentence, its JSON, and what it makes of twelve leads in the test run."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Flow
from tests.support.cast import Cast, a_connection, a_flow
from tests.support.documents import solar
from tests.support.editor_page import address_of, editor
from tests.support.looks import SMALL_AND_DARK, WIDE, look_closely

Visit = Callable[..., Page]

FIELDS: list[dict[str, Any]] = [
    {"key": "email", "type": "email"},
    {"key": "state", "type": "state"},
    {"key": "product", "type": "choice", "options": ["solar", "roofing"]},
    {"key": "monthly_bill", "type": "money"},
    {"key": "dob", "type": "dob"},
]
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
TODAY = "2026-11-20T10:41"
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
    ({"email": "ana@example.com"}, False),
]
"""Leads, and whether they pass at the moment of the test."""


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow whose filter has no rules yet."""
    document = solar(ids.show(a_connection(session, cast.sara).id, "con"), fields=FIELDS)
    document["steps"][0]["filter"]["continue_if"] = {"and": []}
    made = a_flow(session, cast.sara, document=document)
    session.commit()
    return made


def reads_as(page: Page, sentence: str) -> None:
    """Wait until the rule reads like that."""
    expect(page.get_by_text(f"Reads as: {sentence}.", exact=True)).to_be_visible()


def build(page: Page) -> None:
    """Build the rule: two states, one of two things, and an age."""
    page.get_by_role("button", name="Add rule", exact=True).click()
    page.get_by_label("Field of rule 1").select_option(label="State")
    page.get_by_label("Comparison of rule 1").select_option(label="is any of")
    adds = page.get_by_label("Add a state to rule 1")
    for typed, read in (("California", "State is CA"), ("NV", "State is CA or NV")):
        adds.fill(typed)
        adds.press("Enter")
        reads_as(page, read)
    page.get_by_role("button", name="Add group").click()
    group = page.get_by_role("group", name="Group 2")
    group.get_by_label("Field of rule 1").select_option(label="Product")
    group.get_by_label("Value of rule 1").select_option(label="Solar")
    reads_as(page, "State is CA or NV, and Product is Solar")
    group.get_by_role("button", name="Add a rule to group 2").click()
    group.get_by_label("Field of rule 2").select_option(label="Monthly bill")
    group.get_by_label("Value of rule 2").fill("120")
    page.get_by_role("button", name="Add rule", exact=True).click()
    page.get_by_label("Field of rule 3").select_option(label="Date of birth")
    page.get_by_label("From of rule 3").fill("25")
    page.get_by_label("To of rule 3").fill("70")
    reads_as(page, SENTENCE)
    look_closely(page)


def try_twelve(page: Page) -> None:
    """Send the twelve leads through the test run, one after the other."""
    page.get_by_label("As of").fill(TODAY)
    page.get_by_text("Paste a lead", exact=True).click()
    pasted = page.get_by_label("JSON, a query string, or a line of CSV")
    verdict = page.get_by_role("status").filter(has_text="Run in")
    for lead, passes in TWELVE:
        pasted.fill(json.dumps(lead))
        page.get_by_role("button", name="Use what is pasted").click()
        expect(pasted).to_have_value("")
        expect(verdict).to_contain_text("Sold to Sunrise Energy" if passes else "Rejected: Not CA solar")
    look_closely(page)


@pytest.mark.parametrize("look", [WIDE, SMALL_AND_DARK], ids=["wide", "small and dark"])
def test_a_rule_with_groups_says_what_it_does_and_does_it(
    visit: Visit, session: Session, cast: Cast, flow: Flow, look: dict[str, Any]
) -> None:
    page = visit(editor(flow, "s1"), cast.sara, **look)
    build(page)
    session.expire_all()
    assert flow.draft["steps"][0]["filter"]["continue_if"] == BUILT
    page.goto(address_of(flow, "test"))
    try_twelve(page)
