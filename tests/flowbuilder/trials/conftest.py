"""A flow to test: CA leads go to Sunrise, up to two a day, then to Brightroof."""

from typing import Any

import pytest

from flowbuilder import ids
from flowbuilder.models import CapWindow
from rules.windows import window
from tests.support.cast import a_connection, a_flow, a_source, now
from tests.support.documents import solar, sunrise

ANA = {"email": "ana@example.com", "phone_1": "(213) 555-0148", "state": "CA"}


@pytest.fixture
def connections(session, cast):
    destination = {key: value for key, value in sunrise().items() if key != "auth"}
    rows = [a_connection(session, cast.sara, name=name, destination=destination) for name in ("Sunrise", "Brightroof")]
    session.commit()
    return rows


@pytest.fixture
def document(connections) -> dict[str, Any]:
    first, second = (ids.show(row.id, "con") for row in connections)
    written = solar(first)
    written["steps"][1]["buyer"]["caps"] = [{"limit": 2, "per": "day"}]
    written["steps"].append({"buyer": {"id": "s3", "connection": second, "price": 38}})
    return written


@pytest.fixture
def flow(session, cast, document):
    row = a_flow(session, cast.sara, document=document)
    session.commit()
    return row


@pytest.fixture
def source(session, flow):
    row = a_source(session, flow, cost={"share": 75})
    session.commit()
    return row


@pytest.fixture
def fill(session, flow):
    """Return a function that has places of Sunrise's cap taken today."""

    def taken(count: int) -> None:
        starts, ends = window("day", now(), "America/Los_Angeles")
        row = CapWindow(cap=f"{flow.id}/s2/day", bucket="", starts_at=starts, ends_at=ends, used=count)
        session.add(row)
        session.commit()

    return taken
