"""The waiting list as people use it: leads that wait are settled, sent, rejected and tried; workers do the rest."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.config import Settings, settings
from flowbuilder.leads.finding import short_form
from flowbuilder.models import Account, Flow, Lead, Source
from tests.support.buyers import Buyer, a_buyer, accepting, declining, in_turn
from tests.support.cast import a_member
from tests.support.flows import BUSY, SILENT, YES, buyer, quickly
from tests.support.live import PATIENCE, everything
from tests.support.looks import NARROW, WIDE, look_closely, note_faults
from tests.support.market import Market, a_market
from tests.support.processes import free_port
from tests.support.supplier import a_key
from tests.support.web import session_of

CALIFORNIAN = {"when": {"is": [{"var": "lead.state"}, "CA"]}}


@dataclass
class Desk:
    """Where somebody sits: the market, its buyers, the settings of the app, and a session in it."""

    market: Market
    sunrise: Buyer
    helio: Buyer
    own: Settings
    token: str

    @property
    def address(self) -> str:
        """Return the address of the app."""
        return self.own.public_url

    @contextmanager
    def at_work(self, hours: float = 0) -> Iterator[None]:
        """Run web and workers, some hours from now."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FLOWBUILDER_CLOCK_OFFSET", str(hours * 3600))
            with everything(self.own, self.own.home):
                yield

    def waiting(self, state: str) -> Lead:
        """Post a lead and return it once it waits."""
        [lead_id] = self.market.post(fields={"state": state})
        self.market.wait_until(f"EXISTS (SELECT FROM lead WHERE id = '{lead_id}' AND state = 'waiting')")
        return self.market.lead(lead_id)

    def ended(self, lead: Lead) -> Lead:
        """Return a lead once it has ended."""
        self.market.wait_until(f"EXISTS (SELECT FROM lead WHERE id = '{lead.id}' AND state = 'done')")
        return self.market.lead(lead.id)


@contextmanager
def a_desk(
    database_url: str, redis_url: str, home: Path, sunrise: Buyer, helio: Buyer, flow: dict[str, Any]
) -> Iterator[Desk]:
    """Give a market of two buyers, in which nothing runs yet; `flow` says what each is offered and what comes last."""
    port = free_port()
    with a_market(database_url, redis_url) as market:
        first, second = market.connect(sunrise), market.connect(helio, row={"name": "Helio"})
        steps = [buyer(first, "sunrise", **flow["sunrise"]), buyer(second, "helio", price=30, **flow["helio"])]
        market.publish(steps, fallback={"id": "end", "do": "hold", **flow["fallback"]})
        with Session(market.database) as session:
            sara = a_member(session, session.get_one(Account, market.account_id), role="owner", person="Sara Seller")
            token = session_of(session, sara)
        own = replace(
            settings(), home=home, database_url=database_url, redis_url=redis_url,
            public_url=f"http://127.0.0.1:{port}", web_port=int(port), outbound_allow=tuple(market.allowed),
        )  # fmt: skip
        yield Desk(market, sunrise, helio, own, token)


@pytest.fixture
def desk(fresh_database_url: str, fresh_redis_url: str, tmp_path: Path) -> Iterator[Desk]:
    """Give a market whose first buyer does not answer, and whose second one fails; with web and workers."""
    flow: dict[str, Any] = {
        "sunrise": {"on_ambiguous": "hold", **CALIFORNIAN},
        "helio": quickly(max_attempts=1),
        "fallback": {"retry_every": "1h"},
    }
    with (
        a_buyer(in_turn(SILENT)) as sunrise,
        a_buyer(in_turn(BUSY)) as helio,
        a_desk(fresh_database_url, fresh_redis_url, tmp_path / "home", sunrise, helio, flow) as desk,
        desk.at_work(),
    ):
        yield desk


@pytest.fixture
def declined(fresh_database_url: str, fresh_redis_url: str, tmp_path: Path) -> Iterator[Desk]:
    """Give a market whose buyers both decline; what nobody takes is offered again every 15 minutes, for 24 hours."""
    flow: dict[str, Any] = {"sunrise": {}, "helio": {}, "fallback": {"retry_every": "15m", "for_up_to": "24h"}}
    with (
        a_buyer(declining) as sunrise,
        a_buyer(declining) as helio,
        a_desk(fresh_database_url, fresh_redis_url, tmp_path / "home", sunrise, helio, flow) as desk,
    ):
        yield desk


@contextmanager
def seated(browser: Browser, desk: Desk, **options: Any) -> Iterator[Page]:
    """Give the waiting list in a browser; in the end its page may not have complained."""
    faults: list[str] = []
    context = browser.new_context(base_url=desk.address, **options)
    context.add_cookies([{"name": "session", "value": desk.token, "url": desk.address, "httpOnly": True}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
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


def post_one(desk: Desk) -> requests.Response:
    """Post a lead as a supplier does."""
    with Session(desk.market.database) as session:
        flow, source = session.get_one(Flow, desk.market.flow_id), session.get_one(Source, desk.market.source_id)
        address, key = f"{desk.address}/f/{flow.key}/{source.key}", a_key(session, source, "live")
        session.commit()
    return requests.post(
        address, json={"email": "ana@example.com", "state": "CA"}, headers={"X-API-Key": key}, timeout=30
    )


def test_a_lead_that_both_decline_waits_for_a_day_and_is_rejected(browser: Browser, declined: Desk) -> None:
    with declined.at_work():
        answer = post_one(declined)
        assert (answer.status_code, answer.json()["status"]) == (202, "waiting")
        with seated(browser, declined, **WIDE) as page:
            expect(page.get_by_text("1 lead waits.")).to_be_visible()
            expect(page.get_by_role("main")).to_contain_text("No buyer available")
            [lead] = declined.market.leads()
            expect(page.get_by_role("main")).to_contain_text(short_form(lead.id))
            assert round((lead.due_at - lead.received_at).total_seconds() / 60) == 15
            expect(page.get_by_role("main")).to_contain_text(re.compile(r"in 1[345] min"))
            look_closely(page)
    with declined.at_work(hours=24):
        assert (declined.ended(lead).outcome, declined.ended(lead).reason) == ("rejected", "No buyer available")
        # Who was signed in a day ago has to sign in again.
        declined.market.execute("UPDATE web_session SET seen_at = now() + interval '1 day'")
        with seated(browser, declined, **WIDE) as page:
            expect(page.get_by_role("heading", name="Nothing is waiting")).to_be_visible()
            page.goto(f"/leads/{ids.show(lead.id)}")
            expect(page.get_by_role("main")).to_contain_text("Rejected: No buyer available")
    assert (len(declined.sunrise.seen), len(declined.helio.seen)) == (1, 1)
    declined.market.check()


def test_a_lead_that_waits_is_started_again_in_what_goes_live(browser: Browser, declined: Desk) -> None:
    market = declined.market
    with a_buyer(accepting) as nova:
        step = buyer(market.connect(nova, row={"name": "Nova"}), "nova", price=25)
        with Session(market.database) as session:
            flow = session.get_one(Flow, market.flow_id)
            flow.draft = {**flow.draft, "steps": [*flow.draft["steps"], step]}
            address = f"/flows/{ids.show(flow.id, 'flo')}/review"
            session.commit()
        declined.own = replace(declined.own, outbound_allow=tuple(market.allowed))
        with declined.at_work():
            lead = declined.waiting("CA")
            with seated(browser, declined, **WIDE) as page:
                page.goto(address)
                asked = page.get_by_role("group", name="1 lead waits in version 1")
                expect(asked.get_by_role("radio", name="Let it finish there")).to_be_checked()
                asked.get_by_role("radio", name="Start it again in version 2").check()
                look_closely(page)
                page.get_by_role("button", name="Publish version 2").click()
                expect(page.get_by_text("1 lead that waited is started again in it.")).to_be_visible()
                assert (declined.ended(lead).outcome, declined.ended(lead).version) == ("sold", 2)
                page.goto(f"/leads/{ids.show(lead.id)}")
                expect(page.get_by_text("Started again in version 2, asked for by Sara Seller")).to_be_visible()
                look_closely(page)
    assert [len(one.seen) for one in (declined.sunrise, declined.helio, nova)] == [1, 1, 1]
    market.check()
