"""Sales whose answer sounds like a no: once somebody says that they are real, only other words are asked about."""

import pytest
from sqlalchemy import select

from flowbuilder import ids
from flowbuilder.connections.real_sales import doubted
from flowbuilder.models import Audit
from tests.support.cast import a_connection, a_flow, a_lead, a_member, a_source, an_attempt, an_offer
from tests.support.web import post, signed_in

ASKED = "Are these leads really sold?"


@pytest.fixture
def connection(session, cast):
    return a_connection(session, cast.sara, destination={"url": "https://api.sunrise.example.com/leads"})


@pytest.fixture
def answered(session, cast, connection):
    """Give a function by which the buyer takes a lead with an answer."""
    source = a_source(session, a_flow(session, cast.sara))

    def answer(body):
        lead = a_lead(session, source, outcome="sold")
        an_attempt(session, an_offer(session, lead, connection), reply={"status": 200, "headers": {}, "body": body})
        session.commit()
        return lead

    return answer


def address_of(connection, rest=""):
    return f"/connections/{ids.show(connection.id, 'con')}{rest}"


def asked(session, connection):
    session.rollback()
    session.refresh(connection)
    return doubted(session, connection)


def actions(session, connection):
    return sorted(session.scalars(select(Audit.action).where(Audit.subject == ids.show(connection.id, "con"))))


def test_it_is_asked_until_somebody_says_that_they_are_real(sara, session, connection, answered):
    lead = answered('{"note": "unmatched"}')
    assert asked(session, connection) == [(lead.id, "unmatched")]
    page = sara.get(address_of(connection)).text
    assert ASKED in page
    assert "These are real sales" in page
    assert post(sara, address_of(connection, "/real-sales"), word="unmatched").status_code == 303
    page = sara.get(address_of(connection)).text
    assert ASKED not in page
    assert "when it says “unmatched”" in page
    assert actions(session, connection) == ["connection.sales_confirmed"]


def test_other_words_are_asked_about_also_in_the_same_answer(sara, session, connection, answered):
    answered('{"note": "unmatched"}')
    post(sara, address_of(connection, "/real-sales"), word="unmatched")
    lead = answered('{"note": "unmatched", "state": "rejected"}')
    assert asked(session, connection) == [(lead.id, "rejected")]


def test_it_is_asked_again_where_somebody_wants_that(sara, session, connection, answered):
    lead = answered('{"note": "unmatched"}')
    post(sara, address_of(connection, "/real-sales"), word="unmatched")
    assert post(sara, address_of(connection, "/real-sales/ask-again"), word="unmatched").status_code == 303
    assert asked(session, connection) == [(lead.id, "unmatched")]
    assert actions(session, connection) == ["connection.sales_asked_again", "connection.sales_confirmed"]


@pytest.mark.parametrize("word", ["accepted", "", "x" * 5000])
def test_words_that_nothing_is_asked_about_are_not_kept(sara, session, connection, answered, word):
    answered('{"note": "unmatched"}')
    post(sara, address_of(connection, "/real-sales"), word=word)
    assert asked(session, connection)
    assert (connection.real_words, actions(session, connection)) == ([], [])


def test_whoever_may_not_change_connections_is_not_asked(app, session, cast, connection, answered):
    answered('{"note": "unmatched"}')
    member = a_member(session, cast.sara.account, role="publisher")
    session.commit()
    client = signed_in(app, session, member)
    page = client.get(address_of(connection)).text
    assert ASKED in page
    assert "These are real sales" not in page
    assert post(client, address_of(connection, "/real-sales"), word="unmatched").status_code == 403
