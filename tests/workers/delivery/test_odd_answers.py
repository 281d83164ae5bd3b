"""Answers that are odd and not wicked: what servers and gateways in the field really send."""

import pytest

from rules.delivery.wire import Reply
from tests.support.caller import Caller
from tests.support.hostile import OK, Behaviour, Connection, answering, head, serving

CHUNKED = head("Transfer-Encoding: chunked", "Trailer: X-Sum")
ACCEPTED = b'{"status":"accepted"}'


def slowly(answer: bytes, every: float) -> Behaviour:
    """Answer byte by byte, with a pause of some seconds after each."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        for byte in answer:
            connection.send(bytes([byte]))
            connection.wait(every)

    return behave


ODD: dict[str, tuple[Behaviour, str, int, bytes]] = {
    "continue, then the answer": (answering(b"HTTP/1.1 100 Continue\r\n\r\n" + OK), "reply", 200, b"ok"),
    "early hints": (answering(head("Link: </a>", status="103 Early Hints") + OK), "reply", 200, b"ok"),
    "processing": (answering(b"HTTP/1.1 102 Processing\r\n\r\n" * 3 + OK), "reply", 200, b"ok"),
    "a head byte by byte, in time": (slowly(OK, 0.005), "reply", 200, b"ok"),
    "a head byte by byte, for too long": (slowly(OK, 0.1), "ambiguous", 0, b""),
    "no content with content": (
        answering(head("Content-Length: 21", status="204 No Content") + ACCEPTED), "reply", 204, b"",
    ),
    "no content and no length": (answering(head(status="204 No Content")), "reply", 204, b""),
    "chunks with a trailer": (
        answering(CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 7\r\nContent-Type: text/evil\r\n\r\n"), "reply", 200, b"ok",
    ),
    "chunks that end too soon": (answering(CHUNKED + b"2\r\nok\r\n", keep=False), "ambiguous", 0, b""),
    "the old protocol, until it closes": (answering(b"HTTP/1.0 200 OK\r\n\r\nok", keep=False), "reply", 200, b"ok"),
    "lines that end without a return": (answering(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"), "reply", 200, b"ok"),
    "no reason beside the status": (answering(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"), "reply", 200, b"ok"),
    "a status of its own": (answering(head("Content-Length: 0", status="999 No")), "reply", 999, b""),
    "a length below zero": (answering(head("Content-Length: -2") + b"ok", keep=False), "ambiguous", 0, b""),
    "another protocol": (answering(head("Upgrade: h2c", status="101 Switching"), keep=False), "ambiguous", 0, b""),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_is_read_for_what_it_is(caller: Caller, name: str) -> None:
    behaviour, kind, status, body = ODD[name]
    with serving(behaviour) as server:
        sent = caller.post(server.url, timeout_ms=3000 if kind == "ambiguous" else 10_000)
        assert len(server.requests) == 1
    reply = sent.reply or Reply(0, (), b"")
    assert (sent.kind, reply.status, reply.body) == (kind, status, body)


def test_what_follows_a_whole_answer_is_not_the_answer_to_the_next_call(caller: Caller) -> None:
    refused = head("Content-Length: 2", status="422 No") + b"no"

    def answers_twice(connection: Connection) -> None:
        while connection.read_request() is not None:
            connection.send(OK + refused)

    with serving(answers_twice) as server:
        answers = [caller.post(server.url).reply for _ in range(3)]
        assert [answer and (answer.status, answer.body) for answer in answers] == [(200, b"ok")] * 3
        assert len(server.requests) == 3


def test_what_comes_after_the_body_is_no_header_of_the_answer(caller: Caller) -> None:
    with serving(ODD["chunks with a trailer"][0]) as server:
        sent = caller.post(server.url)
    assert sent.reply is not None
    assert "content-type" not in sent.reply.header_map()
