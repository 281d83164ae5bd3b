"""What only strangers send, over real HTTP to the real server: taken or refused with a reason, and never a 500."""

import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.support.processes import free_port, started
from tests.support.supplier import LEAD, Rows, Supplier, a_supplier

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
FILE = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n'


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: Any

    @property
    def code(self) -> str | None:
        """Return the code of the first problem, if the post was refused."""
        return self.body["errors"][0]["code"] if self.body.get("errors") else None


class Wire:
    """A supplier on a real socket."""

    def __init__(self, port: int, supplier: Supplier) -> None:
        self.port = port
        self.supplier = supplier

    def send(self, body: Any, kind: str = JSON, **headers: str) -> Reply:
        """Post bytes as they are."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Content-Type": kind, "X-API-Key": self.supplier.key, **named}
        with closing(connection):
            # The server may answer a body that is too large before it has read all of it.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request("POST", f"{self.supplier.address}?wait=0", body, sent)
            reply = connection.getresponse()
            return Reply(reply.status, json.loads(reply.read()))

    def send_chunks(self, *chunks: bytes) -> Reply:
        """Post a body in chunks, without saying how long it is."""
        return self.send(iter(chunks))


@pytest.fixture(scope="module")
def port(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run the web server of the product; give its port."""
    home, number = tmp_path_factory.mktemp("web"), free_port()
    environ = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "FLOWBUILDER_WEB_PORT": number}
    with started(Path(home), "flowbuilder", "web", **environ):
        wait_for(int(number))
        yield int(number)


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    ends_at = time.monotonic() + 120
    while time.monotonic() < ends_at:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the web server did not start")


@pytest.fixture
def wire(port: int, intake: Flask, session: Session) -> Wire:
    """Give a supplier on a real socket."""
    return Wire(port, a_supplier(intake, session))


def with_field(**fields: object) -> bytes:
    """Return a good lead with one thing that is strange."""
    return json.dumps(LEAD | fields).encode()


def with_text(text: bytes) -> bytes:
    """Return a good lead and beside it a piece of JSON that no library of ours would write."""
    return with_field()[:-1] + b', "strange": ' + text + b"}"


REFUSED = {
    "half of a surrogate pair": (with_text(b'"\\ud800"'), 400, "lone_surrogate"),
    "NaN": (with_text(b"NaN"), 400, "not_a_number"),
    "Infinity": (with_text(b"-Infinity"), 400, "not_a_number"),
    "1e999": (with_text(b"1e999"), 400, "number_too_large"),
    "1e200000": (with_text(b"1e200000"), 400, "number_too_large"),
    "an integer of 5,000 digits": (with_text(b"9" * 5000), 400, "number_too_large"),
    "100,000 open brackets": (b"[" * 100_000, 400, "too_deep"),
    "100,000 open objects": (b'{"a":' * 100_000, 413, "body_too_large"),
    "the same key twice": (with_text(b'1, "state": "NV"'), 400, "doubled_key"),
    "100,000 keys": (b"{" + b",".join(b'"%d":1' % n for n in range(20_000)) + b"}", 400, "too_many_fields"),
    "a text of 10 MB": (with_field(comment="x" * 10_000_000), 413, "body_too_large"),
    "a phone number of 1 MB": (with_field(phone_1="5" * 1_000_000), 413, "body_too_large"),
    "a phone number of 60 KB": (with_field(phone_1="5" * 60_000), 422, "invalid_phone"),
    "an empty object": (b"{}", 422, "required"),
    "an array at the top": (b"[1, 2]", 400, "not_an_object"),
    "a text at the top": (b'"lead"', 400, "not_an_object"),
    "bytes that are no UTF-8": (with_text(b'"\xff\xfe"'), 400, "not_utf8"),
    "no JSON at all": (b"email=ana", 400, "not_json"),
    "a line break in an address": (with_field(email="ana@example.com\r\nBcc: all@example.com"), 422, "invalid_email"),
    "a raw U+0000": (with_text(b'"a\x00b"'), 400, "not_json"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_poisoned_body_is_refused_with_a_reason(wire: Wire, rows: Rows, what: str):
    body, status, code = REFUSED[what]
    reply = wire.send(body)
    assert (reply.status, reply.code, reply.body["lead"]) == (status, code, None)
    assert all(problem["message"].endswith(".") for problem in reply.body["errors"])
    assert rows.leads(wire.supplier) == []


TAKEN: dict[str, tuple[bytes, dict[str, object]]] = {
    "an escaped U+0000": (with_field(comment="a\u0000b"), {"comment": "ab"}),
    "a U+0000 in a key": (with_field(**{"com\u0000ment": "x"}), {"comment": "x"}),
    "a date in the year 0": (with_field(move_in="0000-01-01"), {}),
    "a date in the year 9999999": (with_field(move_in="9999999-01-01"), {}),
    "a name of emoji with joiners": (with_field(first_name="👩‍👩‍👧 Zoë"), {"first_name": "👩‍👩‍👧 Zoë"}),
    "a name from right to left": (with_field(first_name="\u202eאנה"), {"first_name": "\u202eאנה"}),
    "a template": (with_field(first_name="{{config}}"), {"first_name": "{{config}}"}),
    "a spreadsheet formula": (with_field(first_name="=cmd()"), {"first_name": "=cmd()"}),
    "SQL": (with_field(first_name="' OR 1=1 --"), {"first_name": "' OR 1=1 --"}),
    "HTML": (with_field(first_name="<b>Ana</b>"), {"first_name": "<b>Ana</b>"}),
    "an amount with commas": (with_field(bill="1,000.00"), {"bill": 1000}),
    "true for a number": (with_field(credit_score=True), {}),
    "a list for a text": (with_field(comment=["a", {"b": 1}]), {}),
    "a key of 10 KB": (with_field(**{"k" * 10_000: 1}), {}),
    "a field that is named like a method": (with_field(__class__="x", constructor="y"), {}),
}


@pytest.mark.parametrize("what", TAKEN)
def test_a_strange_value_is_taken_as_the_text_that_it_is(wire: Wire, rows: Rows, what: str):
    body, fields = TAKEN[what]
    reply = wire.send(body)
    assert (reply.status, reply.code) == (202, None)
    known = {"email": "ana@example.com", "phone_1": "+15125550148", "state": "CA"}
    assert rows.leads(wire.supplier)[0]["fields"] == known | fields


@pytest.mark.parametrize(
    ("body", "kind", "headers", "answer"),
    [
        (with_field(), "application/json; charset=utf-7", {}, (415, "unsupported_charset")),
        (gzip.compress(with_field()), JSON, {"Content_Encoding": "gzip"}, (415, "unsupported_encoding")),
        (b"&".join(b"a%d=1" % n for n in range(5000)), FORM, {}, (400, "too_many_fields")),
        (FILE, "multipart/form-data; boundary=x", {}, (400, "file_not_taken")),
        (b"\x00" * 100, "application/octet-stream", {}, (415, "unsupported_content_type")),
        (with_field(), JSON, {"Idempotency_Key": "x" * 5000}, (400, "idempotency_key_too_long")),
        (with_field(), JSON, {"X_API_Key": "\xff" * 100}, (401, "wrong_key")),
        (with_field(), JSON, {"Authorization": "Basic " + "A" * 5000, "X_API_Key": ""}, (401, "wrong_key")),
    ],
    ids=["charset", "gzip", "5,000 fields", "file", "binary", "long key", "odd key", "basic"],
)
def test_a_strange_request_is_refused_with_a_reason(
    wire: Wire, body: bytes, kind: str, headers: dict[str, str], answer: tuple[int, str]
):
    reply = wire.send(body, kind, **headers)
    assert (reply.status, reply.code) == answer


def test_a_body_in_chunks_without_a_length_is_taken(wire: Wire, rows: Rows):
    body = with_field()
    assert wire.send_chunks(body[:10], body[10:]).status == 202
    assert len(rows.leads(wire.supplier)) == 1


def test_a_form_in_chunks_is_refused_because_half_of_it_would_look_whole(wire: Wire):
    reply = wire.send(iter([b"email=ana%40example.com&", b"state=CA"]), FORM)
    assert (reply.status, reply.code) == (411, "length_required")


@pytest.mark.parametrize(
    ("kind", "body"), [(FORM, urlencode(LEAD).encode()), (JSON, json.dumps(LEAD).encode())], ids=["form", "json"]
)
def test_a_post_whose_sender_goes_away_in_the_middle_is_no_lead(
    wire: Wire, rows: Rows, kind: str, body: bytes, eventually
):
    head = (
        f"POST {wire.supplier.address} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {wire.supplier.key}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body) + 20}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", wire.port)) as connection:
        connection.sendall(head.encode() + body)
    refusals = "SELECT codes FROM intake_refusal WHERE source_id = %(id)s"
    assert eventually(lambda: rows.all(refusals, id=wire.supplier.source.id)) == [{"codes": ["body_cut_short"]}]
    assert rows.leads(wire.supplier) == []


def test_a_body_in_chunks_is_cut_off_at_the_limit(wire: Wire):
    reply = wire.send_chunks(b'{"comment": "', *[b"x" * 16_384] * 20, b'"}')
    assert (reply.status, reply.code) == (413, "body_too_large")


def test_a_real_server_takes_fifty_posts_at_once_and_stores_each(wire: Wire, rows: Rows):
    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda n: wire.send(with_field(comment=f"lead {n}")), range(200)))
    assert {reply.status for reply in replies} == {202}
    assert {row["fields"]["comment"] for row in rows.leads(wire.supplier)} == {f"lead {n}" for n in range(200)}
