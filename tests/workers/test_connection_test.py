"""The test call to a buyer goes through the same door as leads, says what came of it, and keeps no secret."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from sqlalchemy.orm import Session

from flowbuilder import clock, ids
from flowbuilder.config import settings
from flowbuilder.models import Connection, ConnectionTest, Credential
from flowbuilder.vault import Vault, credential_place
from rules.delivery.sample import kept_fields
from rules.fields import Field
from tests.support import hostile
from tests.support.buyers import Buyer
from tests.support.hostile import Server, serving
from tests.support.mail import MailServer, a_mail_server
from tests.support.market import Market
from workers.connection_test import run_test

SECRET = "sk_live_planted_7Q2F"
FIELDS = {"email": "ana@example.com", "state": "CA"}


class At:
    """A server as a market connects to it."""

    def __init__(self, server: Server) -> None:
        self.port, self._url = server.port, server.url

    def url(self) -> str:
        return self._url


@pytest.fixture
def told(market: Market, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a function that tests a connection to some servers and returns the test as it was written down."""

    def tell(buyer: Server, *others: Server, secrets: dict[str, str] | None = None, **destination: Any) -> Any:
        allowed = ",".join(f"127.0.0.1:{server.port}" for server in (buyer, *others))
        monkeypatch.setenv("DATABASE_URL", market.url)
        monkeypatch.setenv("OUTBOUND_ALLOW", allowed)
        settings.cache_clear()
        connection_id = ids.read(market.connect(cast(Buyer, At(buyer)), **destination), "con")
        with Session(market.database) as session:
            for name, secret in (secrets or {}).items():
                place = credential_place(market.account_id, connection_id, name)
                sealed = Vault(settings().vault_keys).seal(secret, **place)
                row = Credential(connection_id=connection_id, name=name, sealed=sealed, hint="", updated_at=clock.now())
                session.add(row)
            test = ConnectionTest(id=ids.new_id(), account_id=market.account_id, connection_id=connection_id)
            test.state, test.fields, test.created_at = "queued", FIELDS, clock.now()
            test.known = kept_fields([Field("email", "email"), Field("state", "state")])
            test.request = test.reply = test.answer = test.finished_at = None
            session.add(test)
            session.commit()
            run_test(ids.show(test.id))
            session.refresh(test)
            assert session.get_one(Connection, connection_id).tested_at is not None
            return test

    yield tell
    monkeypatch.undo()
    settings.cache_clear()


Told = Callable[..., Any]


def saying(body: str, status: str = "200 OK") -> Any:
    return hostile.saying(body.encode(), status=status)


def test_a_yes_is_told_with_what_was_sent_and_answered(told: Told) -> None:
    with serving(saying('{"status":"accepted","price":42}')) as buyer:
        test = told(buyer, auth={"type": "bearer"}, secrets={"token": SECRET})
    assert (test.state, test.answer["kind"], test.answer["price"]) == ("done", "accepted", 42)
    assert ["X-Test", "true"] in test.request["headers"]
    assert json.loads(test.request["body"]) == {"email": "ana@example.com"}
    assert b"Authorization: Bearer sk_live_planted_7Q2F" in buyer.requests[0]
    assert "planted" not in json.dumps(test.request)


def test_a_secret_in_the_buyers_words_is_masked(told: Told) -> None:
    with serving(saying(f'{{"status":"no","reason":"bad key {SECRET}"}}')) as buyer:
        test = told(buyer, auth={"type": "bearer"}, secrets={"token": SECRET})
    assert (test.answer["kind"], test.answer["said"]) == ("declined", "bad key ••••7Q2F")
    assert "planted" not in json.dumps([test.answer, test.reply])


def test_a_token_is_fetched_for_a_test_too(told: Told) -> None:
    with (
        serving(saying('{"access_token":"tok_planted"}')) as tokens,
        serving(saying('{"status":"accepted"}')) as buyer,
    ):
        auth = {"type": "oauth2", "token_url": tokens.url, "client_id": "acme"}
        test = told(buyer, tokens, auth=auth, secrets={"client_secret": SECRET})
    assert test.answer["kind"] == "accepted"
    assert b"Authorization: Bearer tok_planted" in buyer.requests[0]
    assert "planted" not in json.dumps([test.request, test.reply, test.answer])


def test_a_client_that_is_not_known_is_told_so(told: Told) -> None:
    refusal = '{"error":"invalid_client","error_description":"Unknown client"}'
    with serving(saying(refusal, "401 Unauthorized")) as tokens, serving(saying("{}")) as buyer:
        auth = {"type": "oauth2", "token_url": tokens.url, "client_id": "acme"}
        test = told(buyer, tokens, auth=auth, secrets={"client_secret": SECRET})
    assert (test.answer["kind"], test.answer["said"]) == ("not_sent", "The token server answered 401: invalid_client.")
    assert buyer.requests == []


def test_a_request_that_cannot_be_made_says_why(told: Told) -> None:
    with serving(saying("{}")) as buyer:
        test = told(buyer, mapping=[["phone", {"var": "lead.phone"}, {"required": True}]])
    assert test.answer["kind"] == "cannot_build"
    assert "“phone”" in test.answer["said"]
    assert buyer.requests == []


@pytest.fixture
def told_by(market: Market, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a function that tests a connection by some methods, mail going out by a server."""

    def tell(mail: MailServer | None, *methods: str, **destination: Any) -> Any:
        shown = market.connect_by(*methods, mail=mail, **destination)
        for name, value in market.environ.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        with Session(market.database) as session:
            test = ConnectionTest(id=ids.new_id(), account_id=market.account_id, connection_id=ids.read(shown, "con"))
            test.state, test.fields, test.created_at = "queued", FIELDS, clock.now()
            test.request = test.reply = test.answer = test.finished_at = None
            session.add(test)
            session.commit()
            run_test(ids.show(test.id))
            session.refresh(test)
            return test

    yield tell
    monkeypatch.undo()
    settings.cache_clear()


def test_a_test_mail_says_that_it_is_a_test(told_by: Told) -> None:
    with a_mail_server() as server:
        test = told_by(server, "email")
    [letter] = server.letters
    assert (test.answer["kind"], test.reply["status"]) == ("accepted", 250)
    assert letter.message["Subject"] == "Test: Lead of ana@example.com"
    assert letter.body().startswith("This is a test.")
    assert letter.id.startswith(f"<{ids.show(test.id)}@")


def test_a_test_mail_that_is_refused_says_why(told_by: Told) -> None:
    with a_mail_server() as server:
        server.to_recipient = ["550 5.1.1 no such user"]
        test = told_by(server, "email")
    assert (test.answer["kind"], test.answer["reason"]) == ("error", "refused")
    assert "no such user" in test.answer["said"]


def test_a_test_of_an_inbox_puts_a_test_lead_into_it_and_tells_its_owner(told_by: Told, market: Market) -> None:
    with a_mail_server() as server:
        test = told_by(server, "inbox", inbox={"notice": "ana@brightroof.example"})
    [row], [letter] = market.inbox(), server.letters
    assert (test.answer["kind"], test.answer["notes"]) == ("accepted", ["The notice by mail: delivered."])
    assert (row.id, row.lead_id) == (test.id, None)
    assert test.request["fields"] == [["Email", "ana@example.com"], ["State", "CA"]]
    assert letter.message["Subject"] == "Test: A new lead is in your inbox"


def test_a_test_goes_by_the_copies_too_and_says_what_came_of_each(told_by: Told) -> None:
    test = told_by(None, "inbox", "email")
    assert test.answer["kind"] == "accepted"
    [note] = test.answer["notes"]
    assert note.startswith("The mail: not delivered. No mail leaves this server")
