"""The form of a connection in a browser: it shows what a choice needs, fills rows, and previews without a reload."""

from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from flowbuilder import ids
from tests.support.cast import Cast, a_connection
from tests.support.looks import NARROW, WIDE, look_closely

FULL = {
    "url": "https://api.sunrise.example.com/leads", "format": "xml", "signed": True,
    "old_secret_until": "2026-11-27T00:00:00.000Z",
    "mapping": [["state", {"var": "lead.state"}, {"when": {"is": [{"var": "lead.state"}, "CA"]}}]],
    "reasons": ["duplicate", [{"==": [{"var": "status"}, 409]}, "duplicate"]], "errors": [418],
    "ping": {"url": "https://api.sunrise.example.com/ping", "mapping": [], "bid_path": "body.bid"},
}  # fmt: skip


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_is_for_everybody_whatever_is_chosen(  # type: ignore[no-untyped-def]
    visit, session: Session, cast: Cast, size: Any, scheme: str
) -> None:
    row = a_connection(session, cast.sara, destination=FULL)
    session.commit()
    page = visit(f"/connections/{ids.show(row.id, 'con')}/edit", cast.sara, color_scheme=scheme, **size)
    page.check('input[name="auth"][value="headers"]')
    look_closely(page)
    page.check('input[name="auth"][value="oauth2"]')
    look_closely(page)
    page.check('input[name="auth"][value="none"]')
    page.check('input[name="accepted"][value="own"]')
    page.fill("#accepted_own", "body.response.status is accepted")
    page.click("text=Shapes that a value can take")
    page.click("text=Show what they get")
    expect(page.locator("#preview pre").last).to_contain_text("<lead><state>CA</state></lead>")
    look_closely(page)


def test_only_what_a_choice_needs_is_shown(visit, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    page = visit("/connections/new", cast.sara)
    expect(page.locator("#token_url")).to_be_hidden()
    page.check('input[name="auth"][value="oauth2"]')
    expect(page.locator("#token_url")).to_be_visible()
    expect(page.locator("#header_name")).to_be_hidden()
    page.select_option("#format", "xml")
    expect(page.locator("#xml_root")).to_be_visible()


def test_a_ready_mapping_fills_the_rows_and_keeps_what_was_typed(visit, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    page = visit("/connections/new", cast.sara)
    page.check('input[name="auth"][value="bearer"]')
    page.fill("#secret", "typed already")
    page.click("text=Fill the rows with it")
    expect(page.locator('#mapping input[name="their_field"]').first).to_have_value("lead_id")
    expect(page.locator("#secret")).to_have_value("typed already")
    page.click("text=Add a row")
    expect(page.locator('#mapping input[name="their_field"]')).to_have_count(13)


def test_the_return_key_saves_and_does_nothing_else(visit, session: Session, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    destination = {"url": "https://93.184.216.34/leads", "mapping": FULL["mapping"]}
    row = a_connection(session, cast.sara, destination=destination)
    session.commit()
    page = visit(f"/connections/{ids.show(row.id, 'con')}/edit", cast.sara)
    page.fill("#name", "Renamed")
    page.press("#name", "Enter")
    expect(page.locator("h1")).to_have_text("Renamed")
    session.refresh(row)
    assert row.destination["mapping"] == FULL["mapping"]


def test_a_common_way_to_answer_brings_its_paths(visit, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    page = visit("/connections/new", cast.sara)
    page.fill("#price_path", "body.mine")
    page.check('input[name="accepted"][value="outcome"]')
    expect(page.locator("#reference_path")).to_have_value("body.lead.id")
    expect(page.locator("#price_path")).to_have_value("body.mine")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_new_signing_secret_is_shown_once(visit, session: Session, cast: Cast, size: Any) -> None:  # type: ignore[no-untyped-def]
    row = a_connection(session, cast.sara, destination={**FULL, "signed": False})
    session.commit()
    page = visit(f"/connections/{ids.show(row.id, 'con')}", cast.sara, **size)
    page.click("summary:has-text('Sign requests')")
    page.click("button:has-text('Sign requests')")
    expect(page.locator("#new-signing-secret")).to_contain_text("whsec_")
    look_closely(page)
    page.goto(f"/connections/{ids.show(row.id, 'con')}")
    expect(page.locator("#new-signing-secret")).to_have_count(0)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_connection_by_mail_asks_for_nothing_of_web_requests(visit, cast: Cast, size: Any) -> None:  # type: ignore[no-untyped-def]
    page = visit("/connections/new", cast.sara, **size)
    expect(page.locator("#mail_to")).to_be_hidden()
    page.check('input[name="decides"][value="email"]')
    page.check('input[name="copies"][value="inbox"]')
    expect(page.locator("#url")).to_be_hidden()
    expect(page.locator("#price_path")).to_be_hidden()
    expect(page.locator("#notice")).to_be_visible()
    page.fill("#name", "Helio Home")
    page.fill("#mail_to", "leads@helio.example")
    page.fill('#mapping input[name="their_field"] >> nth=0', "Email")
    page.fill('#mapping input[name="value"] >> nth=0', "lead.email")
    page.click("text=Show what they get")
    expect(page.locator("#preview pre")).to_contain_text("Mail to leads@helio.example")
    look_closely(page)
    page.click("text=Save the connection")
    expect(page.locator("h1")).to_have_text("Helio Home")
    page.click("text=Open the inbox")
    expect(page.get_by_text("No leads yet")).to_be_visible()
    look_closely(page)
