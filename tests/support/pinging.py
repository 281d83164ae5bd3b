"""A supplier that pings with a part of a lead before it posts the whole, and what both have in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.config import settings
from flowbuilder.models import Flow, Lead, Source
from tests.support.market import EMAIL_FIELD, STATE_FIELD, Market
from tests.support.supplier import a_key, intake_app

PART = {"state": "CA"}
WHOLE = {"state": "CA", "email": "ana@example.com"}
FIELDS = [EMAIL_FIELD | {"required": True}, STATE_FIELD]


@dataclass
class Pinger:
    """A supplier of a market's flow."""

    app: Flask
    address: str
    headers: dict[str, str]
    market: Market

    def ping(self, data: dict[str, Any] | None = None, **how: Any) -> Any:
        """Ping, and return the answer."""
        return self._send(f"{self.address}/ping", data or PART, **how)

    def post(self, ping: str | None, data: dict[str, Any] | None = None, **how: Any) -> Any:
        """Post a lead that was pinged, and return the answer."""
        return self._send(self.address, (data or WHOLE) | ({"ping_id": ping} if ping else {}), **how)

    def quoted(self, **how: Any) -> str:
        """Ping, and return the id under which a price was told."""
        answer = self.ping(**how)
        assert answer.json["outcome"] == "success", answer.json
        return str(answer.json["ping"]["id"])

    def lead(self, shown: str) -> Lead:
        """Return a lead as it stands."""
        return self.market.lead(ids.read(shown))

    def _send(self, address: str, data: dict[str, Any], headers: Any = (), **how: Any) -> Any:
        return self.app.test_client().post(address, json=data, headers=self.headers | dict(headers), **how)


@contextmanager
def a_pinger(market: Market, steps: list[dict[str, Any]], **flow: Any) -> Iterator[Pinger]:
    """Publish a flow and give a supplier of it, with its web and a loop that carries."""
    market.publish(steps, fields=FIELDS, source=flow.pop("source", {"cost": {"share": 75}}), **flow)
    with Session(market.database) as session:
        source = session.get_one(Source, market.source_id)
        address = f"/f/{session.get_one(Flow, market.flow_id).key}/{source.key}"
        key = a_key(session, source, "live")
        session.commit()
    own = replace(settings(), database_url=market.url, redis_url=market.redis_url, web_threads=128)
    with intake_app(own) as app, market.carrying():
        yield Pinger(app, address, {"X-API-Key": key}, market)
