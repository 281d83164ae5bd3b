"""What people can decide about one lead: who may, what is offered, and what is written for the worker."""

import html
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Audit, Connection, Lead, Source
from tests.support.cast import Cast, a_connection, a_flow, a_lead, a_member, a_source, an_event, an_offer
from tests.support.journals import MadeUp, a_document, a_told_lead
from tests.support.web import post, signed_in

WAITS = {"state": "waiting", "outcome": None, "finished_at": None, "revenue": 0, "cost": 0}
HOLDS = {"id": "end", "do": "hold"}


@pytest.fixture
def buyers(session: Session, cast: Cast) -> list[Connection]:
    return [a_connection(session, cast.sara, name="Brightroof"), a_connection(session, cast.sara)]


@pytest.fixture
def document(buyers: list[Connection]) -> dict[str, Any]:
    return a_document(*buyers, fallback=HOLDS)


@pytest.fixture
def source(session: Session, cast: Cast, document: dict[str, Any]) -> Source:
    return a_source(session, a_flow(session, cast.sara, document=document))


@pytest.fixture
def held(session: Session, source: Source, document: dict[str, Any]) -> Lead:
    """Give a lead that waits for another round: Brightroof declined it, Sunrise Energy failed."""
    answers = {"s2": MadeUp("declined", reason="rejected"), "s3": MadeUp("error", reason="error")}
    lead = a_told_lead(session, source, document, answers=answers)
    session.commit()
    return lead


@pytest.fixture
def silent(session: Session, source: Source, buyers: list[Connection]) -> Lead:
    """Give a lead that Sunrise Energy may have."""
    lead = a_lead(session, source, waiting_for="person", **WAITS)
    an_offer(session, lead, buyers[1], step="s3", buyer="s3", state="sending", finished_at=None)
    session.commit()
    return lead


def address(lead: Lead) -> str:
    return f"/leads/{ids.show(lead.id)}"


def written(session: Session, lead: Lead) -> dict[str, Any]:
    session.expire_all()
    instruction: dict[str, Any] = session.get_one(Lead, lead.id).instruction
    assert ids.read(instruction.pop("id"))
    return instruction


def audited(session: Session, lead: Lead) -> list[tuple[str, dict[str, Any]]]:
    rows = session.scalars(select(Audit).where(Audit.subject == ids.show(lead.id)))
    return [(row.action, row.detail) for row in rows]


def test_a_held_lead_can_be_sent_to_whose_no_does_not_stand_or_rejected(sara: FlaskClient, held: Lead) -> None:
    text = html.unescape(sara.get(address(held)).text)
    assert '<option value="s3">Sunrise Energy</option>' in text
    assert '<option value="s2">' not in text
    assert "Reason for the supplier" in text
    assert "They have it" not in text


def test_rejecting_writes_the_reason_for_the_worker(sara: FlaskClient, session: Session, held: Lead) -> None:
    assert post(sara, f"{address(held)}/reject", reason=" Too  old ").status_code == 303
    assert written(session, held) == {"do": "reject", "reason": "Too old"}
    assert audited(session, held) == [("lead.rejected", {})]
    assert "What was decided is done in a moment." in sara.get(address(held)).text


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_reason_must_be_typed(sara: FlaskClient, session: Session, held: Lead, reason: str) -> None:
    refused = post(sara, f"{address(held)}/reject", reason=reason)
    assert refused.status_code == 422
    assert "Type a reason of at most 200 characters" in refused.text
    session.expire_all()
    assert session.get_one(Lead, held.id).instruction is None


def test_sending_writes_the_buyer_for_the_worker(
    sara: FlaskClient, session: Session, held: Lead, buyers: list[Connection]
) -> None:
    assert post(sara, f"{address(held)}/send-to", buyer=ids.show(buyers[1].id, "con")).status_code == 303
    assert written(session, held) == {"do": "offer", "buyer": "s3"}
    assert audited(session, held) == [("lead.sent_to", {"buyer": "s3"})]


def test_nobody_is_chosen_before_somebody_chooses(
    sara: FlaskClient, session: Session, source: Source, held: Lead, document: dict[str, Any]
) -> None:
    failing = {step: MadeUp("error", reason="error") for step in ("s2", "s3")}
    both = a_told_lead(session, source, document, answers=failing)
    session.commit()
    choose = '<option value="">Choose a buyer</option>'
    assert [choose in sara.get(address(lead)).text for lead in (both, held)] == [True, False]
    refused = post(sara, f"{address(held)}/send-to", buyer="")
    assert (refused.status_code, "Choose the buyer that it is offered to." in refused.text) == (422, True)
    session.expire_all()
    assert session.get_one(Lead, held.id).instruction is None


def test_a_lead_is_decided_about_once(sara: FlaskClient, session: Session, held: Lead) -> None:
    assert post(sara, f"{address(held)}/reject", reason="Too old").status_code == 303
    refused = post(sara, f"{address(held)}/send-to", buyer="s3")
    assert (refused.status_code, "Look again in a moment" in refused.text) == (409, True)
    assert written(session, held) == {"do": "reject", "reason": "Too old"}


def test_a_lead_that_a_buyer_may_have_can_only_be_settled_or_tried(sara: FlaskClient, silent: Lead) -> None:
    text = html.unescape(sara.get(address(silent)).text)
    assert "Does Sunrise Energy have the lead?" in text
    assert 'value="42.00"' in text
    assert "Try now" in text
    assert "Offer it once to" not in text
    refused = post(sara, f"{address(silent)}/reject", reason="Enough")
    assert (refused.status_code, "Settle that first." in refused.text) == (422, True)


@pytest.mark.parametrize(
    ("fields", "instruction"),
    [
        ({"answer": "accepted", "price": "40.50"}, {"answer": "accepted", "price": 4050}),
        ({"answer": "accepted", "price": ""}, {"answer": "accepted", "price": 4200}),
        ({"answer": "declined", "price": "nonsense"}, {"answer": "declined", "price": 4200}),
    ],
)
def test_settling_writes_the_answer_for_the_worker(
    sara: FlaskClient, session: Session, silent: Lead, fields: dict[str, str], instruction: dict[str, Any]
) -> None:
    assert post(sara, f"{address(silent)}/settle", offer="1", **fields).status_code == 303
    assert written(session, silent) == {"do": "settle", "offer": 1, **instruction}


@pytest.mark.parametrize("price", ["42.01", "-1", "1.005", "much", "1e99", "nan", "Infinity"])
def test_a_price_is_money_and_not_above_the_offer(
    sara: FlaskClient, session: Session, silent: Lead, price: str
) -> None:
    refused = post(sara, f"{address(silent)}/settle", offer="1", answer="accepted", price=price)
    assert (refused.status_code, "The price must be" in refused.text) == (422, True)
    session.expire_all()
    assert session.get_one(Lead, silent.id).instruction is None


def test_a_lead_that_ended_unknown_waits_again_with_how_it_had_ended(
    sara: FlaskClient, session: Session, source: Source, buyers: list[Connection]
) -> None:
    ended = {"outcome": "error", "reason_code": "unknown", "reason": "Never answered", "revenue": 0, "cost": 0}
    lead = a_lead(session, source, crashes=4, **ended)
    an_offer(session, lead, buyers[1], step="s3", buyer="s3", state="unknown", is_winner=False)
    session.commit()
    assert "They have it" in sara.get(address(lead)).text
    assert post(sara, f"{address(lead)}/settle", answer="declined").status_code == 303
    instruction = written(session, lead)
    assert (instruction["answer"], instruction["ended"]) == ("declined", ended)
    row = session.get_one(Lead, lead.id)
    assert (row.state, row.waiting_for, row.outcome, row.crashes) == ("waiting", "person", None, 0)


@pytest.mark.parametrize(("role", "status"), [("editor", 303), ("publisher", 303), ("analyst", 403)])
def test_an_analyst_decides_nothing(
    app: Flask, session: Session, cast: Cast, held: Lead, role: str, status: int
) -> None:
    teammate = signed_in(app, session, a_member(session, cast.sara.account, role=role, person="Tina Teammate"))
    assert ("Reason for the supplier" in teammate.get(address(held)).text) == (status == 303)
    assert post(teammate, f"{address(held)}/reject", reason="Too old").status_code == status


@pytest.mark.parametrize("action", ["try-now", "reject", "send-to", "settle"])
def test_a_stranger_finds_no_lead_to_decide_about(
    app: Flask, session: Session, cast: Cast, held: Lead, action: str
) -> None:
    for who in (cast.zoe, cast.bill):
        values = {"reason": "Mine", "buyer": "s3", "answer": "accepted"}
        assert post(signed_in(app, session, who), f"{address(held)}/{action}", **values).status_code == 404


def test_the_page_tells_what_a_person_did(
    sara: FlaskClient, session: Session, source: Source, document: dict[str, Any], buyers: list[Connection]
) -> None:
    lead = a_told_lead(session, source, document, answers={"s2": MadeUp("declined"), "s3": MadeUp("error")})
    lead.run = 2
    told = {"id": "01", "do": "offer", "buyer": "s3"}
    asks = {"until": None, "for": "retry", "reason": "No buyer available"}
    an_event(session, lead, seq=1, step="intake", effect="hold", asks=asks, result={"now": "2026-11-20", "told": told})
    settled = {"offer": 2, "buyer": "s3", "answer": "accepted", "price": 4100}
    an_event(session, lead, seq=2, step="s3", effect="by_hand", asks=settled, result={"by_hand": "02"})
    session.commit()
    text = html.unescape(sara.get(address(lead)).text)
    assert "Waits to be offered again; a person had it offered to Sunrise Energy" in text
    assert "A person settled it: the buyer has the lead, at $41.00" in text
