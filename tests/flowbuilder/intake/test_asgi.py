"""The web as its server runs it: posts wait on the event loop, pages take a thread once their bodies are there."""

import asyncio
import http.client
import json
import socket
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask

from flowbuilder.app import asgi_app
from flowbuilder.config import Settings
from flowbuilder.intake.app import IntakeApp
from flowbuilder.serving import asgi
from flowbuilder.serving.asgi import AsgiApp, environ_of
from tests.support.processes import Started, eventually, free_port, started
from tests.support.supplier import LEAD, Rows, Supplier, intake_app

THREADS = 4


@pytest.fixture(scope="module")
def web(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Started]]:
    """Run the web server of the product with few threads, behind one proxy; give its port and what it says."""
    home, number = tmp_path_factory.mktemp("few-threads"), free_port()
    environ = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "FLOWBUILDER_WEB_PORT": number,
        "FLOWBUILDER_WEB_THREADS": str(THREADS),
        "TRUSTED_PROXIES": "1",
    }
    with started(Path(home), "flowbuilder", "web", **environ) as running:
        eventually(lambda: _listens(int(number)), seconds=60)
        yield int(number), running


@pytest.fixture
def port(web: tuple[int, Started]) -> int:
    """Give the port of the served web."""
    return web[0]


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
    """Ask the served web something and read its answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        answer.read()
        return answer


def half_a_request(port: int, path: str) -> socket.socket:
    """Send a request whose body never comes to its end."""
    sender = socket.create_connection(("127.0.0.1", port), 30)
    sender.sendall(
        f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{{".encode()
    )
    return sender


@pytest.mark.parametrize("path", ["/sign-in", "/f/k3v9m2q7x1/p8d4t6w0zn", "/api/leads/ingest"])
def test_senders_whose_bodies_do_not_come_hold_no_thread(port: int, supplier: Supplier, path: str):
    with ExitStack() as open_requests:
        for _ in range(3 * THREADS):
            open_requests.enter_context(closing(half_a_request(port, path)))
        assert ask(port, "GET", "/healthz").status == 200
        lead, headers = json.dumps(LEAD).encode(), {"Content_Type": "application/json", "X_API_Key": supplier.key}
        assert ask(port, "POST", f"{supplier.address}?wait=0", lead, **headers).status == 202


def test_a_sender_who_leaves_before_the_answer_is_no_fault(web: tuple[int, Started], supplier: Supplier, rows: Rows):
    port, running = web
    said_before = len(running.said)
    headers = {"Content-Type": "application/json", "X-API-Key": supplier.key}
    leaving, staying = (http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(2))
    for connection in (leaving, staying):
        connection.request("POST", supplier.address, json.dumps(LEAD), headers)
    eventually(lambda: len(rows.leads(supplier)) == 2)
    leaving.close()
    rows.finish()
    with closing(staying):
        assert staying.getresponse().status == 201
    # A line that is said after all that the two made it say.
    assert ask(port, "GET", "/f/nothing").status == 404
    running.wait_for("no_such_address")
    said = running.said[said_before:]
    assert not [line for line in said if "Traceback" in line or ("rror" in line and "Valkey" not in line)]


def test_each_answer_has_an_id_of_its_own(port: int, supplier: Supplier):
    asked = [ask(port, "GET", path) for path in ("/healthz", "/f/nothing", supplier.address, "/sign-in")]
    named = [answer.headers["X-Request-Id"] for answer in asked]
    assert len(set(named)) == len(named)
    assert all(named)


@pytest.mark.parametrize(("path", "status"), [("/healthz", 400), ("/f/nothing", 404)])
def test_who_asks_for_a_websocket_is_answered_that_there_is_none(port: int, path: str, status: int):
    asked = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    asked["Sec_WebSocket_Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    assert ask(port, "GET", path, **asked).status == status


def test_a_trusted_proxy_says_who_posts(port: int, supplier: Supplier):
    def post_as(address: str) -> int:
        wrong = {"X_API_Key": "lk_live_wrong", "X_Forwarded_For": address}
        return ask(port, "POST", supplier.address, b"{}", Content_Type="application/json", **wrong).status

    answers = [post_as("198.51.100.7") for _ in range(30)]
    while answers[-1] == 401 and len(answers) < 100:  # One more is allowed after every two seconds.
        answers.append(post_as("198.51.100.7"))
    assert (set(answers[:-1]), answers[-1], post_as("203.0.113.9")) == ({401}, 429, 401)


SCOPE: dict[str, Any] = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "scheme": "http",
    "path": "/a",
    "query_string": b"",
    "headers": [],
    "server": ("127.0.0.1", "8000"),
    "client": ("192.0.2.1", "50000"),
}


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ({"headers": [(b"x-api-key", b"k")]}, {"HTTP_X_API_KEY": "k"}),
        ({"headers": [(b"content-type", b"text/html")]}, {"CONTENT_TYPE": "text/html"}),
        ({"headers": [(b"content-length", b"3")]}, {"CONTENT_LENGTH": "3"}),
        ({"headers": [(b"accept", b"text/html"), (b"accept", b"text/xml")]}, {"HTTP_ACCEPT": "text/html,text/xml"}),
        ({"headers": [(b"cookie", b"a=1"), (b"cookie", b"b=2")]}, {"HTTP_COOKIE": "a=1; b=2"}),
        ({"headers": [(b"x-name", b"Jos\xe9")]}, {"HTTP_X_NAME": "Jos\xe9"}),
        ({"raw_path": b"/a%2Fb%FF", "path": "/a/b?"}, {"PATH_INFO": "/a/b\xff"}),
        ({"raw_path": b"", "path": "/\xe4"}, {"PATH_INFO": "/\xc3\xa4"}),
        ({"query_string": b"a=%FF&b=\xff"}, {"QUERY_STRING": "a=%FF&b=\xff"}),
        ({}, {"REMOTE_ADDR": "192.0.2.1", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "REQUEST_METHOD": "POST"}),
        ({"client": None}, {"REMOTE_ADDR": ""}),
    ],
)  # fmt: skip
def test_a_request_is_told_as_wsgi_tells_it(scope: dict[str, Any], told: dict[str, str]):
    environ = environ_of(SCOPE | scope)
    assert {name: environ[name] for name in told} == told


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with how much of a body came."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(len(environ["wsgi.input"].read())).encode()]


MEBIBYTE = b"x" * 1024 * 1024
GONE = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    """Return a message with a part of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


def answer_of(app: AsgiApp, messages: Iterable[dict[str, Any]], **scope: Any) -> tuple[int, bytes]:
    """Return what an app answers to a request that comes in parts, and says nothing after the last of them."""
    coming, sent = iter(messages), list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        message = next(coming, None)
        return message or await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        sent.append(message)

    async def answer() -> None:
        await app(SCOPE | scope, receive, send)

    # In a thread of its own: tests of the same process that drive a browser leave a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(answer())).result()
    return sent[0]["status"], sent[1]["body"]


@pytest.fixture
def own_app(intake_settings: Settings) -> Iterator[Flask]:
    """Give an app of the test's own, which then waits on the event loop of its request."""
    with intake_app(intake_settings) as app:
        yield app


@pytest.fixture
def pages(own_app: Flask) -> AsgiApp:
    """Give the app with pages that only echo."""
    intake = IntakeApp(own_app.extensions["intake"], echo, {})
    return AsgiApp(echo, intake, proxies=lambda _environ, _start: (), threads=1)


@pytest.mark.parametrize(
    ("length", "messages", "seen"),
    [
        (None, [part(b"", more=False)], 0),
        (3, [part(b"abc")], 3),
        (6, [part(b"abc"), part(b"def")], 6),
        (None, [part(b"abc"), part(b"def", more=False)], 6),
        (6, [part(b"abc"), GONE], 3),
        (None, [part(MEBIBYTE), part(MEBIBYTE), part(b"end", more=False)], 2 * len(MEBIBYTE) + 3),
        (2 * len(MEBIBYTE), [part(MEBIBYTE), part(b""), part(MEBIBYTE, more=False)], 2 * len(MEBIBYTE)),
        (2 * len(MEBIBYTE), [part(MEBIBYTE), GONE], len(MEBIBYTE)),
    ],
    ids=["none", "whole", "in parts", "in chunks", "cut short", "long, in chunks", "long", "long, cut short"],
)
def test_a_page_is_given_the_body_as_far_as_it_came(
    pages: AsgiApp, length: int | None, messages: list[dict[str, Any]], seen: int
):
    headers = (
        [(b"content-length", str(length).encode())] if length is not None else [(b"transfer-encoding", b"chunked")]
    )
    assert answer_of(pages, messages, headers=headers) == (200, str(seen).encode())


@pytest.mark.parametrize(
    ("method", "path", "takes_thread"),
    [
        ("POST", "/f/k3v9m2q7x1/p8d4t6w0zn", False),
        ("GET", "/f/k3v9m2q7x1/p8d4t6w0zn", False),
        ("POST", "/api/v1/leads", False),
        ("POST", "/api/v1/leads/", False),
        ("POST", "/api/leads/ingest", False),
        ("GET", "/api/v1/leads", True),
        ("POST", "/api/v1/leads/find", True),
        ("POST", "/leads", True),
    ],
)
def test_a_thread_is_taken_by_what_is_no_post_of_a_lead(pages: AsgiApp, method: str, path: str, takes_thread: bool):
    status, body = answer_of(pages, [part(b"", more=False)], method=method, path=path)
    assert ((status, body) == (200, b"0"), b'"errors"' in body) == (takes_thread, not takes_thread)


@pytest.mark.parametrize("length", [6, 2 * len(MEBIBYTE)])
def test_a_sender_who_falls_silent_is_cut_short(pages: AsgiApp, monkeypatch: pytest.MonkeyPatch, length: int):
    monkeypatch.setattr(asgi, "SILENT_FOR", 1.0)
    headers = [(b"content-length", str(length).encode())]
    assert answer_of(pages, [part(b"abc")], headers=headers) == (200, b"3")


@pytest.mark.parametrize("ending", [[GONE], []], ids=["gone", "silent"])
def test_a_post_in_chunks_whose_sender_leaves_before_the_last_one_is_no_lead(
    own_app: Flask,
    supplier: Supplier,
    rows: Rows,
    intake_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    ending: list[dict[str, Any]],
):
    monkeypatch.setattr(asgi, "SILENT_FOR", 0.05)
    headers = [(b"transfer-encoding", b"chunked"), (b"content-type", b"application/json")]
    asked = {"headers": [*headers, (b"x-api-key", supplier.key.encode())], "query_string": b"wait=0"}
    app, whole = asgi_app(own_app, intake_settings), part(json.dumps(LEAD).encode())
    cut = answer_of(app, [whole, *ending], path=supplier.address, **asked)
    assert (cut[0], json.loads(cut[1])["errors"][0]["code"]) == (400, "body_cut_short")
    assert rows.leads(supplier) == []
    assert answer_of(app, [whole, part(b"", more=False)], path=supplier.address, **asked)[0] == 202


@pytest.mark.parametrize(("length", "status", "code"), [(9, 400, "body_cut_short"), (300_000, 413, "body_too_large")])
def test_a_post_without_its_whole_body_is_refused(
    own_app: Flask, supplier: Supplier, intake_settings: Settings, length: int, status: int, code: str
):
    app = asgi_app(own_app, intake_settings)
    headers = [(b"content-length", str(length).encode()), (b"content-type", b"application/json")]
    headers.append((b"x-api-key", supplier.key.encode()))
    said = answer_of(app, [part(b"{"), GONE], path=supplier.address, headers=headers)
    assert (said[0], json.loads(said[1])["errors"][0]["code"]) == (status, code)
