"""Access tokens are fetched by the guarded door, kept until shortly before their end, and never told."""

import json
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import pytest
from sqlalchemy import Engine, text

from flowbuilder import db, embedded
from flowbuilder.vault import Vault
from rules.delivery.destination import parse_destination
from rules.delivery.request import build_request
from rules.delivery.wire import HttpRequest
from tests.support import hostile
from tests.support.hostile import Behaviour, Connection, answering, head, serving
from tests.support.servers import url_of
from workers.delivery.kept_tokens import KeptTokens
from workers.delivery.send import Call, Sender, Sent
from workers.delivery.tokens import TokenSender

LOOPBACK = [("127.0.0.1", port) for port in range(1024, 65536)]
OFFER = {"id": "off_1", "lead_id": "led_1", "attempt": 1, "is_test": False, "sent_at": "2026-11-20T18:41:59.000Z"}
SECRET = "client_secret_planted_9"
VAULT = Vault([("k1", b"k" * 32)])


def said(document: object, status: str = "200 OK") -> Behaviour:
    body = json.dumps(document).encode()
    return answering(head("Content-Type: application/json", f"Content-Length: {len(body)}", status=status) + body)


def tokens(*answers: tuple[str, dict[str, Any]]) -> Behaviour:
    """Answer one after the other, the last one for ever."""
    left = list(answers)

    def behave(connection: Connection) -> None:
        while connection.read_request() is not None:
            status, document = left.pop(0) if len(left) > 1 else left[0]
            body = json.dumps(document).encode()
            connection.send(head(f"Content-Length: {len(body)}", status=status) + body)

    return behave


def taking(token: str) -> Behaviour:
    """Take the leads that bear this token, and no others."""

    def behave(connection: Connection) -> None:
        while (request := connection.read_request()) is not None:
            is_known = f"Authorization: Bearer {token}\r\n".encode() in request
            connection.send(hostile.OK if is_known else head("Content-Length: 0", status="401 Unauthorized"))

    return behave


def requested(url: str, token_url: str, **auth: str) -> HttpRequest:
    settings = {"type": "oauth2", "token_url": token_url, "client_id": "acme", **auth}
    destination = parse_destination({"url": url, "auth": settings, "mapping": [["a", 1]]}, "", [])
    assert destination is not None
    return build_request(destination, {}, OFFER, {"client_secret": SECRET})


class Door:
    """A running sender of calls with tokens, as a process has it, and what it handed over."""

    def __init__(self, keeper: KeptTokens, allow: list[tuple[str, int]]) -> None:
        self.results: SimpleQueue[Sent] = SimpleQueue()
        self.sender = TokenSender(self.results.put, lambda receive: Sender(receive, allow=allow), keeper)
        self.sender.start()

    def call(self, request: HttpRequest, key: object = "key", timeout_ms: int = 20_000) -> Sent:
        self.sender.submit(Call(key, request, timeout_ms))
        return self.results.get(timeout=30)


@pytest.fixture
def database(workers_database_url: str) -> Iterator[Engine]:
    engine = db.make_engine(workers_database_url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM access_token"))
    yield engine
    engine.dispose()


@pytest.fixture
def make_door(database: Engine) -> Iterator[Callable[..., Door]]:
    made: list[Door] = []

    def make(
        allow: list[tuple[str, int]] = LOOPBACK,
        vault: Vault = VAULT,
        secret: bytes = b"secret",
        engine: Engine = database,
    ) -> Door:
        made.append(Door(KeptTokens(engine, vault, secret), allow))
        return made[-1]

    yield make
    for door in made:
        door.sender.stop(0)


@pytest.fixture
def door(make_door: Callable[..., Door]) -> Door:
    return make_door()


def test_a_token_is_fetched_once_and_borne_by_every_call(door: Door) -> None:
    token = {"access_token": "tok_1", "token_type": "Bearer", "expires_in": 3600}
    with serving(said(token)) as server, serving(taking("tok_1")) as buyer:
        request = requested(buyer.url, server.url, scope="leads:write", audience="https://api.example.com")
        answers = [door.call(request, key=number) for number in range(3)]
    assert [(sent.key, sent.reply.status if sent.reply else None) for sent in answers] == [(0, 200), (1, 200), (2, 200)]
    [asked] = server.requests
    assert asked.startswith(b"POST ")
    assert b"\r\nUser-Agent: Flowbuilder\r\n" in asked
    assert asked.endswith(
        b"grant_type=client_credentials&scope=leads%3Awrite&audience=https%3A%2F%2Fapi.example.com"
        b"&client_id=acme&client_secret=" + SECRET.encode()
    )


def test_calls_that_arrive_together_share_one_token(door: Door) -> None:
    late = answering(head("Content-Length: 24") + b'{"access_token":"tok_1"}', after=0.2)
    with serving(late) as server, serving(taking("tok_1")) as buyer:
        for number in range(20):
            door.sender.submit(Call(number, requested(buyer.url, server.url), 20_000))
        answers = [door.results.get(timeout=30) for _ in range(20)]
    assert {sent.key for sent in answers} == set(range(20))
    assert {sent.reply.status for sent in answers if sent.reply} == {200}
    assert (len(server.requests), len(buyer.requests)) == (1, 20)


def test_a_token_that_is_not_taken_any_more_is_replaced_once(door: Door) -> None:
    fresh = [("200 OK", {"access_token": name, "expires_in": 3600}) for name in ("tok_old", "tok_new")]
    with serving(tokens(*fresh)) as server, serving(taking("tok_new")) as buyer:
        sent = door.call(requested(buyer.url, server.url))
    assert sent.reply is not None
    assert (sent.reply.status, len(server.requests), len(buyer.requests)) == (200, 2, 2)


def test_a_buyer_that_takes_no_token_at_all_is_asked_twice_and_no_more(door: Door) -> None:
    with serving(said({"access_token": "tok_1"})) as server, serving(taking("another")) as buyer:
        sent = door.call(requested(buyer.url, server.url))
    assert sent.reply is not None
    assert (sent.reply.status, len(buyer.requests)) == (401, 2)


@pytest.mark.parametrize(
    ("behaviour", "reason", "words"),
    [
        (said({"error": "invalid_client"}, "401 Unauthorized"), "credentials_expired", "401: invalid_client"),
        (said({"error": "invalid_client"}, "400 Bad Request"), "credentials_expired", "400: invalid_client"),
        (said({"error": "invalid_scope"}, "400 Bad Request"), "error", "400: invalid_scope"),
        (said({"error": f"busy {SECRET}"}, "503 Service Unavailable"), "error", "answered 503."),
        (said({"error": "server_error", "error_description": SECRET}, "500 No"), "error", "500: server_error."),
        (said({"token": "x"}), "error", "no bearer token"),
        (said({"access_token": "x", "token_type": "mac"}), "error", "no bearer token"),
        (said({"access_token": "a\r\nX-Evil: 1"}), "error", "no usable token"),
        (answering(hostile.OK), "error", "no bearer token"),
        (hostile.reset_after_reading, "error", "No access token: "),
    ],
)
def test_without_a_token_the_lead_is_surely_not_sent(door: Door, behaviour: Behaviour, reason: str, words: str) -> None:
    with serving(behaviour) as server, serving(answering(hostile.OK)) as buyer:
        sent = door.call(requested(buyer.url, server.url))
    assert (sent.kind, sent.reply, sent.reason) == ("not_sent", None, reason)
    assert words in sent.error
    assert SECRET not in sent.error
    assert buyer.requests == []


def test_a_server_that_refused_is_not_asked_again_at_once(door: Door) -> None:
    with serving(said({"error": "invalid_client"}, "401 Unauthorized")) as server:
        request = requested("http://127.0.0.1:9/leads", server.url)
        assert [door.call(request).reason for _ in range(3)] == ["credentials_expired"] * 3
    assert len(server.requests) == 1


def test_the_address_of_a_token_is_guarded_as_every_other(make_door: Callable[..., Door]) -> None:
    with serving(answering(hostile.OK)) as server, serving(answering(hostile.OK)) as buyer:
        door = make_door(allow=[("127.0.0.1", buyer.port)])
        sent = door.call(requested(buyer.url, server.url))
    assert sent.kind == "blocked"
    assert (server.accepted, buyer.accepted) == (0, 0)


def test_basic_authentication_shows_the_client_where_it_is_asked_for(door: Door) -> None:
    with serving(said({"access_token": "tok_1"})) as server, serving(taking("tok_1")) as buyer:
        door.call(requested(buyer.url, server.url, sent_in="header"))
    assert b"Authorization: Basic YWNtZTpjbGllbnRfc2VjcmV0X3BsYW50ZWRfOQ==\r\n" in server.requests[0]
    assert SECRET.encode() not in server.requests[0]


def test_a_stopping_sender_gives_a_result_to_calls_that_wait_for_a_token(door: Door) -> None:
    with serving(hostile.hang) as server:
        door.sender.submit(Call("waiting", requested("http://127.0.0.1:9/leads", server.url), 2000))
        door.sender.stop(0)
        sent = door.results.get(timeout=30)
    assert (sent.key, sent.kind) == ("waiting", "not_sent")


def test_a_call_that_needs_no_token_goes_straight_on(door: Door) -> None:
    with serving(answering(hostile.OK)) as buyer:
        sent = door.call(HttpRequest("POST", buyer.url, (), b"{}"))
    assert (sent.kind, len(buyer.requests)) == ("reply", 1)


def test_a_token_that_is_echoed_can_be_masked(door: Door) -> None:
    with serving(said({"access_token": "tok_1"})) as server, serving(hostile.echo) as buyer:
        sent = door.call(requested(buyer.url, server.url))
    assert dict(sent.secrets) == {"access_token": "tok_1"}


def test_another_process_bears_the_token_that_one_fetched(make_door: Callable[..., Door], database: Engine) -> None:
    with serving(said({"access_token": "tok_1", "expires_in": 3600})) as server, serving(taking("tok_1")) as buyer:
        request = requested(buyer.url, server.url)
        answers = [make_door().call(request) for _ in range(3)]
        another_client = make_door().call(requested(buyer.url, server.url, client_id="other"))
    assert [sent.reply.status for sent in (*answers, another_client) if sent.reply] == [200] * 4
    assert len(server.requests) == 2
    with database.connect() as connection:
        [stored] = connection.execute(text("SELECT string_agg(sealed, ' ') FROM access_token")).scalars()
    assert "tok_1" not in stored
    assert SECRET not in stored


def test_a_kept_token_that_is_not_taken_any_more_is_replaced_for_all(make_door: Callable[..., Door]) -> None:
    fresh = [("200 OK", {"access_token": name, "expires_in": 3600}) for name in ("tok_old", "tok_new")]
    with serving(tokens(*fresh)) as server, serving(taking("tok_old")) as former, serving(taking("tok_new")) as buyer:
        first = make_door()
        assert first.call(requested(former.url, server.url)).reply is not None
        second = make_door().call(requested(buyer.url, server.url))
        late = first.call(requested(buyer.url, server.url))
    assert [sent.reply.status for sent in (second, late) if sent.reply] == [200, 200]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "other",
    [{"vault": Vault([("k2", b"j" * 32)])}, {"secret": b"another"}, {"engine": "away"}],
    ids=lambda one: next(iter(one)),
)
def test_a_kept_token_that_cannot_be_read_is_fetched_again(
    make_door: Callable[..., Door], other: dict[str, Any], servers: embedded.Servers
) -> None:
    if "engine" in other:
        other = {"engine": db.make_engine(url_of(servers, "gone"))}
    with serving(said({"access_token": "tok_1", "expires_in": 3600})) as server, serving(taking("tok_1")) as buyer:
        answers = [make_door(**settings).call(requested(buyer.url, server.url)) for settings in ({}, other)]
    assert [sent.reply.status for sent in answers if sent.reply] == [200, 200]
    assert len(server.requests) == 2
