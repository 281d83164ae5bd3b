"""Every kind of poison among a thousand good leads: the good ones are sold, each poison is refused or carried."""

import gzip
import http.client
import json
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from sqlalchemy import text

from tests.support.shop import Shop

GOOD = 1000
OF_EACH = 4
LEAD = {"phone_1": "(512) 555-0148", "state": "CA"}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
XML = {"Content-Type": "application/xml"}
FILE = b'--x\r\nContent-Disposition: form-data; name="email"; filename="a.txt"\r\n\r\na@example.com\r\n--x--\r\n'
LAUGHS = '<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><l><email>&b;</email></l>'
TAKEN = (202, None)


@dataclass(frozen=True)
class Poison:
    """One kind: the body for an email address of its own, and the status and code that answer it."""

    body: Callable[[str], Any]
    answer: tuple[int, str | None]
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)


def lead(**fields: object) -> Callable[[str], bytes]:
    """Return a maker of good leads with something strange in them."""
    return lambda email: json.dumps({"email": email, **LEAD} | fields).encode()


def beside(json_text: bytes) -> Callable[[str], bytes]:
    """Return a maker of good leads with a piece of JSON in them that no library of ours would write."""
    return lambda email: lead()(email)[:-1] + b', "comment": ' + json_text + b"}"


def always(body: Any) -> Callable[[str], Any]:
    """Return a maker of the same body whatever the address."""
    return lambda _email: body


KINDS: dict[str, Poison] = {
    "U+0000": Poison(beside(b'"a\\u0000b"'), TAKEN),
    "half of a surrogate pair": Poison(beside(b'"\\ud800"'), (400, "lone_surrogate")),
    "NaN": Poison(beside(b"NaN"), (400, "not_a_number")),
    "1e999": Poison(beside(b"1e999"), (400, "number_too_large")),
    "1e200000": Poison(beside(b"1e200000"), (400, "number_too_large")),
    "5,000 digits": Poison(beside(b"9" * 5000), (400, "number_too_large")),
    "100,000 brackets": Poison(always(b"[" * 100_000), (400, "too_deep")),
    "doubled key": Poison(beside(b'1, "state": "NV"'), (400, "doubled_key")),
    "key of 10 KB": Poison(lead(**{"k" * 10_000: 1}), TAKEN),
    "100,000 keys": Poison(lead(**{str(n): 1 for n in range(100_000)}), (413, "body_too_large")),
    "10 MB text": Poison(lead(comment="x" * 10_000_000), (413, "body_too_large")),
    "empty object": Poison(always(b"{}"), (422, "required")),
    "array at the top": Poison(always(b"[1, 2]"), (400, "not_an_object")),
    "wrong charset": Poison(lead(), (415, "unsupported_charset"), {"Content-Type": "application/json; charset=utf-7"}),
    "gzip": Poison(lambda email: gzip.compress(lead()(email)), (415, "unsupported_encoding"),
                   {**JSON, "Content-Encoding": "gzip"}),
    "chunks without a length": Poison(lambda email: iter([lead()(email)[:9], lead()(email)[9:]]), TAKEN),
    "5,000 form fields": Poison(always(b"&".join(b"a%d=1" % n for n in range(5000))), (400, "too_many_fields"), FORM),
    "uploaded file": Poison(always(FILE), (400, "file_not_taken"), {"Content-Type": "multipart/form-data; boundary=x"}),
    "line break in an email": Poison(lead(email="a@example.com\r\nBcc: b@example.com"), (422, "invalid_email")),
    "phone of 1 MB": Poison(lead(phone_1="5" * 1_000_000), (413, "body_too_large")),
    "year 0": Poison(lead(move_in="0000-01-01"), TAKEN),
    "year 9999999": Poison(lead(move_in="9999999-01-01"), TAKEN),
    "emoji, joiners, right to left": Poison(lead(first_name="👩‍👩‍👧 \u202eאנה Zoë"), TAKEN),
    "template": Poison(lead(first_name="{{config}}"), TAKEN),
    "spreadsheet formula": Poison(lead(first_name="=cmd()"), TAKEN),
    "SQL": Poison(lead(first_name="' OR 1=1 --"), TAKEN),
    "HTML": Poison(lead(first_name="<script>alert(1)</script>"), TAKEN),
    "amount with commas": Poison(lead(bill="1,000.00"), TAKEN),
    "true for a number": Poison(lead(credit_score=True, bill=True), TAKEN),
    "XML of entities": Poison(always(LAUGHS.encode()), (400, "doctype_not_taken"), XML),
    "deep XML": Poison(always(b"<a>" * 50_000), (400, "too_deep"), XML),
    "XML of other bytes": Poison(always(b"<lead><email>\xff\xfe</email></lead>"), (400, "wrong_encoding"), XML),
}  # fmt: skip


SOLD = ("sold", None, 0)


def send_poison(shop: Shop, kind: str, number: int) -> tuple[str, tuple[int, str | None]]:
    """Post one poison over a connection of its own; return status and code of the answer."""
    poison, where = KINDS[kind], urlsplit(shop.address)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    with closing(connection):
        # The server may answer a body that is too large before it has read all of it.
        with suppress(BrokenPipeError, ConnectionResetError):
            body, headers = poison.body(f"poison{number}@example.com"), {"X-API-Key": shop.key, **poison.headers}
            connection.request("POST", f"{where.path}?wait=0", body, headers)
        reply = connection.getresponse()
        said = reply.read()
    return kind, (reply.status, code_of(said))


def code_of(said: bytes) -> str | None:
    """Return the code of the first problem of an answer, which is a sentence as well."""
    if b"<errors>" in said:
        return said.partition(b"<code>")[2].partition(b"</code>")[0].decode()
    problems = json.loads(said).get("errors") or [{"code": None, "message": "."}]
    assert all(problem["message"].endswith(".") for problem in problems)
    return str(problems[0]["code"]) if problems[0]["code"] else None


def send_good(shop: Shop, session: requests.Session, number: int) -> tuple[str, tuple[int, str | None]]:
    """Post one good lead."""
    body = {"email": f"good{number}@example.com", **LEAD}
    answer = session.post(f"{shop.address}?wait=0", json=body, headers={"X-API-Key": shop.key}, timeout=60)
    return "good", (answer.status_code, code_of(answer.content))


def test_poison_among_a_thousand_leads_harms_nobody_else(shop: Shop):
    kinds = [kind for kind in KINDS for _ in range(OF_EACH)]
    sold_before = how_leads_ended(shop).get(SOLD, 0)  # The tests of this file share a shop and come in any order.
    with requests.Session() as session, ThreadPoolExecutor(4) as pool:
        good = [pool.submit(send_good, shop, session, number) for number in range(GOOD // 2)]
        bad = [pool.submit(send_poison, shop, kind, number) for number, kind in enumerate(kinds)]
        good += [pool.submit(send_good, shop, session, number) for number in range(GOOD // 2, GOOD)]
        answers = Counter(one.result() for one in [*good, *bad])
    assert answers == Counter({("good", TAKEN): GOOD} | {(kind, KINDS[kind].answer): OF_EACH for kind in KINDS})
    shop.market.wait_until_settled(300)
    carried = GOOD + OF_EACH * sum(poison.answer == TAKEN for poison in KINDS.values())
    sold_to = Counter(request.body["email"] for request in shop.buyer.seen[sold_before:])
    assert sum(email.startswith("good") for email in sold_to) == GOOD
    assert (len(sold_to), set(sold_to.values())) == (carried, {1})
    assert how_leads_ended(shop) == {SOLD: sold_before + carried}
    assert shop.yard.web
    assert [process.poll() for process in (shop.yard.web, *shop.yard.workers)] == [None, None]


def how_leads_ended(shop: Shop) -> dict[tuple[Any, ...], int]:
    """Return outcome, reason and crashes of all leads, counted."""
    counted = text("SELECT outcome, reason_code, crashes, count(*) FROM lead GROUP BY 1, 2, 3")
    with shop.market.database.connect() as database:
        return {tuple(row[:3]): row[3] for row in database.execute(counted)}


def test_what_was_carried_reached_the_buyer_as_the_text_that_it_is(shop: Shop):
    strange = {
        "first_name": "{{config}} ' OR 1=1 <b>",
        "comment": "a\u0000b",
        "bill": "1,000.00",
        "move_in": "0000-01-01",
    }
    answer = shop.post(json={"email": "strange@example.com", **LEAD, **strange})
    assert (answer.status_code, answer.json()["status"]) == (201, "sold")
    [sent] = [request.body for request in shop.buyer.seen if request.body["email"] == "strange@example.com"]
    assert (sent["first_name"], sent["comment"], float(sent["bill"])) == ("{{config}} ' OR 1=1 <b>", "ab", 1000)
    assert not sent.get("move_in")
