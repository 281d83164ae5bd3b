"""A flow that sells every lead to one buyer, behind a real web server and a real worker, as its suppliers see it."""

from dataclasses import dataclass
from typing import Any

import requests
from sqlalchemy.orm import Session

from flowbuilder.models import Source
from tests.support.buyers import Buyer
from tests.support.flows import buyer as a_buyer_step
from tests.support.market import Market
from tests.support.supplier import DOCUMENT, a_key
from tests.support.yard import Yard

MAPPED = ("email", "phone_1", "state", "first_name", "bill", "move_in", "comment")
HOST = "www.example.com"


def open_flow(market: Market, buyer: Buyer) -> None:
    """Publish the flow: duplicates by email, a supplier that is paid 31.50, and whose forms may go on to a page."""
    mapping = [[name, {"var": f"lead.{name}"}] for name in MAPPED]
    market.publish(
        [a_buyer_step(market.connect(buyer, mapping=mapping, timeout_ms=30_000))],
        fields=DOCUMENT["fields"],
        intake={"duplicates": {"by": ["email"], "within": "30d"}},
        source={"cost": {"fixed": 31.5}, "redirect_hosts": [HOST]},
    )


def make_test_key(market: Market) -> str:
    """Make a key for tests of the market's source and return it."""
    with Session(market.database) as session:
        text = a_key(session, session.get_one(Source, market.source_id), "test")
        session.commit()
        return text


@dataclass(frozen=True)
class Shop:
    """Where a supplier posts to, with which keys, and who buys."""

    yard: Yard
    buyer: Buyer
    address: str
    key: str
    test_key: str

    @property
    def market(self) -> Market:
        """Return the market with its rows."""
        return self.yard.market

    def post(self, method: str = "POST", *, key: str | None = None, headers: Any = (), **how: Any) -> requests.Response:
        """Send a request to the supplier's address, and follow no redirect."""
        sent = {"X-API-Key": key or self.key, **dict(headers)}
        return requests.request(method, self.address, headers=sent, allow_redirects=False, timeout=60, **how)
