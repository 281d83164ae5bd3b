"""Whatever a server does, a call ends in time as a reply, not sent or ambiguous, and is made once."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support import hostile
from tests.support.caller import Caller
from tests.support.hostile import Behaviour, answering, head, serving

TABLE = json.loads((Path(__file__).parents[2] / "cases" / "ssrf_urls.json").read_text())
SCRIPT = b"<script>alert(1)</script>"
BOMB = gzip.compress(bytes(1_000_000)) * 200  # Its members follow each other: 200 MB, packed in a moment.


def bodied(body: bytes, *lines: str, status: str = "200 OK") -> Behaviour:
    return answering(head(*lines, f"Content-Length: {len(body)}", status=status) + body)


WITHOUT_TLS: list[tuple[str, Behaviour, str, bytes]] = [
    ("b01", hostile.hang, "ambiguous", b""),
    ("b04", hostile.drip, "ambiguous", b""),
    ("b05", hostile.endless_chunks, "reply", b"x" * 65536),
    ("b06", hostile.endless_body("Content-Length: 10737418240"), "reply", b"x" * 65536),
    ("b07", bodied(BOMB, "Content-Encoding: gzip"), "reply", BOMB[:65536]),
    ("b08", bodied(b"abc", "Content-Encoding: " + ", ".join(["gzip"] * 50)), "reply", b"abc"),
    ("b09", bodied(b"abc", "Content-Encoding: br"), "reply", b"abc"),
    ("b09", bodied(b"abc", "Content-Encoding: zstd"), "reply", b"abc"),
    ("b11", bodied(b"ok", "X-Long: " + "a" * 10_000_000), "ambiguous", b""),
    ("b12", hostile.endless_continue(0), "ambiguous", b""),
    ("b12", hostile.endless_continue(0.05), "ambiguous", b""),
    ("b14", answering(b"<h1>no status line</h1>", keep=False), "ambiguous", b""),
    ("b15", answering(head("Content-Length: 100") + b"0123456789", keep=False), "ambiguous", b""),
    ("b16", hostile.reset_after_reading, "ambiguous", b""),
    ("b18", answering(head("Content-Length: 2", "Content-Length: 3") + b"abc"), "ambiguous", b""),
    ("b19", bodied(b"a\x00b\xff"), "reply", b"a\x00b\xff"),
    ("b22", bodied(SCRIPT, "X-Said: <script>alert(1)</script>"), "reply", SCRIPT),
    ("b23", bodied(b"\x1b[31mred\r\n", status="200 \x1b[31mred"), "reply", b"\x1b[31mred\r\n"),
    ("b30", answering(hostile.OK, after=0.9), "reply", b"ok"),
    ("b31", answering(hostile.OK, after=1.5), "ambiguous", b""),
    ("b32", bodied(b"", "Retry-After: 120", status="429 Too Many Requests"), "reply", b""),
]  # fmt: skip


def test_every_behaviour_of_the_table_has_a_test() -> None:
    here = Path(__file__).parent
    texts = [
        path.read_text() for folder in (here, here.parents[1] / "rules/delivery") for path in folder.glob("test_*.py")
    ]
    numbers = [entry["id"] for entry in TABLE["behaviours"]]
    assert len(numbers) == TABLE["counts"]["behaviours"] == 26
    assert [number for number in numbers if not any(re.search(rf"\b{number}\b", text) for text in texts)] == []


@pytest.mark.parametrize(("number", "behaviour", "kind", "body"), WITHOUT_TLS, ids=[row[0] for row in WITHOUT_TLS])
def test_a_call_ends_in_time_whatever_the_server_does(
    caller: Caller, number: str, behaviour: Behaviour, kind: str, body: bytes
) -> None:
    limit = 1000 if kind == "ambiguous" else 10_000
    with serving(behaviour) as server:
        sent = caller.post(server.url, timeout_ms=limit)
    assert (sent.kind, sent.reply.body if sent.reply else b"") == (kind, body)
    assert bool(sent.error) == (sent.reply is None)
    assert sent.ms <= limit + 20_000
    assert len(server.requests) == 1
    assert caller.sender.in_flight == 0


def test_a_cookie_is_not_sent_to_anyone(caller: Caller) -> None:
    """Case b24 of the table."""
    with (
        serving(answering(head("Set-Cookie: a=b; Path=/", "Content-Length: 0"))) as server,
        serving(answering(hostile.OK)) as other,
    ):
        for url in (server.url, server.url, other.url):
            assert caller.post(url).kind == "reply"
    assert not any(b"cookie" in request.lower() for request in server.requests + other.requests)


def test_credentials_that_are_echoed_come_back_as_they_are(caller: Caller) -> None:
    """b29: masking is the business of whoever stores the reply."""
    with serving(hostile.echo) as server:
        sent = caller.post(server.url)
    assert sent.reply is not None
    assert sent.reply.body == server.requests[0]


def test_no_compressed_answer_is_asked_for(caller: Caller) -> None:
    with serving(answering(hostile.OK)) as server:
        caller.post(server.url)
    sent_head = server.requests[0].split(b"\r\n\r\n")[0].lower()
    assert b"accept-encoding: identity" in sent_head
    assert b"expect:" not in sent_head


REDIRECTS = TABLE["redirects"]


@pytest.mark.parametrize("entry", REDIRECTS, ids=lambda entry: entry["id"])
def test_a_redirect_is_an_answer_and_is_not_followed(caller: Caller, entry: dict[str, Any]) -> None:
    location = entry["location"] or ""
    if entry["id"] == "r15":
        location += "a" * 100_000
    lines = (
        [f"Location: {location}", "Refresh: 0; url=http://127.0.0.1/"] if location else ["Proxy-Authenticate: Basic"]
    )
    with serving(bodied(b"moved", *lines, status=f"{entry['status']} Moved")) as server:
        sent = caller.post(server.url)
    assert sent.reply is not None
    assert (sent.reply.status, sent.reply.body) == (entry["status"], b"moved")
    assert (len(server.requests), server.accepted) == (1, 1)
