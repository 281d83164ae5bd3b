"""A bad version is live: back in two presses, and what is live is looked at in every light."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import clock, ids
from flowbuilder.models import Audit, Flow, FlowVersion
from tests.support.cast import Cast, a_connection, a_flow, a_lead, a_source
from tests.support.documents import solar
from tests.support.looks import NARROW, WIDE, look_closely

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


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_back_to_what_worked_in_two_presses(
    visit: Visit, session: Session, cast: Cast, flow: Flow, size: dict[str, Any], scheme: str
) -> None:
    draft = flow.draft
    address = f"/flows/{ids.show(flow.id, 'flo')}"
    page = visit(address, cast.sara, color_scheme=scheme, **size)
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
