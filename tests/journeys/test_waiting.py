"""The waiting list as people use it: leads that wait are settled, sent, rejected and tried; workers do the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from flowbuilder.config import settings
from flowbuilder.leads.finding import short_form
from flowbuilder.models import Account, Lead
from tests.support.buyers import Buyer, a_buyer, in_turn
from tests.support.cast import a_member
from tests.support.flows import BUSY, SILENT, YES, buyer, quickly
from tests.support.live import everything
from tests.support.looks import NARROW, WIDE, look_closely, note_faults
from tests.support.market import Market, a_market
from tests.support.processes import free_port
from tests.support.web import session_of

CALIFORNIAN = {"when": {"is": [{"var": "lead.state"}, "CA"]}}


@dataclass
class Desk:
    """Where somebody sits: the market, its buyers, the address of the app, and a session in it."""

    market: Market
    sunrise: Buyer
    helio: Buyer
    address: str
    token: str

    def waiting(self, state: str) -> Lead:
        """Post a lead and return it once it waits."""
        [lead_id] = self.market.post(fields={"state": state})
        self.market.wait_until(f"EXISTS (SELECT FROM lead WHERE id = '{lead_id}' AND state = 'waiting')")
        return self.market.lead(lead_id)

    def ended(self, lead: Lead) -> Lead:
        """Return a lead once it has ended."""
        self.market.wait_until(f"EXISTS (SELECT FROM lead WHERE id = '{lead.id}' AND state = 'done')")
        return self.market.lead(lead.id)


@pytest.fixture
def desk(fresh_database_url: str, fresh_redis_url: str, tmp_path: Path) -> Iterator[Desk]:
    """Give a market whose first buyer does not answer, and whose second one fails; with web and workers."""
    port = free_port()
    with (
        a_buyer(in_turn(SILENT)) as sunrise,
        a_buyer(in_turn(BUSY)) as helio,
        a_market(fresh_database_url, fresh_redis_url) as market,
    ):
        first, second = market.connect(sunrise), market.connect(helio, row={"name": "Helio"})
        market.publish(
            [
                buyer(first, "sunrise", on_ambiguous="hold", **CALIFORNIAN),
                buyer(second, "helio", price=30, **quickly(max_attempts=1)),
            ],
            fallback={"id": "end", "do": "hold", "retry_every": "1h"},
        )
        with Session(market.database) as session:
            sara = a_member(session, session.get_one(Account, market.account_id), role="owner", person="Sara Seller")
            token = session_of(session, sara)
        own = replace(
            settings(), home=tmp_path / "home", database_url=fresh_database_url, redis_url=fresh_redis_url,
            public_url=f"http://127.0.0.1:{port}", web_port=int(port), outbound_allow=tuple(market.allowed),
        )  # fmt: skip
        with everything(own, own.home):
            yield Desk(market, sunrise, helio, own.public_url, token)


@contextmanager
def seated(browser: Browser, desk: Desk, **options: Any) -> Iterator[Page]:
    """Give the waiting list in a browser; in the end its page may not have complained."""
    faults: list[str] = []
    context = browser.new_context(base_url=desk.address, **options)
    context.add_cookies([{"name": "session", "value": desk.token, "url": desk.address, "httpOnly": True}])
    page = context.new_page()
    page.set_default_timeout(15_000)
    note_faults(page, faults)
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Waiting").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Waiting list")
    yield page
    context.close()
    # The browser itself notes an answer that asks for more.
    assert [fault for fault in faults if "422" not in fault] == []


def tick(page: Page, lead: Lead) -> None:
    page.get_by_role("checkbox", name=f"Tick lead {short_form(lead.id)}").check()


def test_leads_that_wait_are_settled_sent_and_rejected(browser: Browser, desk: Desk) -> None:
    silent, held, old = desk.waiting("CA"), desk.waiting("NV"), desk.waiting("NV")
    with seated(browser, desk, **WIDE) as page:
        expect(page.get_by_text("3 leads wait.")).to_be_visible()
        look_closely(page)

        tick(page, silent)
        page.get_by_role("button", name="They have it").click()
        expect(page.get_by_text("1 lead is taken as sold.")).to_be_visible()
        assert (desk.ended(silent).outcome, desk.ended(silent).revenue) == ("sold", 4200)

        desk.helio.react = in_turn(YES)
        tick(page, held)
        page.get_by_label("Offer them once to").select_option(label="Helio")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_text("1 lead is offered to that buyer.")).to_be_visible()
        assert (desk.ended(held).outcome, desk.ended(held).revenue) == ("sold", 3000)

        tick(page, old)
        page.get_by_role("button", name="Reject").click()
        expect(page.get_by_text("Type the reason first")).to_be_visible()
        look_closely(page)
        page.get_by_label("Reason for the supplier").fill("Too old")
        page.get_by_role("button", name="Reject").click()
        expect(page.get_by_text("1 lead is rejected.")).to_be_visible()
        assert (desk.ended(old).outcome, desk.ended(old).reason) == ("rejected", "Too old")

        page.get_by_role("link", name="Look again").click()
        expect(page.get_by_role("heading", name="Nothing is waiting")).to_be_visible()


def test_on_a_phone_without_scripts_a_lead_is_tried_and_another_settled_on_its_page(
    browser: Browser, desk: Desk
) -> None:
    tried, settled = desk.waiting("CA"), desk.waiting("CA")
    desk.sunrise.react = in_turn(YES)
    with seated(browser, desk, java_script_enabled=False, **NARROW) as page:
        page.get_by_role("button", name=f"Try lead {short_form(tried.id)} now").click()
        expect(page.get_by_text("1 lead is tried now.")).to_be_visible()
        assert desk.ended(tried).outcome == "sold"

        page.get_by_role("link", name=short_form(settled.id)).click()
        page.get_by_label("At the price").fill("40")
        page.get_by_role("button", name="They have it").click()
        assert (desk.ended(settled).outcome, desk.ended(settled).revenue) == ("sold", 4000)
        page.reload()
        expect(page.get_by_text("A person settled it: the buyer has the lead, at $40.00")).to_be_visible()
