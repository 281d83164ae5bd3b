"""Ways that people go through a town: sold, refused, or in the hands of what breaks.

Each function posts people, and returns when all that is to happen has happened.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape

import requests
from sqlalchemy.orm import Session

from flowbuilder import enqueue
from flowbuilder.models import Source
from tests.support import cast
from tests.support.buyers import Seen
from tests.support.flows import only
from tests.support.town import FIELDS, Address, Town

FORM = "application/x-www-form-urlencoded"
# What a database says about an error may hold the whole row; it is put where its own log leaves it out.
BREAK = """
    CREATE OR REPLACE FUNCTION break_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'planted' USING DETAIL = {detail}, ERRCODE = '{state}';
    END $$;
    CREATE OR REPLACE TRIGGER planted BEFORE {event} ON "{table}" FOR EACH ROW WHEN ({when})
        EXECUTE FUNCTION break_{table}()
"""
# To take the trigger away all partitions would be locked, and a worker that goes on may wait for them the other way
# round; what it calls can be replaced without any lock.
MEND = """
    CREATE OR REPLACE FUNCTION break_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$
"""
PERSON_OF_LEAD = "(SELECT fields::text || posted::text FROM lead WHERE id = NEW.lead_id)"


def repeats(status: int, outcome: str) -> Callable[[Seen], tuple[int, dict[str, Any]]]:
    """Return how a buyer answers that says everything again that it was told."""
    return lambda seen: (status, {"status": outcome, "reason": json.dumps(seen.body), "id": seen.body["email"]})


def break_table(town: Town, table: str, event: str, when: str, detail: str, state: str = "P0001") -> None:
    town.market.execute(BREAK.format(table=table, event=event, when=when, detail=detail, state=state))


def mend(town: Town, table: str) -> None:
    town.market.execute(MEND.format(table=table))


def sold(town: Town, flow: Address) -> None:
    assert [town.post(flow, town.person(), params={"wait": "25"}).status_code for _ in range(15)] == [201] * 15


def in_other_forms(town: Town, flow: Address) -> None:
    """Post as a form, as XML, in the query of a GET, and to the one address for all flows."""
    for _ in range(3):
        flat = {name: text for name, text in town.person().items() if isinstance(text, str)}
        assert town.post(flow, {}, data=flat, params={"wait": "25"}).status_code == 201
        xml = "".join(
            f"<{name}>{escape(text)}</{name}>" for name, text in town.person().items() if isinstance(text, str)
        )
        as_xml = {"data": f"<lead>{xml}</lead>", "headers": {"Content-Type": "text/xml"}}
        assert town.post(flow, {}, params={"wait": "25"}, **as_xml).status_code == 201
        url, key = f"{town.own.public_url}{flow.path}", {"X-API-Key": flow.key}
        query = {name: text for name, text in town.person().items() if isinstance(text, str)}
        assert requests.get(url, params=query, headers=key, timeout=60).status_code == 201
        url, body = f"{town.own.public_url}/api/v1/leads", {"data": town.person()}
        assert requests.post(url, json=body, headers=key, timeout=60).status_code == 201


def declined_and_failing(town: Town, flow: Address) -> None:
    for _ in range(6):
        assert town.post(flow, town.person()).status_code in (201, 202)


def twice(town: Town, flow: Address) -> None:
    for _ in range(5):
        person = town.person()
        town.post(flow, person)
        assert town.post(flow, person).json()["status"] == "duplicate"


def the_same_key_with_other_fields(town: Town, flow: Address) -> None:
    key = {"Idempotency-Key": town.canaries.word()}
    town.post(flow, town.person(), headers=key)
    assert town.post(flow, town.person(), headers=key).status_code == 422


def refused(town: Town, flow: Address) -> None:
    """Post what is not taken: every field wrong, and bodies that cannot be read."""
    word, headers = town.canaries.word, {"Content-Type": "application/json"}
    for _ in range(10):
        nonsense = {field["key"]: town.canaries.text() for field in FIELDS}
        assert town.post(flow, nonsense).status_code == 422
    person = json.dumps(town.person())
    bodies: list[tuple[str, dict[str, str]]] = [
        (person[:-1], headers),
        (person[:-1] + f', "{word()}": NaN}}', headers),
        (f"[{person}]", headers),
        (f"<lead><email>{town.canaries.email()}</email><remark>{word()}</lead>", {"Content-Type": "application/xml"}),
        (f"email={town.canaries.email()}&phone_1={town.canaries.phone()}&x=%ff", {"Content-Type": FORM}),
        (person, {"Content-Type": word()}),
        (person + " " * 300_000, headers),
    ]
    for body, kind in bodies:
        assert 400 <= town.post(flow, {}, data=body, headers=kind).status_code < 500
    assert town.post(flow, town.person(), params={"wait": word()}).status_code == 400
    assert town.post(flow, town.person(), headers={"X-API-Key": word()}).status_code == 401
    assert town.post(replace(flow, path=f"/f/{word()}/{word()}"), town.person()).status_code == 404
    assert town.post(replace(flow, path=f"{flow.path}/leads/{word()}"), town.person()).status_code == 405


def not_stored(town: Town, flow: Address) -> None:
    """Have the database refuse a lead, once as wrong and once for a reason of its own."""
    for state, status in (("22023", 422), ("P0001", 503)):
        break_table(town, "lead", "INSERT", "true", "NEW.fields::text || NEW.posted::text", state)
        assert town.post(flow, town.person()).status_code == status
        mend(town, "lead")


def quarantined(town: Town, flow: Address) -> None:
    """Have a worker fail with a person in its hands: in the database's words, and in its own."""
    break_table(town, "offer", "INSERT", "true", PERSON_OF_LEAD)
    for _ in range(3):
        town.post(flow, town.person())
    town.wait_for("was quarantined")
    mend(town, "offer")


def strange_rows(town: Town, flow: Address) -> None:
    """Have a worker find fields in a row that no lead has, so that its own code fails over them."""
    person = json.dumps(town.person())
    with Session(town.market.database) as session:
        source = session.get_one(Source, town.market.source_id)
        for fields in ([person], {"email": [person], "phone_1": {person: person}}):
            values = {"state": "received", "outcome": None, "finished_at": None, "revenue": 0, "cost": 0}
            cast.a_lead(session, source, fields=fields, posted={"all": person}, **values)
        session.commit()
    with enqueue.connect(town.market.redis_url) as redis:
        enqueue.nudge(redis)
    town.market.wait_until("NOT EXISTS (SELECT FROM lead WHERE state <> 'done' AND due_at <= now())", 60)


def failing_jobs(town: Town, flow: Address) -> None:
    """Have a test call fail with a person in it."""
    break_table(town, "connection_test", "UPDATE", "true", "NEW.fields::text")
    answer = town.api("POST", f"/connections/{flow.connection}/test", json={"fields": town.person()})
    assert answer.status_code == 202
    town.wait_for("job_failed")
    mend(town, "connection_test")
    assert town.api("POST", f"/connections/{flow.connection}/test", json={"fields": town.person()}).status_code == 202


def failing_pages(town: Town, flow: Address) -> None:
    """Have a page and a call fail with people in them, and look for people in addresses."""
    email = town.canaries.email
    break_table(town, "flow", "INSERT", "true", "NEW.draft::text")
    document = {"schema": 1, "currency": "USD", "fields": FIELDS, "steps": [only("CA", reason=town.canaries.text())]}
    body = {"name": town.canaries.text(), "document": document | {"fallback": {"id": "end", "do": "reject"}}}
    assert town.api("POST", "/flows", json=body).status_code == 500
    mend(town, "flow")
    town.wait_for("page_failed")
    for path in (f"/leads?status={email()}", f"/leads/{email()}", f"/{email()}?q={email()}"):
        town.api("GET", path)
    for path in ("/leads", "/", f"/{email()}", "/sign-in"):
        requests.get(f"{town.own.public_url}{path}", params={"q": email()}, timeout=30)
    form = {"email": email(), "password": town.canaries.word()}
    requests.post(f"{town.own.public_url}/sign-in", data=form, timeout=30)


ALL: tuple[Callable[[Town, Address], None], ...] = (
    sold,
    in_other_forms,
    the_same_key_with_other_fields,
    refused,
    not_stored,
    quarantined,
    strange_rows,
    failing_jobs,
    failing_pages,
)
