"""A market that is open: its web and a worker run, suppliers post to it, and Sara looks at it in a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from playwright.sync_api import Browser, Page
from sqlalchemy.orm import Session

from flowbuilder import embedded
from flowbuilder.models import Account
from tests.support.cast import Member, a_member
from tests.support.live import PATIENCE
from tests.support.looks import note_faults
from tests.support.market import Market
from tests.support.web import session_of
from tests.support.yard import Yard, a_yard


@dataclass(frozen=True)
class Storefront:
    """Where suppliers post to, with which key, and who owns the account."""

    yard: Yard
    sara: Member
    token: str
    address: str
    key: str

    @property
    def market(self) -> Market:
        """Return the market with its rows."""
        return self.yard.market

    @property
    def home(self) -> str:
        """Return the address of the app."""
        return f"http://127.0.0.1:{self.yard.port}"

    def post(self, **fields: Any) -> dict[str, Any]:
        """Post a lead with the live key, wait for the answer, and return it."""
        sent = requests.post(self.address, json=fields, headers={"X-API-Key": self.key}, timeout=60)
        assert sent.ok, sent.text
        return dict(sent.json())

    @contextmanager
    def opened(self, browser: Browser, path: str, **options: Any) -> Iterator[Page]:
        """Open a page as Sara; in the end it may not have said anything to its console."""
        faults: list[str] = []
        context = browser.new_context(base_url=self.home, **options)
        context.add_cookies([{"name": "session", "value": self.token, "url": self.home, "httpOnly": True}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        note_faults(page, faults)
        page.goto(path)
        yield page
        context.close()
        assert faults == []


@contextmanager
def open_for_business(market: Market, servers: embedded.Servers) -> Iterator[Storefront]:
    """Open a market whose flow is published."""
    with a_yard(market, servers) as yard, Session(market.database, expire_on_commit=False) as session:
        sara = a_member(session, session.get_one(Account, market.account_id), role="owner", person="Sara Seller")
        token = session_of(session, sara)
        yard.hire()
        yard.open()
        market.wait_until("(SELECT count(*) FROM worker) >= 1", 120)
        yield Storefront(yard, sara, token, *yard.address())
