"""What people do first: sign in, look around, follow a lead."""

import re

from playwright.sync_api import expect
from sqlalchemy.orm import Session

from flowbuilder import clock, ids
from flowbuilder.leads.finding import short_form
from tests.support.cast import PASSWORD, Cast, a_connection, a_flow, a_lead, a_source
from tests.support.journals import a_document, a_told_lead


def test_sara_signs_in_with_the_keyboard_and_out_again(visit, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    page = visit("/leads")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=/leads"))
    expect(page.get_by_label("Email address")).to_be_focused()
    page.keyboard.type(cast.sara.person.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Leads")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_signing_in_works_without_scripts(visit, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    page = visit("/sign-in", java_script_enabled=False)
    page.get_by_label("Email address").fill(cast.sara.person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Begin here")).to_be_visible()


def test_a_new_lead_appears_by_itself(visit, session: Session, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    source = a_source(session, a_flow(session, cast.sara))
    session.commit()
    page = visit("/leads", cast.sara)
    expect(page.get_by_text("No leads yet")).to_be_visible()
    lead = a_lead(session, source)
    session.commit()
    expect(page.get_by_role("link", name=short_form(lead.id))).to_be_visible()


def test_more_leads_are_loaded_and_the_reader_goes_on_there(visit, session: Session, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    source = a_source(session, a_flow(session, cast.sara))
    made = [a_lead(session, source) for _ in range(60)]
    session.commit()
    page = visit("/leads", cast.sara)
    page.get_by_role("link", name="Load 50 more").press("Enter")
    expect(page.get_by_role("status").filter(has_text="60 leads shown")).to_be_visible()
    expect(page.get_by_role("link", name=short_form(made[9].id))).to_be_focused()


def test_a_filter_is_part_of_the_address_and_back_undoes_it(visit, session: Session, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    source = a_source(session, a_flow(session, cast.sara))
    sold, rejected = a_lead(session, source), a_lead(session, source, outcome="rejected")
    session.commit()
    page = visit("/leads", cast.sara)
    page.get_by_label("Outcome").select_option("Rejected")
    expect(page.get_by_role("link", name=short_form(sold.id))).to_have_count(0)
    expect(page).to_have_url(re.compile("status=rejected"))
    page.go_back()
    expect(page.get_by_role("link", name=short_form(sold.id))).to_be_visible()
    expect(page.get_by_role("link", name=short_form(rejected.id))).to_be_visible()
    expect(page.get_by_label("Main")).to_be_visible()


def test_the_person_is_shown_for_a_minute(visit, session: Session, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    document = a_document(a_connection(session, cast.sara))
    source = a_source(session, a_flow(session, cast.sara, document=document))
    lead = a_told_lead(session, source, document)
    session.commit()
    page = visit("/leads", cast.sara)
    page.clock.install(time=clock.now())
    page.goto(f"/leads/{ids.show(lead.id)}")
    page.get_by_role("button", name="Show personal data").click()
    expect(page.get_by_text("Ana Pereira").first).to_be_attached()
    page.clock.run_for(40_000)
    expect(page.get_by_text("Personal data is shown for one minute.")).to_be_visible()
    page.clock.run_for(21_000)
    expect(page.get_by_text("Ana Pereira")).to_have_count(0)
    expect(page.get_by_text("A•• P••")).to_be_visible()


def test_a_lead_is_watched_and_what_was_opened_stays_open(visit, session: Session, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    document = a_document(a_connection(session, cast.sara))
    source = a_source(session, a_flow(session, cast.sara, document=document))
    lead = a_told_lead(session, source, document)
    lead.state, lead.outcome, lead.finished_at = "working", None, None
    session.commit()
    page = visit(f"/leads/{ids.show(lead.id)}", cast.sara)
    page.get_by_text("As the supplier sent it").click()
    page.get_by_text("As the supplier sent it").focus()
    lead.state, lead.outcome, lead.finished_at = "done", "sold", lead.received_at
    session.commit()
    expect(page.get_by_role("heading", name="Answer to the supplier")).to_be_visible()
    expect(page.locator("#raw")).to_have_attribute("open", "")
    expect(page.get_by_text("As the supplier sent it")).to_be_focused()


def test_nothing_of_a_person_stays_in_the_browser(visit, session: Session, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    source = a_source(session, a_flow(session, cast.sara))
    a_lead(session, source)
    session.commit()
    page = visit("/leads", cast.sara)
    page.get_by_label("Outcome").select_option("Sold")
    expect(page).to_have_url(re.compile("status=sold"))
    kept = page.evaluate("[localStorage.length, Object.values(sessionStorage).join(), document.cookie]")
    assert kept[::2] == [0, ""]
    assert re.fullmatch(r"/leads\?[\w=&]*", kept[1])


def test_when_the_session_has_ended_the_page_leads_to_sign_in(visit, session: Session, cast: Cast) -> None:  # type: ignore[no-untyped-def]
    page = visit("/leads", cast.sara)
    page.context.clear_cookies()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
