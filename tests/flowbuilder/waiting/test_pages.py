"""The waiting list: what waits, why and until when; and what is decided about those that are ticked."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from flowbuilder import clock, ids
from flowbuilder.models import Connection, Lead, Source
from tests.support.cast import Cast, a_connection, a_flow, a_lead, a_member, a_source, an_event, an_offer
from tests.support.journals import ANA, MadeUp, a_document, a_told_lead, shared_by_two
from tests.support.web import HTMX, form_token, post, signed_in

FAR = datetime(9999, 1, 1, tzinfo=UTC)
WAITS = {"state": "waiting", "outcome": None, "finished_at": None, "revenue": 0, "cost": 0}

Waiting = Callable[..., Lead]


@pytest.fixture
def buyers(session: Session, cast: Cast) -> list[Connection]:
    return [a_connection(session, cast.sara, name="Brightroof"), a_connection(session, cast.sara)]


@pytest.fixture
def source(session: Session, cast: Cast, buyers: list[Connection]) -> Source:
    document = a_document(*buyers, fallback={"id": "end", "do": "hold"})
    return a_source(session, a_flow(session, cast.sara, document=document))


@pytest.fixture
def held(session: Session, source: Source, buyers: list[Connection]) -> Waiting:
    """Give a maker of leads that nobody took and that are tried again in 12 minutes."""

    def make(**values: Any) -> Lead:
        answers = {"s2": MadeUp("declined", reason="rejected"), "s3": MadeUp("error", reason="error")}
        document = a_document(*buyers, fallback={"id": "end", "do": "hold"})
        due = {"due_at": clock.now() + timedelta(minutes=12, seconds=50)}
        lead = a_told_lead(session, source, document, answers=answers, **(due | values))
        session.commit()
        return lead

    return make


@pytest.fixture
def silent(session: Session, source: Source, buyers: list[Connection]) -> Lead:
    """Give a lead that Sunrise Energy may have; a person has to decide."""
    lead = a_lead(session, source, waiting_for="person", due_at=FAR, **WAITS)
    asks = {"connection": ids.show(buyers[1].id, "con"), "price": 4200}
    event = an_event(session, lead, seq=1, step="s3", effect="offer", asks=asks, done_at=None)
    event.at = clock.now() - timedelta(hours=3, minutes=5)
    an_offer(session, lead, buyers[1], step="s3", buyer="s3", state="sending", finished_at=None, attempts=2)
    session.commit()
    return lead


def text_of(client: FlaskClient, address: str = "/waiting", **how: Any) -> str:
    return html.unescape(client.get(address, **how).text)


def rows_in(text: str) -> list[str]:
    """Return the ids of the leads that a list shows, in order."""
    return re.findall(r'name="lead" value="(\w+)"', text)


def decided(session: Session, lead: Lead) -> Any:
    session.expire_all()
    return session.get_one(Lead, lead.id).instruction


def test_nothing_waits(sara: FlaskClient) -> None:
    assert "Nothing is waiting" in text_of(sara)


def test_every_lead_that_waits_says_why_since_when_and_until_when(
    sara: FlaskClient, held: Waiting, silent: Lead
) -> None:
    lead = held()
    text = text_of(sara)
    assert rows_in(text) == [ids.show(silent.id), ids.show(lead.id)]
    for words in ("Another try", "No buyer available", "in 12 min", "A person to decide", "not by itself", "3 h"):
        assert words in text
    assert "Waits for a person to decide" not in text, "the badge says it already"
    assert "2 leads wait" in text
    assert "A•• P••" in text
    assert "Pereira" not in text


def test_what_does_not_wait_is_not_on_it(sara: FlaskClient, session: Session, source: Source) -> None:
    a_lead(session, source)
    a_lead(session, source, state="received", outcome=None, finished_at=None)
    a_lead(session, source, waiting_for="post", kind="ping", **WAITS)
    session.commit()
    assert "Nothing is waiting" in text_of(sara)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("for=person", ["silent"]),
        ("for=retry", ["held"]),
        ("for=cap", []),
        ("buyer=sunrise", ["silent"]),
        ("buyer=brightroof", []),
    ],
)
def test_it_is_filtered_by_reason_and_buyer(
    sara: FlaskClient, held: Waiting, silent: Lead, buyers: list[Connection], query: str, shown: list[str]
) -> None:
    leads = {"silent": ids.show(silent.id), "held": ids.show(held().id)}
    brightroof, sunrise = (ids.show(buyer.id, "con") for buyer in buyers)
    query = query.replace("sunrise", sunrise).replace("brightroof", brightroof)
    text = text_of(sara, f"/waiting?{query}")
    assert rows_in(text) == [leads[name] for name in shown]
    assert ("No leads match" in text) == (not shown)


def test_a_lead_that_is_held_for_a_buyer_is_found_by_it(
    sara: FlaskClient, session: Session, source: Source, buyers: list[Connection]
) -> None:
    lead = a_lead(session, source, waiting_for="hours", last_step="s2", **WAITS)
    asks = {"until": None, "for": "hours", "reason": "This buyer is closed now"}
    an_event(session, lead, seq=1, step="s2", effect="hold", asks=asks, done_at=None)
    session.commit()
    brightroof, sunrise = (ids.show(buyer.id, "con") for buyer in buyers)
    text = text_of(sara, f"/waiting?buyer={brightroof}")
    assert rows_in(text) == [ids.show(lead.id)]
    assert "This buyer is closed now" in text
    assert rows_in(text_of(sara, f"/waiting?buyer={sunrise}")) == []


def test_it_is_filtered_by_flow(sara: FlaskClient, session: Session, cast: Cast, held: Waiting) -> None:
    other = a_flow(session, cast.sara, name="Florida roofing")
    lead = held()
    assert rows_in(text_of(sara, f"/waiting?flow={ids.show(other.id, 'flo')}")) == []
    assert rows_in(text_of(sara, f"/waiting?flow={ids.show(lead.flow_id, 'flo')}")) == [ids.show(lead.id)]


@pytest.mark.parametrize("query", ["for=post", "for=x", "flow=x", "buyer=x", "after=x"])
def test_a_filter_that_is_none_is_not_found(sara: FlaskClient, query: str) -> None:
    assert sara.get(f"/waiting?{query}").status_code == 404


def test_a_long_list_comes_in_pages(sara: FlaskClient, session: Session, source: Source) -> None:
    made = [a_lead(session, source, waiting_for="retry", due_at=FAR, **WAITS) for _ in range(60)]
    session.commit()
    first = text_of(sara)
    assert rows_in(first) == [ids.show(lead.id) for lead in made[:50]]
    assert "60 leads wait, 50 shown" in first
    found = re.search(r'href="(/waiting\?[^"]*after=[^"]*)"', first)
    assert found
    assert rows_in(text_of(sara, found[1])) == [ids.show(lead.id) for lead in made[50:]]


def test_the_ticked_leads_are_tried_now(sara: FlaskClient, session: Session, held: Waiting, silent: Lead) -> None:
    leads = [held(), held(), silent]
    answer = post(sara, "/waiting", do="try_now", lead=[ids.show(lead.id) for lead in leads[1:]])
    assert (answer.status_code, "2 leads are tried now." in answer.text) == (200, True)
    session.expire_all()
    assert [session.get_one(Lead, lead.id).due_at <= clock.now() for lead in leads] == [False, True, True]


def test_one_lead_is_tried_by_its_own_button(sara: FlaskClient, session: Session, held: Waiting) -> None:
    ticked, other = held(), held()
    answer = post(sara, "/waiting", **{"try": ids.show(other.id), "lead": ids.show(ticked.id)})
    assert "1 lead is tried now." in answer.text
    session.expire_all()
    assert [session.get_one(Lead, lead.id).due_at <= clock.now() for lead in (ticked, other)] == [False, True]


def test_the_ticked_leads_are_rejected_with_a_reason(sara: FlaskClient, session: Session, held: Waiting) -> None:
    leads = [held(), held()]
    shown = [ids.show(lead.id) for lead in leads]
    assert "2 leads are rejected." in post(sara, "/waiting", do="reject", lead=shown, reason="Too old").text
    assert [decided(session, lead)["reason"] for lead in leads] == ["Too old"] * 2


def test_the_ticked_leads_are_sent_to_a_buyer_where_they_can_be(
    sara: FlaskClient, session: Session, held: Waiting, silent: Lead, buyers: list[Connection]
) -> None:
    lead = held()
    shown, sunrise = [ids.show(lead.id), ids.show(silent.id)], ids.show(buyers[1].id, "con")
    text = html.unescape(post(sara, "/waiting", do="send_to", lead=shown, buyer=sunrise).text)
    assert "1 lead is offered to that buyer." in text
    assert "1 left as it is: A buyer may have this lead. Settle that first." in text
    assert re.findall(r'value="(\w+)" id="tick-\w+" aria-label="[^"]*" checked', text) == [ids.show(silent.id)]
    assert decided(session, lead)["buyer"] == "s3"
    assert decided(session, silent) is None


@pytest.mark.parametrize(("to_do", "answer"), [("has_it", "accepted"), ("has_it_not", "declined")])
def test_the_ticked_leads_are_settled_where_a_buyer_has_not_answered(
    sara: FlaskClient, session: Session, held: Waiting, silent: Lead, to_do: str, answer: str
) -> None:
    shown = [ids.show(held().id), ids.show(silent.id)]
    text = html.unescape(post(sara, "/waiting", do=to_do, lead=shown).text)
    assert "1 left as it is: No buyer of this lead is without an answer." in text
    assert (decided(session, silent)["answer"], decided(session, silent)["price"]) == (answer, 4200)


@pytest.mark.parametrize(
    ("fields", "words", "beside"),
    [
        ({"do": "try_now"}, "Tick the leads first", "<legend>With the ticked leads</legend>"),
        ({"do": "reject", "lead": "it"}, "Type the reason first", "Reason for the supplier</label>"),
        ({"do": "send_to", "lead": "it"}, "Choose the buyer first", "Offer them once to</label>"),
    ],
)
def test_what_is_missing_is_asked_for_beside_it_and_the_ticks_stay(
    sara: FlaskClient, session: Session, held: Waiting, fields: dict[str, str], words: str, beside: str
) -> None:
    lead = held()
    fields = {key: ids.show(lead.id) if value == "it" else value for key, value in fields.items()}
    answer = post(sara, "/waiting", **fields)
    assert answer.status_code == 422
    after = answer.text.partition(beside)[2].split()
    assert " ".join(after).startswith('<p class="problem" id="deciding-problem"')
    assert answer.text.count(words) == 1
    assert (" checked" in answer.text) == ("lead" in fields)
    assert decided(session, lead) is None


@pytest.mark.parametrize("fields", [{}, {"do": "burn", "lead": "x"}, {"do": "try_now", "lead": "x"}, {"try": "x"}])
def test_what_no_page_of_ours_sends_is_refused(sara: FlaskClient, fields: dict[str, str]) -> None:
    assert post(sara, "/waiting", **fields).status_code == 400


def test_with_htmx_only_the_list_is_sent(sara: FlaskClient, held: Waiting) -> None:
    lead = held()
    part = sara.get("/waiting?for=retry", headers=HTMX).text
    assert "<html" not in part
    assert rows_in(part) == [ids.show(lead.id)]
    fields = {"do": "try_now", "lead": ids.show(lead.id)}
    part = sara.post("/waiting?for=retry", data=fields, headers={**HTMX, "X-CSRFToken": form_token(sara)}).text
    assert "<html" not in part
    assert "1 lead is tried now." in part


@pytest.mark.parametrize(("role", "status"), [("editor", 200), ("publisher", 200), ("analyst", 403)])
def test_an_analyst_looks_and_decides_nothing(
    app: Flask, session: Session, cast: Cast, held: Waiting, role: str, status: int
) -> None:
    lead = held()
    teammate = signed_in(app, session, a_member(session, cast.sara.account, role=role, person="Tina Teammate"))
    text = text_of(teammate)
    assert "No buyer available" in text
    assert ("With the ticked leads" in text) == (status == 200)
    assert post(teammate, "/waiting", do="try_now", lead=ids.show(lead.id)).status_code == status


def test_strangers_see_and_decide_nothing_of_it(app: Flask, session: Session, cast: Cast, held: Waiting) -> None:
    lead = held()
    for who in (cast.zoe, cast.bill):
        client = signed_in(app, session, who)
        assert "Nothing is waiting" in text_of(client)
        assert "1 left as it is" in post(client, "/waiting", do="reject", reason="x", lead=ids.show(lead.id)).text
    assert decided(session, lead) is None


def test_what_strangers_wrote_is_only_text(sara: FlaskClient, held: Waiting) -> None:
    held(fields={**ANA, "first_name": "<script>alert(1)</script>"})
    assert "<script>alert" not in sara.get("/waiting").text


def test_a_shared_lead_names_every_buyer_that_it_waits_for(
    sara: FlaskClient, session: Session, cast: Cast, buyers: list[Connection]
) -> None:
    document = shared_by_two(*buyers)
    source = a_source(session, a_flow(session, cast.sara, document=document))
    lead = a_told_lead(session, source, document, answers={"b1": MadeUp("timeout"), "b2": MadeUp("timeout")})
    lead.due_at = clock.now() + timedelta(minutes=12)
    session.commit()
    shown = text_of(sara)
    assert rows_in(shown) == [ids.show(lead.id)]
    assert "Brightroof and Sunrise Energy" in shown
