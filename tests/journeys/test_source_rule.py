"""The rule of a source in a browser: built from rows in the form, with scripts and without."""

from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from flowbuilder import ids
from tests.support.cast import Cast, a_flow, a_lead, a_source
from tests.support.documents import solar
from tests.support.looks import NARROW, WIDE, look_closely

NOT_CA = {"is_not": [{"var": "lead.state"}, "CA"]}


@pytest.fixture
def source(session: Session, cast: Cast) -> Any:
    made = a_source(session, a_flow(session, cast.sara, document=solar()))
    session.commit()
    return made


def address_of(source: Any) -> str:
    return f"/sources/{ids.show(source.id, 'src')}/edit"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_rule_of_a_source_is_built_by_everybody(  # type: ignore[no-untyped-def]
    visit, session: Session, cast: Cast, source: Any, size: Any, scheme: str
) -> None:
    page = visit(address_of(source), cast.sara, color_scheme=scheme, **size)
    page.fill("#categories", "solar")
    page.get_by_role("button", name="Add rule", exact=True).click()
    expect(page.get_by_label("Field of rule 1")).to_be_focused()
    page.get_by_label("Field of rule 1").select_option(label="State")
    page.get_by_label("Comparison of rule 1").select_option("is_not")
    page.get_by_label("Value of rule 1").select_option("CA")
    expect(page.locator(".reads-as")).to_have_text("Reads as: State is not CA.")
    look_closely(page)
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("State is not CA")).to_be_visible()
    session.refresh(source)
    assert (source.accept_if, source.categories) == (NOT_CA, ["solar"])


def test_without_scripts_it_is_built_too(visit, session: Session, cast: Cast, source: Any) -> None:  # type: ignore[no-untyped-def]
    source.accept_if = NOT_CA
    session.commit()
    page = visit(address_of(source), cast.sara, java_script_enabled=False)
    page.get_by_label("More for rule 1").click()
    page.get_by_role("button", name="Delete").locator("visible=true").click()
    expect(page.get_by_text("No rule yet")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("every lead")).to_be_visible()
    session.refresh(source)
    assert source.accept_if is None


def test_it_is_tried_on_the_last_leads_while_it_is_built(visit, session: Session, cast: Cast, source: Any) -> None:  # type: ignore[no-untyped-def]
    source.accept_if = NOT_CA
    for state in ("CA", "NV", "TX"):
        a_lead(session, source, fields={"state": state})
    session.commit()
    page = visit(address_of(source), cast.sara, **NARROW)
    page.locator("#rule-tried").scroll_into_view_if_needed()
    expect(page.locator("#rule-tried [role=status]")).to_have_text("2 are taken (67%), 1 is rejected.")
    page.get_by_label("Comparison of rule 1").select_option("is")
    expect(page.locator("#rule-tried [role=status]")).to_have_text("1 is taken (33%), 2 are rejected.")
    look_closely(page)
