"""Test runs in a real browser: nobody is called, leads that fail are one click away, and checks are kept."""

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.config import settings
from flowbuilder.models import CapWindow, ConnectionTest, Flow, FlowCheck, Lead
from tests.support.buyers import Buyer, a_buyer
from tests.support.cast import a_connection, a_flow, a_source, now
from tests.support.documents import solar, sunrise
from tests.support.editor_page import editor
from tests.support.looks import SMALL_AND_DARK, WIDE
from workers.connection_test import run_test

LOOKS = pytest.mark.parametrize("look", [WIDE, SMALL_AND_DARK], ids=["wide", "small and dark"])


@pytest.fixture
def buyers():
    """Give two buyers that count who asks them."""
    with a_buyer() as first, a_buyer() as second:
        yield first, second


@pytest.fixture
def flow(session, cast, buyers):
    """Make a flow: CA leads go to Sunrise, up to two a day, then to Brightroof."""
    first, second = (
        a_connection(session, cast.sara, name=name, tested_at=now(), destination=_reached_at(buyer))
        for name, buyer in zip(("Sunrise", "Brightroof"), buyers, strict=True)
    )
    document = solar(ids.show(first.id, "con"))
    document["steps"][1]["buyer"]["caps"] = [{"limit": 2, "per": "day"}]
    document["steps"].append({"buyer": {"id": "s3", "connection": ids.show(second.id, "con"), "price": 38}})
    row = a_flow(session, cast.sara, document=document)
    a_source(session, row, cost={"share": 75})
    session.commit()
    return row


def _reached_at(buyer: Buyer) -> dict[str, object]:
    return {key: value for key, value in sunrise(url=buyer.url()).items() if key != "auth"}


def the_test(flow) -> str:
    return f"/flows/{ids.show(flow.id, 'flo')}/test"


def sent_for_real(cast):
    return select(ConnectionTest.id).where(ConnectionTest.account_id == cast.sara.account.id)


def verdict(page: Page) -> Locator:
    """Return what stands over the path."""
    return page.get_by_role("status").filter(has_text="Run in")


def stop(page: Page, sentence: str) -> Locator:
    """Return a card of the path by its sentence."""
    path = page.get_by_role("list", name="The path of the lead, step by step")
    return path.get_by_role("article").filter(has=page.get_by_role("heading", name=sentence))


def nothing_is_counted(session: Session, flow: Flow) -> bool:
    """Return whether there is no lead of the flow, and no place of its caps is taken."""
    session.rollback()
    leads = session.scalar(select(func.count()).select_from(Lead).where(Lead.flow_id == flow.id))
    used = session.scalar(select(func.sum(CapWindow.used)).where(CapWindow.cap.like(f"{flow.id}/%")))
    return (leads, used or 0) == (0, 0)


@LOOKS
def test_a_dry_run_is_dry(visit, cast, flow, buyers, session, look):
    page = visit(the_test(flow), cast.sara, **look)
    expect(page.get_by_text("Nobody is called, and nothing is counted.")).to_be_visible()
    page.get_by_label("State").fill("CA")
    page.get_by_role("button", name="Run test").click()
    expect(verdict(page)).to_contain_text("Sold to Sunrise")
    expect(stop(page, "Offer to Sunrise")).to_contain_text("Accepted at $42.00")
    expect(stop(page, "Offer to Brightroof")).to_contain_text("Not reached")
    assert [buyer.seen for buyer in buyers] == [[], []]
    assert nothing_is_counted(session, flow)


@LOOKS
def test_leads_that_fail_are_one_click_away(visit, cast, flow, session, look):
    page = visit(the_test(flow), cast.sara, **look)
    page.get_by_role("button", name="Wrong state").click()
    expect(stop(page, "Continue only if State is CA")).to_contain_text("State is CA: lead has NV: not true")
    expect(verdict(page)).to_contain_text("Rejected: Not CA solar")

    page.get_by_role("button", name="Sunrise full").click()
    expect(stop(page, "Offer to Sunrise")).to_contain_text("Cap reached")
    expect(stop(page, "Offer to Sunrise")).to_contain_text("Not asked: its cap is reached")
    expect(verdict(page)).to_contain_text("Sold to Brightroof")
    expect(page.get_by_label("State")).to_have_value("CA")
    expect(page.get_by_label("Cap is full")).to_be_checked()

    page.get_by_role("button", name="Sunrise times out").click()
    expect(page.get_by_label("Sunrise Step 2")).to_have_value("timeout")
    expect(verdict(page)).to_contain_text("Waiting: No answer: the same buyer is asked again")

    page.goto(editor(flow, "s2"))
    no_answer = page.get_by_label("When no answer comes")
    with page.expect_response(lambda answer: "/draft/steps/s2" in answer.url and answer.ok):
        no_answer.select_option(label="A timeout means no")
    page.goto(the_test(flow))
    page.get_by_role("button", name="Sunrise times out").click()
    expect(stop(page, "Offer to Sunrise")).to_contain_text("Timed out after 30 s, offered at $42.00")
    expect(verdict(page)).to_contain_text("Sold to Brightroof")
    session.refresh(flow)
    assert flow.draft["steps"][1]["buyer"]["on_ambiguous"] == "treat_as_declined"


def test_a_check_is_kept_and_fails_when_the_flow_changes(visit, cast, flow, session):
    page = visit(the_test(flow), cast.sara)
    page.get_by_role("button", name="Wrong state").click()
    expect(page.get_by_text("State is CA: lead has NV")).to_be_visible()
    page.get_by_label("Save this as a check").fill("NV is rejected")
    page.get_by_role("button", name="Save check").click()
    expect(page.get_by_text("1 of 1 pass")).to_be_visible()

    filter_step = {"id": "s1", "continue_if": {"any_of": [{"var": "lead.state"}, ["CA", "NV"]]}}
    flow.draft = {**flow.draft, "steps": [{"filter": filter_step}, *flow.draft["steps"][1:]]}
    session.commit()
    page.reload()
    expect(page.get_by_text("0 of 1 pass")).to_be_visible()
    expect(page.get_by_text("Now sold to Sunrise")).to_be_visible()

    page.goto(the_test(flow).replace("/test", "/review"))
    expect(page.get_by_text("Checks: 0 of 1 pass")).to_be_visible()
    expect(page.get_by_text("NV is rejected: expected rejected: Not CA solar, now sold to Sunrise")).to_be_visible()
    page.goto(the_test(flow).replace("/test", "/checks"))
    page.get_by_role("button", name="Expect this instead").click()
    expect(page.get_by_text("1 of 1 pass")).to_be_visible()
    assert session.scalar(select(FlowCheck.status).where(FlowCheck.flow_id == flow.id)) == "sold"


def test_without_the_tick_nothing_is_sent(visit_refused, cast, flow, buyers, session):
    page = visit_refused(the_test(flow), cast.sara)
    page.get_by_role("button", name="Send test lead").click()
    expect(page.get_by_text("it is marked there")).to_be_visible()
    assert [buyer.seen for buyer in buyers] == [[], []]
    assert session.scalars(sent_for_real(cast)).all() == []


def test_it_is_sent_for_real_on_a_tick_alone(visit, cast, flow, buyers, session, database_url, monkeypatch):
    page = visit(the_test(flow), cast.sara)
    page.get_by_label("Send it for real").check()
    page.get_by_role("button", name="Send test lead").click()
    expect(page.get_by_text("Waiting for a free worker")).to_be_visible()
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("OUTBOUND_ALLOW", f"127.0.0.1:{buyers[0].port}")
    settings.cache_clear()
    run_test(ids.show(session.scalars(sent_for_real(cast)).one()))
    settings.cache_clear()

    expect(page.get_by_text("Sunrise accepted the test lead")).to_be_visible()
    (seen,) = buyers[0].seen
    assert seen.headers["x-test"] == "true"
    assert buyers[1].seen == []
    assert nothing_is_counted(session, flow)


@pytest.mark.parametrize("looks", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}])
def test_it_fits_and_can_be_read_however_it_is_looked_at(visit, cast, flow, looks):
    page = visit(the_test(flow), cast.sara, **looks)
    expect(page.get_by_role("list", name="The path of the lead, step by step")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="All decline").click()
    expect(page.get_by_text("Rejected: No buyer available").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_it_works_without_scripts(visit, cast, flow):
    page = visit(the_test(flow), cast.sara, java_script_enabled=False)
    page.get_by_role("button", name="Wrong state").click()
    expect(page.get_by_text("State is CA: lead has NV")).to_be_visible()
    page.get_by_label("State").fill("CA")
    page.get_by_role("button", name="Run test").click()
    expect(page.get_by_text("Sold to Sunrise").first).to_be_visible()
