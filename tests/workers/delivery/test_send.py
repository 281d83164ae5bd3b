"""One thread carries many calls; each goes to the checked address, once, and always comes back as one result."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace

import pycurl
import pytest

from flowbuilder import open_files
from rules.delivery.wire import HttpRequest
from tests.support import hostile
from tests.support.caller import Caller
from tests.support.hostile import OK, Server, answering, head, serving
from tests.support.processes import eventually
from workers.delivery import send, transfer
from workers.delivery.send import Call, Sender, Sent

MakeCaller = Callable[..., Caller]


class Crowd:
    """A server for thousands of connections at once, which answers nobody before so many have asked."""

    def __init__(self, most: int) -> None:
        self.still_to_ask = most
        self.clients: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.is_ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.all_asked, self.is_over = asyncio.Event(), asyncio.Event()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self.serve(),))
        self.thread.start()
        self.is_ready.wait(60)

    async def serve(self) -> None:
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0, backlog=4096)
        self.port = server.sockets[0].getsockname()[1]
        self.is_ready.set()
        await self.is_over.wait()
        server.close()
        await server.wait_closed()
        for client in self.clients:
            client.transport.abort()
        await asyncio.gather(*(client.wait_closed() for client in self.clients), return_exceptions=True)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients.add(writer)
        while (await reader.read(65536)).endswith(b"}"):
            self.still_to_ask -= 1
            if not self.still_to_ask:
                self.all_asked.set()
            await self.all_asked.wait()
            writer.write(OK)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.all_asked.set)
        self.loop.call_soon_threadsafe(self.is_over.set)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def crowd_url() -> Iterator[str]:
    open_files.allow_many()
    crowd = Crowd(1500)
    yield f"http://127.0.0.1:{crowd.port}/leads"
    crowd.close()


def test_1500_calls_are_carried_at_once(caller: Caller, crowd_url: str) -> None:
    for number in range(1500):
        caller.submit(crowd_url, key=number, timeout_ms=60_000, connect_ms=60_000)
    results = [caller.result(patience=60) for _ in range(1500)]
    assert {sent.key for sent in results if sent.kind == "reply"} == set(range(1500))
    assert caller.sender.in_flight == 0


def test_a_server_that_hangs_delays_nobody_else(caller: Caller) -> None:
    with serving(hostile.hang) as hanging, serving(answering(OK)) as server:
        for number in range(50):
            caller.submit(hanging.url, key=f"hangs {number}", timeout_ms=60_000)
        quick = [caller.post(server.url, key=number, timeout_ms=30_000) for number in range(20)]
        assert [(sent.key, sent.kind) for sent in quick] == [(number, "reply") for number in range(20)]
        eventually(lambda: len(hanging.requests) == 50)
        caller.sender.stop(grace_seconds=0)
        assert {caller.result(0).kind for _ in range(50)} == {"ambiguous"}


def test_calls_one_after_the_other_share_a_connection(caller: Caller) -> None:
    with serving(answering(OK)) as server:
        results = [caller.post(server.url, key=number) for number in range(5)]
    assert {sent.kind for sent in results} == {"reply"}
    assert (len(server.requests), server.accepted) == (5, 1)


def test_of_many_calls_a_few_begin_before_it_is_looked_whether_others_were_answered() -> None:
    results: SimpleQueue[Sent] = SimpleQueue()
    with serving(answering(OK)) as server:
        sender = Sender(results.put, allow=[("127.0.0.1", server.port)])
        for number in range(send.MOST_BEGUN + 1):
            sender.submit(Call(number, HttpRequest("POST", server.url, (), b"{}"), 30_000))
        sender._turn()
        assert (len(sender._active) + results.qsize(), sender._patience()) == (send.MOST_BEGUN, 0.0)
        while sender.in_flight:
            sender._turn()
        sender.start()
        sender.stop(0)
    assert {results.get_nowait().kind for _ in range(results.qsize())} == {"reply"}


def test_calls_that_have_not_begun_when_a_sender_stops_were_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "MOST_BEGUN", 0)
    results: SimpleQueue[Sent] = SimpleQueue()
    sender = Sender(results.put, allow=[("127.0.0.1", 1)])
    sender.submit(Call(1, HttpRequest("POST", "http://127.0.0.1:1/", (), b"{}"), 30_000))
    sender._turn()
    sender.start()
    sender.stop(0)
    assert [results.get_nowait().kind, results.empty(), sender.in_flight] == ["not_sent", True, 0]


def test_calls_that_hang_take_no_kept_connection_away_from_others(
    make_caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "MAX_KEPT_CONNECTIONS", 2)
    with serving(hostile.hang) as hanging, serving(answering(OK)) as server:
        caller = make_caller(allow=[("127.0.0.1", hanging.port), ("127.0.0.1", server.port)])
        for number in range(10):
            caller.submit(hanging.url, key=f"hangs {number}", timeout_ms=30_000)
        quick = [caller.post(server.url, key=number) for number in range(5)]
    assert {sent.kind for sent in quick} == {"reply"}
    assert (len(server.requests), server.accepted) == (5, 1)


def test_the_oldest_idle_connection_is_closed_where_there_are_too_many(
    make_caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "MAX_KEPT_CONNECTIONS", 2)
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(answering(OK))) for _ in range(5)]
        caller = make_caller(allow=[("127.0.0.1", server.port) for server in servers])
        for server in (*servers, servers[0]):
            assert caller.post(server.url).kind == "reply"
    assert [server.accepted for server in servers] == [2, 1, 1, 1, 1]


def test_connections_that_nobody_will_use_again_are_closed(
    make_caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "MAX_IDLE_SECONDS", 1)
    monkeypatch.setattr(transfer, "MAX_IDLE_SECONDS", 1)
    monkeypatch.setattr(send, "FEW_KEPT", 0)
    is_closed = threading.Event()

    def answer_until_closed(connection: hostile.Connection) -> None:
        while connection.read_request() is not None:
            connection.send(OK)
        is_closed.set()

    with serving(answer_until_closed) as server:
        caller = make_caller(allow=[("127.0.0.1", server.port)])
        assert caller.post(server.url).kind == "reply"
        assert is_closed.wait(30)
        assert caller.post(server.url).kind == "reply"
    assert server.accepted == 2


@pytest.mark.parametrize("body", [b'{"a":1}', b"x" * 300_000, b""], ids=["small", "large", "empty"])
def test_a_server_that_reads_a_kept_connection_and_closes_it_is_asked_once(caller: Caller, body: bytes) -> None:
    with serving(hostile.read_second_and_close) as server:
        first = caller.post(server.url, key="first", body=body)
        second = caller.post(server.url, key="second", body=body)
        asked = [request for request in server.requests if b"Idempotency-Key: second" in request]
    # Without a body a new connection is used, whose first request this server answers.
    assert (first.kind, second.kind) == ("reply", "ambiguous" if body else "reply")
    assert len(asked) == 1


def test_a_large_body_arrives_whole(caller: Caller) -> None:
    body = bytes(range(256)) * 1000
    with serving(answering(OK)) as server:
        assert caller.post(server.url, body=body).kind == "reply"
    assert server.requests[0].partition(b"\r\n\r\n")[2] == body


def test_a_call_after_a_failed_one_on_the_same_handle_starts_afresh(caller: Caller) -> None:
    with serving(answering(head("X-Old: 1", "Content-Length: 3") + b"old")) as server:
        assert caller.post(server.url).kind == "reply"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    refused = caller.post(nobody)
    assert (refused.kind, refused.reply) == ("not_sent", None)
    with serving(answering(OK)) as server:
        sent = caller.post(server.url)
    assert sent.reply is not None
    assert (sent.reply.headers, sent.reply.body) == ((("content-length", "2"),), b"ok")


def test_the_time_limit_covers_the_connection_too(caller: Caller) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        sent = caller.post(f"http://127.0.0.1:{address[1]}/", timeout_ms=60_000, connect_ms=300)
        for filler in fillers:
            filler.close()
    assert (sent.kind, sent.error) == ("not_sent", "The server could not be reached in time.")
    assert 300 <= sent.ms < 30_000


def test_a_blocked_address_opens_no_connection(make_caller: MakeCaller) -> None:
    with serving(answering(OK)) as server:
        caller = make_caller(resolve=lambda host: ["127.0.0.1"])
        addresses = ("http://127.0.0.1:{}/", "https://127.0.0.1:{}/", "https://localhost:{}/", "not an address {}")
        texts = {caller.post(address.format(server.port)).error for address in addresses}
        name = caller.post("https://buyer.example.com/")
    assert (name.kind, texts) == ("blocked", {name.error})
    assert server.accepted == 0


def test_a_name_is_looked_up_and_checked_at_every_call(make_caller: MakeCaller) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.5"]])
    caller = make_caller(resolve=lambda host: next(answers), allow=[])
    assert [caller.post("https://buyer.example.com/").kind for _ in range(2)] == ["blocked", "blocked"]
    assert next(answers, None) is None


def test_nothing_in_the_environment_leads_a_call_elsewhere(
    make_caller: MakeCaller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login from-netrc password from-netrc")
    with serving(answering(OK)) as server, serving(answering(OK)) as proxy:
        for name in ("http_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert make_caller(allow=[("127.0.0.1", server.port)]).post(server.url).kind == "reply"
    assert (len(server.requests), proxy.accepted) == (1, 0)
    assert b"authorization" not in server.requests[0].lower()


def test_a_socket_to_any_other_address_is_refused(caller: Caller) -> None:
    """The last check before a socket is made, should the address to connect to ever differ from the checked one."""
    with serving(answering(OK)) as server:
        caller.post(server.url)
        transfer = caller.sender._idle[0]
        transfer.address = "127.0.0.2"
        wanted = SimpleNamespace(family=socket.AF_INET, socktype=socket.SOCK_STREAM, proto=0, addr=("127.0.0.1", 80))
        assert transfer._open_socket(0, wanted) == pycurl.SOCKET_BAD
        assert transfer.outcome(pycurl.E_COULDNT_CONNECT, "")[0] == "blocked"
        assert transfer._confirm_address("127.0.0.1", "", 80, 0) == pycurl.PREREQFUNC_ABORT


def test_an_empty_header_is_sent_empty(caller: Caller) -> None:
    with serving(answering(OK)) as server:
        headers = (("X-Empty", ""), ("X-Name", "Zoë"), ("Content-Type", "text/x"))
        caller.sender.submit(Call("key", HttpRequest("PATCH", server.url, headers, b"x"), 30_000))
        assert caller.result().kind == "reply"
    lines = server.requests[0].split(b"\r\n")
    assert lines[0] == b"PATCH /leads HTTP/1.1"
    assert {b"X-Empty:", "X-Name: Zoë".encode(), b"Content-Type: text/x"} <= {line.rstrip() for line in lines}
    assert sum(line.lower().startswith(b"content-type") for line in lines) == 1


def test_a_kept_connection_is_used_for_its_own_address_only(make_caller: MakeCaller) -> None:
    """The name moves from one address to another between two calls, both on the same port."""
    first = Server(answering(OK))
    second = Server(answering(OK), address="127.0.0.2", port=first.port)
    answers = iter([["127.0.0.1"], ["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1"]])
    caller = make_caller(resolve=lambda host: next(answers), allow=[("buyer.example.com", first.port)])
    results = [caller.post(f"http://buyer.example.com:{first.port}/") for _ in range(4)]
    first.close()
    second.close()
    assert {sent.kind for sent in results} == {"reply"}
    assert [(len(server.requests), server.accepted) for server in (first, second)] == [(3, 1), (1, 1)]


def test_the_next_address_of_a_name_is_tried_when_one_refuses(make_caller: MakeCaller) -> None:
    with serving(answering(OK)) as server:
        caller = make_caller(resolve=lambda host: ["127.0.0.9", "127.0.0.1"], allow=[("buyer.example", server.port)])
        assert caller.post(f"http://buyer.example:{server.port}/").kind == "reply"
    assert len(server.requests) == 1


def test_calls_to_one_host_share_the_look_up_that_is_under_way(make_caller: MakeCaller) -> None:
    asked: list[str] = []
    may_answer = threading.Event()

    def resolve(host: str) -> list[str]:
        asked.append(host)
        may_answer.wait(60)
        return ["127.0.0.1"]

    with serving(answering(OK)) as server:
        caller = make_caller(resolve=resolve, allow=[("buyer.example", server.port)])
        for number in range(20):
            caller.submit(f"http://buyer.example:{server.port}/{number}", key=number, timeout_ms=30_000)
        may_answer.set()
        assert {caller.result().kind for _ in range(20)} == {"reply"}
    assert len(asked) < 20
    assert len(server.requests) == 20


def test_a_slow_name_service_delays_nobody_else_and_ends_in_time(make_caller: MakeCaller) -> None:
    never = threading.Event()

    def resolve(host: str) -> list[str]:
        never.wait(60) if host.startswith("slow") else None
        return ["127.0.0.1"]

    with serving(answering(OK)) as server:
        names = [f"slow-{number}.example" for number in range(8)] + ["quick.example"]
        caller = make_caller(resolve=resolve, allow=[(name, server.port) for name in names])
        for name in names:
            caller.submit(
                f"http://{name}:{server.port}/",
                key=name,
                timeout_ms=30_000,
                connect_ms=1500 if name.startswith("slow") else 20_000,
            )
        results = [caller.result() for _ in names]
        never.set()
    assert (results[0].key, results[0].kind) == ("quick.example", "reply")
    assert {sent.error for sent in results[1:]} == {"The host name was not looked up in time."}
    assert all(1500 <= sent.ms < 15_000 for sent in results[1:])


def test_names_that_hang_hold_up_none_that_was_quick_before_however_many_they_are(make_caller: MakeCaller) -> None:
    never = threading.Event()

    def resolve(host: str) -> list[str]:
        never.wait(60) if host.startswith("slow") else None
        return ["127.0.0.1"]

    with serving(answering(OK)) as server:
        slow = [f"slow-{number}.example" for number in range(40)]
        caller = make_caller(resolve=resolve, allow=[(name, server.port) for name in ("quick.example", *slow)])
        assert caller.post(f"http://quick.example:{server.port}/").kind == "reply"
        for name in (*slow, "quick.example"):
            caller.submit(f"http://{name}:{server.port}/", key=name, timeout_ms=30_000, connect_ms=30_000)
        first = caller.result()
        never.set()
    assert (first.key, first.kind) == ("quick.example", "reply")


def test_a_name_without_an_answer_is_not_sent(make_caller: MakeCaller) -> None:
    sent = make_caller(resolve=lambda host: []).post("https://buyer.example.com/")
    assert (sent.kind, sent.error) == ("not_sent", "The name buyer.example.com has no address.")


def test_stopping_lets_calls_end(caller: Caller) -> None:
    with serving(answering(OK, after=0.3)) as server:
        for number in range(5):
            caller.submit(server.url, key=number)
        caller.sender.stop(grace_seconds=30)
    assert [caller.result(0).kind for _ in range(5)] == ["reply"] * 5


def test_stopping_gives_up_what_does_not_end_in_time(make_caller: MakeCaller) -> None:
    never = threading.Event()
    with serving(hostile.hang) as server:
        caller = make_caller(
            resolve=lambda host: ["127.0.0.1"] if never.wait(60) else [],
            allow=[("127.0.0.1", server.port), ("slow.example", server.port)],
        )
        caller.submit(server.url, key="asked", timeout_ms=30_000)
        caller.submit(f"http://slow.example:{server.port}/", key="waiting", timeout_ms=30_000)
        while not server.requests:
            time.sleep(0.01)
        began = time.monotonic()
        caller.sender.stop(grace_seconds=0.2)
        never.set()
    assert time.monotonic() - began < 15
    results = [caller.result(0) for _ in range(2)]
    assert {sent.key: sent.kind for sent in results} == {"asked": "ambiguous", "waiting": "not_sent"}
    assert caller.sender.in_flight == 0


def test_nothing_can_be_submitted_after_stopping(caller: Caller) -> None:
    caller.sender.stop(0)
    with pytest.raises(RuntimeError):
        caller.submit("https://buyer.example.com/")


def test_a_get_has_no_body_and_announces_none(caller: Caller) -> None:
    with serving(answering(OK)) as server:
        for method, body in (("GET", b""), ("POST", b"{}"), ("GET", b""), ("PATCH", b"{}")):
            caller.sender.submit(Call("key", HttpRequest(method, server.url, (), body), 30_000))
            assert caller.result().kind == "reply"
    heads = [request.split(b"\r\n\r\n")[0].lower() for request in server.requests]
    assert [head.split()[0] for head in heads] == [b"get", b"post", b"get", b"patch"]
    assert [b"content-length" in head for head in heads] == [False, True, False, True]
    assert server.accepted == 2  # A call without a body has a connection of its own; those with one share the other.


def test_a_post_whose_fields_are_in_the_query_names_no_content_type(caller: Caller) -> None:
    with serving(answering(OK)) as server:
        caller.sender.submit(Call("key", HttpRequest("POST", f"{server.url}?a=1", (("X-A", "1"),), b""), 30_000))
        assert caller.result().kind == "reply"
    [request] = server.requests
    assert request.startswith(b"POST /leads?a=1 HTTP/1.1\r\n")
    assert b"Content-Length: 0\r\n" in request
    assert b"content-type" not in request.lower()
