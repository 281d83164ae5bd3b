"""One lead: where it came from, what happened, and who may see the person."""

import html
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import clock, ids
from flowbuilder.leads.asked import COPY_WORDS
from flowbuilder.models import Audit, Connection, Lead, LeadEvent, Source
from rules.delivery.feedback import FEEDBACK
from rules.delivery.methods import DELIVERY_METHODS, NOTICE
from tests.support.cast import Cast, a_connection, a_flow, a_lead, a_source, an_attempt, an_inbox_lead, an_offer
from tests.support.journals import ANA, MadeUp, MadeUpFind, a_document, a_told_lead, its_bids, with_bids, with_lanes
from tests.support.web import HTMX, form_token, post, signed_in


@pytest.fixture
def buyers(session: Session, cast: Cast) -> list[Connection]:
    """Give two buyers of Sara's."""
    return [a_connection(session, cast.sara, name="Brightroof"), a_connection(session, cast.sara)]


@pytest.fixture
def document(buyers: list[Connection]) -> dict[str, Any]:
    """Give a flow that asks both."""
    return a_document(*buyers)


@pytest.fixture
def source(session: Session, cast: Cast, document: dict[str, Any]) -> Source:
    """Give a source of that flow."""
    return a_source(session, a_flow(session, cast.sara, document=document))


def told(session: Session, source: Source, document: dict[str, Any], **values: Any) -> str:
    lead = a_told_lead(session, source, document, **values)
    session.commit()
    return f"/leads/{ids.show(lead.id)}"


def text_of(client: FlaskClient, address: str) -> str:
    return html.unescape(client.get(address).text)


def test_bids_are_told_where_they_were_asked_for_and_are_no_sales(
    sara: FlaskClient, session: Session, source: Source, buyers: list[Connection]
) -> None:
    lead = a_told_lead(session, source, with_bids(*buyers), answers={"b0": MadeUp(bid=3600), "b1": MadeUp(bid=0)})
    its_bids(session, lead, (buyers[0], 3600), (buyers[1], 0))
    session.commit()
    text = text_of(sara, f"/leads/{ids.show(lead.id)}")
    said = [
        "Asked 2 buyers for a bid",
        ">Bid<",
        "Asked for a bid: $36.00",
        ">No bid<",
        "Accepted at $36.00",
        "Sold for",
    ]
    places = [text.index(each) for each in said]
    assert places == sorted(places)
    assert "Offered at $0.00" not in text
    assert "Told why it did not get the lead: Answered, status 200" in text


def test_a_sold_lead_tells_who_bought_it_and_for_how_much(
    sara: FlaskClient, session: Session, source: Source, document: dict[str, Any]
) -> None:
    declined = {"s2": MadeUp("declined", reason="Outside area")}
    text = text_of(sara, told(session, source, document, answers=declined))
    assert "to Sunrise Energy" in text
    assert "$42.00 price" in text
    assert text.index("Arrived") < text.index("Brightroof") < text.index("Sunrise Energy</a>") < text.index("Sold for")
    assert "Outside area" in text
    assert "California solar, version 1" in text
    assert "WebForms Co" in text


def test_a_rejected_lead_tells_the_rule_and_the_value_that_decided(
    sara: FlaskClient, session: Session, source: Source, document: dict[str, Any]
) -> None:
    text = text_of(sara, told(session, source, document, fields={**ANA, "state": "NV"}))
    assert "Continue only if State is CA" in text
    assert "State is CA: lead has NV" in text
    assert "Reason for the supplier: “Not CA solar”" in text
    assert '"outcome":"failure","status":"rejected","reason":"Not CA solar"' in text


def test_every_buyer_that_was_passed_by_says_why(
    sara: FlaskClient, session: Session, source: Source, document: dict[str, Any]
) -> None:
    passed_by = {"s2": MadeUp("not_asked", reason="cap_reached"), "s3": MadeUp("not_asked", reason="paused")}
    text = text_of(sara, told(session, source, document, answers=passed_by))
    assert "Cap reached" in text
    assert "Not asked: its cap is reached" in text
    assert "Not asked: it is paused" in text


def test_personal_data_is_masked_everywhere(
    sara: FlaskClient, session: Session, source: Source, document: dict[str, Any]
) -> None:
    declined = {"s2": MadeUp("declined", reason="ana@example.com is known")}
    text = text_of(sara, told(session, source, document, answers=declined))
    assert "A•• P••" in text
    assert "••••@" not in text
    assert "a••@e••••.com" in text
    assert "(•••) •••-0148" in text
    for told_of_ana in ("Ana Pereira", "Pereira", "ana@example.com", "2135550148", "Call after six"):
        assert told_of_ana not in text
    assert "•••• is known" in text
    assert "The body is shown with the personal data." in text


def test_a_rule_over_personal_data_does_not_show_what_it_saw(
    sara: FlaskClient, session: Session, cast: Cast, buyers: list[Connection]
) -> None:
    rule = {"is_not": [{"var": "lead.email"}, "nobody@example.com"]}
    document = a_document(*buyers)
    document["steps"][0] = {"filter": {"id": "s1", "continue_if": rule, "reason": "No"}}
    source = a_source(session, a_flow(session, cast.sara, document=document))
    address = told(session, source, document)
    assert "lead has ••••" in text_of(sara, address)
    assert "ana@example.com" not in text_of(sara, address)
    assert "lead has ana@example.com" in html.unescape(post(sara, f"{address}/people").text)


def test_what_steps_changed_is_told_and_the_person_in_it_is_masked(
    sara: FlaskClient, session: Session, cast: Cast, buyers: list[Connection]
) -> None:
    document = with_lanes(*buyers)
    source = a_source(session, a_flow(session, cast.sara, document=document))
    known = {"b1": MadeUp("declined", reason="ana pereira: call after six is known")}
    address = told(session, source, document, fields={**ANA, "bill": 90}, answers=known)
    text, in_full = text_of(sara, address), html.unescape(post(sara, f"{address}/people").text)
    assert "Changed Comment and State" in text
    assert "CA, now</span> NV" in text
    assert "Call after six" not in text
    assert "Ana Pereira: Call after six" in in_full


def test_what_a_service_found_is_told_and_the_person_in_it_is_masked(
    sara: FlaskClient, session: Session, cast: Cast, buyers: list[Connection]
) -> None:
    document = a_document(*buyers)
    outputs = [["comment", "body.owner"], ["state", "body.state"]]
    asks = {"id": "l", "connection": ids.show(buyers[0].id, "con"), "outputs": outputs}
    document["steps"].insert(0, {"look_up": asks})
    source = a_source(session, a_flow(session, cast.sara, document=document))
    found = MadeUpFind(values={"comment": "Bo Beltran", "state": "CA"})
    address = told(session, source, document, finds={"l": found})
    text, in_full = text_of(sara, address), html.unescape(post(sara, f"{address}/people").text)
    assert "Found Comment and State" in text
    assert "Bo Beltran" not in text
    assert "Bo Beltran" in in_full


def test_the_lane_and_the_buyers_of_a_group_are_told(
    sara: FlaskClient, session: Session, cast: Cast, buyers: list[Connection]
) -> None:
    document = with_lanes(*buyers)
    document["steps"][1]["split"]["cases"][0]["steps"][0]["split"]["percent"] = [
        {"share": 100, "steps": document["steps"][1]["split"]["cases"][0]["steps"][0]["split"]["percent"][0]["steps"]}
    ]
    source = a_source(session, a_flow(session, cast.sara, document=document))
    text = text_of(sara, told(session, source, document))
    for words in ("Lane: West", "State is CA: lead has CA", "Accepted at $42.00", "Skipped: the step is turned off"):
        assert words in text


def test_showing_the_person_is_written_down(
    sara: FlaskClient, session: Session, cast: Cast, source: Source, document: dict[str, Any]
) -> None:
    address = told(session, source, document)
    answer = post(sara, f"{address}/people")
    shown = html.unescape(answer.text)
    for told_of_ana in ("Ana Pereira", "ana@example.com", "+12135550148", "Call after six"):
        assert told_of_ana in shown
    assert '{"email": "ana@example.com", "state": "CA"}' in shown
    written = session.scalars(select(Audit).where(Audit.account_id == cast.sara.account.id)).one()
    assert (written.action, written.person_id) == ("lead.people_shown", cast.sara.person.id)
    assert written.subject == address.rpartition("/")[2]
    assert written.detail == {}


def test_it_hides_again_after_a_minute(
    sara: FlaskClient, session: Session, source: Source, document: dict[str, Any]
) -> None:
    address = told(session, source, document)
    headers = {**HTMX, "X-CSRFToken": form_token(sara)}
    part = sara.post(f"{address}/people", headers=headers).text
    assert f'hx-get="{address}" hx-trigger="load delay:60s"' in part
    assert "<html" not in part
    assert post(sara, f"{address}/people").headers["Refresh"] == f"60; url={address}"


def test_an_analyst_is_not_shown_the_person(
    app: Flask, session: Session, cast: Cast, source: Source, document: dict[str, Any]
) -> None:
    address, tom = told(session, source, document), signed_in(app, session, cast.tom)
    assert "Show personal data" not in tom.get(address).text
    assert post(tom, f"{address}/people").status_code == 403
    assert session.scalars(select(Audit).where(Audit.account_id == cast.sara.account.id)).all() == []


def test_a_stranger_finds_no_lead(
    app: Flask, session: Session, cast: Cast, source: Source, document: dict[str, Any]
) -> None:
    address = told(session, source, document)
    for who in (cast.zoe, cast.bill):
        client = signed_in(app, session, who)
        assert client.get(address).status_code == 404
        assert post(client, f"{address}/people").status_code == 404


def test_neither_address_nor_title_names_the_person(
    sara: FlaskClient, session: Session, source: Source, document: dict[str, Any]
) -> None:
    address = told(session, source, document)
    title = sara.get(address).text.split("<title>")[1].split("</title>")[0]
    assert title.startswith("Lead ")
    assert "Ana" not in title
    assert "ana" not in address


def test_a_lead_that_is_not_done_is_watched_until_it_is(
    sara: FlaskClient, session: Session, source: Source, document: dict[str, Any]
) -> None:
    address = told(session, source, document)
    lead = session.scalars(select(Lead).where(Lead.account_id == source.account_id)).one()
    lead.state, lead.outcome, lead.finished_at = "working", None, None
    session.execute(LeadEvent.__table__.delete().where(LeadEvent.lead_id == lead.id, LeadEvent.effect == "close"))
    session.commit()
    text = sara.get(address).text
    mark = text.split('{"mark": "')[1].split('"')[0]
    assert "every 2s" in text
    assert "Answer to the supplier" not in text
    assert sara.get(f"{address}?mark={mark}", headers=HTMX).status_code == 204
    lead.state, lead.outcome = "done", "sold"
    session.commit()
    done = sara.get(f"{address}?mark={mark}", headers=HTMX).text
    assert "every 2s" not in done
    assert "Answer to the supplier" in done


def test_what_strangers_wrote_is_only_text(
    sara: FlaskClient, session: Session, source: Source, document: dict[str, Any], buyers: list[Connection]
) -> None:
    evil = "<script>alert(1)</script>{{7*1234567}}"
    fields = {**ANA, "first_name": evil, "comment": evil}
    address = told(session, source, document, fields=fields, answers={"s2": MadeUp("declined", reason=evil)})
    lead = session.scalars(select(Lead).where(Lead.account_id == source.account_id)).one()
    offer = an_offer(session, lead, buyers[0], offer_no=9, state="error", is_winner=False, reason=evil)
    an_attempt(session, offer, error=evil, request={"url": evil, "headers": {evil: evil}, "body": evil})
    session.commit()
    text = post(sara, f"{address}/people").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*1234567}}" in text
    assert "8641969" not in text


@pytest.mark.parametrize("gone", ["document", "events"])
def test_a_lead_without_its_flow_or_journal_is_still_shown(
    sara: FlaskClient, session: Session, cast: Cast, document: dict[str, Any], gone: str
) -> None:
    flow = a_flow(session, cast.sara, document=document)
    address = told(session, a_source(session, flow), document, version=7 if gone == "document" else 1)
    if gone == "events":
        lead_id = ids.read(address.rpartition("/")[2])
        session.execute(LeadEvent.__table__.delete().where(LeadEvent.lead_id == lead_id))
        session.commit()
    text = text_of(sara, address)
    assert "What happened" in text
    assert "Ana" not in text


ADVISED = [
    ({"state": "waiting", "outcome": None, "waiting_for": "person"}, "Ask Sunrise Energy whether the lead arrived."),
    ({"outcome": "error", "reason_code": "unknown"}, "Ask Sunrise Energy whether the lead arrived, and say below"),
    ({"outcome": "error", "reason_code": "quarantined", "reason": "It broke"}, "Put right what is named here"),
    ({"outcome": "error", "reason_code": "rule_error", "reason": "No number"}, "Put right the step"),
]


@pytest.mark.parametrize(("values", "words"), ADVISED)
def test_a_lead_that_needs_a_person_says_what_a_person_can_do(
    sara: FlaskClient, session: Session, source: Source, buyers: list[Connection], values: dict[str, Any], words: str
) -> None:
    lead = a_lead(session, source, **values)
    an_offer(session, lead, buyers[0], state="declined", is_winner=False)
    an_offer(session, lead, buyers[1], offer_no=2, state="unknown", is_winner=False)
    session.commit()
    assert words in text_of(sara, f"/leads/{ids.show(lead.id)}")


def test_a_lead_that_is_tried_again_says_when(sara: FlaskClient, session: Session, source: Source) -> None:
    year = clock.now().year
    due = datetime(year, 11, 20, 20, 30, tzinfo=UTC)
    lead = a_lead(session, source, state="waiting", outcome=None, waiting_for="retry", due_at=due)
    session.commit()
    answer = sara.get(f"/leads/{ids.show(lead.id)}").text
    assert f'Will be tried again. Next try <time datetime="{year}-11-20T20:30:00.000+00:00">20 Nov 12:30:00<' in answer


def test_a_waiting_lead_can_be_tried_now_and_it_is_written_down(
    sara: FlaskClient, session: Session, source: Source
) -> None:
    waits = {"state": "waiting", "outcome": None, "waiting_for": "person", "finished_at": None}
    lead = a_lead(session, source, due_at=datetime(9999, 1, 1, tzinfo=UTC), **waits)
    session.commit()
    address = f"/leads/{ids.show(lead.id)}"
    assert "Try now" in text_of(sara, address)
    assert post(sara, f"{address}/try-now").status_code == 303
    session.expire_all()
    assert session.get_one(Lead, lead.id).due_at < datetime.now(UTC)
    assert session.scalars(select(Audit.action).where(Audit.subject == ids.show(lead.id))).all() == ["lead.tried_now"]


def test_a_lead_that_is_done_cannot_be_tried(sara: FlaskClient, session: Session, source: Source) -> None:
    lead = a_lead(session, source)
    session.commit()
    address = f"/leads/{ids.show(lead.id)}"
    assert "Try now" not in text_of(sara, address)
    refused = post(sara, f"{address}/try-now")
    assert (refused.status_code, "This lead does not wait any more." in refused.text) == (409, True)
    session.expire_all()
    assert session.get_one(Lead, lead.id).state == "done"


def test_what_went_out_beside_the_call_that_decided_is_told_as_that(
    sara: FlaskClient, session: Session, source: Source, buyers: list[Connection]
) -> None:
    offer = an_offer(session, a_lead(session, source), buyers[0], delivery_method="email")
    others = [method for method in COPY_WORDS if method != "email"]
    mail = {
        "method": "MAIL",
        "url": "leads@brightroof.example",
        "headers": [["Subject", "Ana Tamm"]],
        "body": "Ana Tamm",
    }
    for number, method in enumerate(["email", *others], 1):
        an_attempt(session, offer, attempt_no=number, method=method, request=mail, state="error", reply=None)
    session.commit()
    assert set(COPY_WORDS) == {*DELIVERY_METHODS, NOTICE, FEEDBACK}
    text = text_of(sara, f"/leads/{ids.show(offer.lead_id)}")
    assert "By email" in text
    assert "Copy by email" not in text
    assert all(f"{COPY_WORDS[method]}: " in text for method in others)
    assert "Mail to leads@brightroof.example" in text
    assert "Ana Tamm" not in text
    shown = html.unescape(post(sara, f"/leads/{ids.show(offer.lead_id)}/people").text)
    assert "Subject: Ana Tamm" in shown


def test_what_stands_in_an_inbox_is_shown_with_the_personal_data_only(
    sara: FlaskClient, session: Session, source: Source, buyers: list[Connection]
) -> None:
    row = an_inbox_lead(session, a_lead(session, source), buyers[0])
    session.commit()
    text = text_of(sara, f"/leads/{ids.show(row.lead_id)}")
    assert "Into its inbox" in text
    assert "Put there" in text
    assert "Ana Tamm" not in text
    assert "Name: Ana Tamm" in html.unescape(post(sara, f"/leads/{ids.show(row.lead_id)}/people").text)
