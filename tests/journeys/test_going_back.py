"""A bad version is live: back in two presses, traffic follows, and what is live is looked at in every light."""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import clock, embedded, ids
from flowbuilder.models import Audit, Flow, FlowVersion
from tests.support.buyers import a_buyer
from tests.support.cast import Cast, a_check, a_connection, a_flow, a_lead, a_source
from tests.support.documents import solar
from tests.support.editor_page import address_of, card, editor
from tests.support.flows import buyer as a_buyer_step
from tests.support.flows import only
from tests.support.looks import SMALL_AND_DARK, WIDE, look_closely
from tests.support.market import a_market
from tests.support.processes import eventually
from tests.support.storefront import Storefront, open_for_business

Visit = Callable[..., Page]


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow whose version 2 rejects everybody, with a draft that somebody works at."""
    connection = ids.show(a_connection(session, cast.sara).id, "con")
    good = solar(connection)
    bad = solar(connection)
    bad["steps"][0]["filter"] |= {"continue_if": {"is": [{"var": "lead.state"}, "HI"]}, "reason": "Not Hawaii"}
    flow = a_flow(session, cast.sara, document=good)
    session.add(FlowVersion(flow_id=flow.id, number=2, document=bad, published_at=clock.now()))
    flow.live_version, flow.draft = 2, {**bad, "values": {"least": 5}}
    a_lead(session, a_source(session, flow), version=2, outcome="rejected", reason="Not Hawaii")
    session.commit()
    return flow


@pytest.mark.parametrize("look", [WIDE, SMALL_AND_DARK], ids=["wide", "small and dark"])
def test_back_to_what_worked_in_two_presses(
    visit: Visit, session: Session, cast: Cast, flow: Flow, look: dict[str, Any]
) -> None:
    draft = flow.draft
    address = f"/flows/{ids.show(flow.id, 'flo')}"
    page = visit(address, cast.sara, **look)
    expect(page.get_by_role("main")).to_contain_text("You are looking at version 2 (live).")
    look_closely(page)
    page.get_by_role("link", name="Go back to 1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Go back to version 1?")
    look_closely(page)
    page.get_by_role("button", name="Go back to version 1 now").click()
    expect(page.get_by_role("main")).to_contain_text("Version 3 is live, equal to the one you chose.")
    look_closely(page)
    session.expire_all()
    assert (flow.live_version, flow.draft) == (3, draft)
    documents = [session.get_one(FlowVersion, (flow.id, number)).document for number in (1, 3)]
    assert documents[0] == documents[1]
    audited = select(Audit.action).where(Audit.account_id == cast.sara.account.id)
    assert "flow.went_back" in session.scalars(audited).all()
    for rest in ("/versions", "/versions/2", "/versions/2/compare", "/passed/intake"):
        page.goto(address + rest)
        look_closely(page)


@pytest.mark.parametrize("look", [WIDE, SMALL_AND_DARK], ids=["wide", "small and dark"])
def test_the_editor_says_what_went_live_with_the_way_back(
    visit: Visit, session: Session, cast: Cast, flow: Flow, look: dict[str, Any]
) -> None:
    lead = {"email": "ana@example.com", "phone_1": "+15125550147", "state": "HI"}
    a_check(session, flow, lead=lead, name="HI is sold", must_pass=True)
    session.commit()
    page = visit(editor(flow), cast.sara, **look)
    expect(page.get_by_text("Version 2 is now live")).to_be_visible()
    look_closely(page)
    page.get_by_role("link", name="Go back to version 1").click()
    expect(page.get_by_text("The check “HI is sold” must pass, and fails on version 1")).to_be_visible()
    look_closely(page)
    page.get_by_role("button", name="Go back to version 1 all the same").click()
    expect(page.get_by_role("main")).to_contain_text("Version 3 is live, equal to the one you chose.")
    page.goto(editor(flow))
    expect(page.get_by_text("Version 3 is now live")).to_be_visible()


@pytest.fixture
def shop(servers: embedded.Servers, fresh_database_url: str, fresh_redis_url: str) -> Iterator[Storefront]:
    """Give a market that sells leads from California to one buyer."""
    with a_buyer() as buyer, a_market(fresh_database_url, fresh_redis_url) as market:
        market.publish([only("CA", reason="Not California"), a_buyer_step(market.connect(buyer))])
        with open_for_business(market, servers) as shop:
            yield shop


def publish_a_bad_filter(page: Page, flow: Flow) -> None:
    """Ask for leads from Hawaii by mistake, and publish that."""
    page.goto(editor(flow, "f"))
    page.get_by_label("Value of rule 1").select_option(label="HI Hawaii")
    expect(card(page, "Step 1 · Filter")).to_contain_text("Continue only if State is HI")
    page.get_by_role("link", name="Review and publish").click()
    page.get_by_role("button", name="Publish version 2").click()
    expect(page.get_by_text("Version 2 is live.")).to_be_visible()


def go_on_with_the_draft(page: Page, flow: Flow) -> None:
    """Change the price in the draft, which nobody has published yet."""
    page.goto(editor(flow, "s1"))
    page.get_by_label("Price", exact=True).fill("43")
    expect(card(page, "Step 2 · Buyer")).to_contain_text("at $43.00")


def test_traffic_follows_what_was_gone_back_to(browser: Browser, shop: Storefront) -> None:
    def outcome() -> str:
        return str(shop.post(email="ana@example.com", state="CA")["status"])

    with Session(shop.market.database) as session, shop.opened(browser, "/flows", **WIDE) as page:
        flow = session.get_one(Flow, shop.market.flow_id)
        assert outcome() == "sold"
        publish_a_bad_filter(page, flow)
        eventually(lambda: outcome() == "rejected")
        go_on_with_the_draft(page, flow)
        session.refresh(flow)
        draft = flow.draft

        page.goto(address_of(flow))
        page.get_by_role("link", name="Go back to 1").click()
        page.get_by_role("button", name="Go back to version 1 now").click()
        expect(page.get_by_role("main")).to_contain_text("Version 3 is live, equal to the one you chose.")
        eventually(lambda: outcome() == "sold")

        session.refresh(flow)
        assert (flow.live_version, flow.draft) == (3, draft)
        first, third = (session.get_one(FlowVersion, (flow.id, number)).document for number in (1, 3))
        assert first == third
        # A post may go the way of the version before for two seconds.
        assert [version for version, _ in groupby(lead.version for lead in shop.market.leads())] == [1, 2, 3]
        audited = select(Audit.action).where(Audit.action.like("flow.%")).order_by(Audit.id)
        assert session.scalars(audited).all() == ["flow.published", "flow.went_back"]
