"""What a supplier gets for a post: every status with its exact body."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder import enqueue, ids, keys
from flowbuilder.intake.guard import MISSING, OF_PROGRAMS, WRONG
from tests.support.cast import a_flow, a_seller
from tests.support.supplier import LEAD, Rows, Supplier, a_key, a_supplier, a_worker


def refusal(code: str, message: str, *, field: str | None = None, again: bool = False) -> dict[str, object]:
    """Return the body of a refused post."""
    return {
        "outcome": "error" if again else "failure",
        "status": "error" if again else "invalid",
        "errors": [{"field": field, "code": code, "message": message}],
        "lead": None,
    }


def shown(rows: Rows, supplier: Supplier) -> str:
    """Return the id of the supplier's last lead as it is shown."""
    return ids.show(rows.leads(supplier)[-1]["id"])


def expected(outcome: str, status: str, lead_id: str, *, price: str, ignored: str = "[]") -> str:
    """Return the body of an answer, byte for byte."""
    begins = f'{{"outcome":"{outcome}","status":"{status}","reason":null,"lead":{{"id":"{lead_id}"}},'
    return f'{begins}"price":{price},"ignored":{ignored}}}'


def test_a_post_that_does_not_wait_gets_202_and_where_to_ask(supplier: Supplier, rows: Rows):
    answer = supplier.post({**LEAD, "utm_x": "ads"})
    lead_id = shown(rows, supplier)
    assert answer.status_code == 202
    assert answer.text == expected("pending", "waiting", lead_id, price="0", ignored='["utm_x"]')
    assert answer.headers["Location"] == f"{supplier.address}/leads/{lead_id}"
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("application/json", "no-store")


def test_a_sold_lead_gets_201_and_its_price(supplier: Supplier, rows: Rows, database_url: str, redis_url: str):
    with a_worker(database_url, redis_url):
        answer = supplier.post(wait=25)
    assert answer.status_code == 201
    assert answer.text == expected("success", "sold", shown(rows, supplier), price="31.50")
    assert "Location" not in answer.headers


@pytest.mark.parametrize("outcome", ["rejected", "duplicate", "error"])
def test_a_lead_that_was_not_sold_gets_201_and_the_reason(
    supplier: Supplier, rows: Rows, database_url: str, redis_url: str, outcome: str
):
    with a_worker(database_url, redis_url, outcome=outcome, reason="Not CA solar", cost=0):
        answer = supplier.post(wait=25)
    assert (answer.status_code, answer.json) == (
        201,
        {
            "outcome": "error" if outcome == "error" else "failure",
            "status": outcome,
            "reason": "Not CA solar",
            "lead": {"id": shown(rows, supplier)},
            "price": 0,
            "ignored": [],
        },
    )


def test_the_price_has_the_decimals_of_the_currency(intake: Flask, session: Session, database_url: str, redis_url: str):
    fields = [{"key": "email", "type": "email"}]
    document = {"schema": 1, "currency": "JPY", "fields": fields, "steps": [], "fallback": {"id": "e", "do": "reject"}}
    supplier = a_supplier(intake, session, document=document)
    with a_worker(database_url, redis_url, cost=3150):
        assert '"price":3150,' in supplier.post(wait=25).text


def test_the_row_says_what_was_posted_and_what_it_means(supplier: Supplier, rows: Rows):
    supplier.post(
        {"EMAIL": "Ana@Example.com", "mobile": "512 555 0148", "state": "california", "bill": "$1,200.50", "x": 1}
    )
    row = rows.leads(supplier)[0]
    assert row["fields"] == {"email": "Ana@example.com", "phone_1": "+15125550148", "state": "CA", "bill": 1200.50}
    assert row["posted"] == {
        "email": "Ana@Example.com",
        "phone_1": "512 555 0148",
        "state": "california",
        "bill": "$1,200.50",
        "x": 1,
    }
    assert (row["state"], row["is_test"], row["invalid"], row["ignored"]) == ("received", False, [], ["x"])
    assert (row["version"], row["currency"], row["answer_to"]) == (1, "USD", None)
    assert row["due_at"] - row["received_at"] < timedelta(minutes=1)


def test_fields_that_were_taken_without_a_valid_value_are_named(supplier: Supplier):
    assert "Invalid-Fields" not in supplier.post({**LEAD, "bill": "1,200.50"}).headers
    for headers in ({}, {"Idempotency-Key": "A-1"}, {"Idempotency-Key": "A-1"}):
        answer = supplier.post({**LEAD, "bill": "1.200,50", "move_in": "soon"}, headers=headers)
        assert (answer.status_code, answer.headers["Invalid-Fields"]) == (202, "bill, move_in")


def test_a_form_is_taken_as_json_is(supplier: Supplier, rows: Rows):
    answer = supplier.post(data=LEAD)
    assert (answer.status_code, rows.leads(supplier)[0]["fields"]["state"]) == (202, "CA")


def test_the_query_string_counts_over_the_body(supplier: Supplier, rows: Rows):
    supplier.post(query={"state": "NV", "wait": "0"})
    assert rows.leads(supplier)[0]["fields"]["state"] == "NV"


def test_every_field_problem_is_told_at_once(supplier: Supplier, rows: Rows):
    answer = supplier.post({"email": "nobody", "state": ""})
    invalid_email = ("email", "invalid_email", "Email is not an email address that can receive mail.")
    no_phone, no_state = ("phone_1", "required", "Phone 1 is required."), ("state", "required", "State is required.")
    errors = [dict(zip(("field", "code", "message"), one, strict=True)) for one in (invalid_email, no_phone, no_state)]
    assert answer.status_code == 422
    assert answer.json == {"outcome": "failure", "status": "invalid", "errors": errors, "lead": None}
    assert rows.leads(supplier) == []


def test_a_refusal_names_what_no_field_is_called_because_what_is_missing_may_stand_there(supplier: Supplier):
    misspelt = {**LEAD, "emial": LEAD["email"], "email": ""}
    answer = supplier.post(misspelt)
    assert (answer.status_code, answer.json) == (
        422,
        refusal("required", "Email is required.", field="email") | {"ignored": ["emial"]},
    )
    as_xml = supplier.post(misspelt, headers={"Accept": "application/xml"})
    assert b"<lead></lead><ignored><field>emial</field></ignored></result>" in as_xml.data


def test_a_flow_or_source_that_does_not_exist_is_404(supplier: Supplier):
    message = "There is no such flow or source, or its flow is not published yet."
    for address in (f"/f/{supplier.flow.key}/nobody", f"/f/nobody/{supplier.source.key}", "/f/%00/%00"):
        answer = supplier.app.test_client().post(address, json=LEAD, headers={"X-API-Key": supplier.key})
        assert (answer.status_code, answer.json) == (404, refusal("no_such_source", message))


def test_a_flow_that_was_never_published_is_404(intake: Flask, session: Session):
    flow = a_flow(session, a_seller(session), live_version=None)
    assert a_supplier(intake, session, flow=flow).post().status_code == 404


def test_a_paused_flow_or_source_still_takes_leads(intake: Flask, session: Session, rows: Rows):
    supplier = a_supplier(intake, session, state="paused")
    assert (supplier.post().status_code, len(rows.leads(supplier))) == (202, 1)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (None, MISSING),
        ("", MISSING),
        ("guess", WRONG),
        ("lk_live_" + "0" * 26 + "_" + "a" * 43, WRONG),
        ("fb_" + "0" * 26 + "_" + "a" * 43, OF_PROGRAMS),
    ],
)
def test_a_missing_or_wrong_key_is_401(supplier: Supplier, rows: Rows, key: str | None, message: str):
    answer = supplier.post(headers={"X-API-Key": key})
    assert (answer.status_code, answer.json) == (401, refusal("wrong_key", message))
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert rows.leads(supplier) == []


def test_a_strangers_key_is_401(supplier: Supplier, intake: Flask, session: Session):
    stranger = a_supplier(intake, session)
    assert supplier.post(headers={"X-API-Key": stranger.key}).status_code == 401


def test_a_key_with_a_changed_secret_is_401(supplier: Supplier):
    changed = supplier.key[:-1] + ("A" if supplier.key[-1] != "A" else "B")
    assert supplier.post(headers={"X-API-Key": changed}).status_code == 401


def test_a_key_may_come_as_a_bearer_token(supplier: Supplier):
    headers = {"X-API-Key": None, "Authorization": f"Bearer {supplier.key}"}
    assert supplier.post(headers=headers).status_code == 202


def test_an_expired_key_is_401(supplier: Supplier, session: Session, rows: Rows):
    text = a_key(session, supplier.source, "live")
    session.commit()
    given = keys.read_key(text)
    assert given
    past = datetime.now(UTC) - timedelta(days=1)
    rows.all("UPDATE source_key SET expires_at = %(past)s WHERE id = %(id)s RETURNING id", past=past, id=given.id)
    assert supplier.post(headers={"X-API-Key": text}).status_code == 401


def test_a_source_that_needs_no_key_takes_posts_without_one(intake: Flask, session: Session):
    supplier = a_supplier(intake, session, needs_key=False)
    assert supplier.post(headers={"X-API-Key": None}).status_code == 202


def test_a_wrong_key_is_401_even_where_none_is_needed(intake: Flask, session: Session):
    supplier = a_supplier(intake, session, needs_key=False)
    assert supplier.post(headers={"X-API-Key": "guess"}).status_code == 401


def test_a_test_key_makes_a_test_lead(supplier: Supplier, rows: Rows):
    lead = {**LEAD, "email": "nobody", "test_outcome": "rejected"}
    assert supplier.post(lead, headers={"X-API-Key": supplier.test_key}).status_code == 202
    row = rows.leads(supplier)[0]
    assert (row["is_test"], row["test_outcome"], row["invalid"]) == (True, "rejected", ["email"])


def test_a_lead_may_say_itself_that_it_is_a_test(supplier: Supplier, rows: Rows):
    supplier.post({**LEAD, "is_test": True})
    assert rows.leads(supplier)[0]["is_test"]


@pytest.mark.parametrize("method", ["head", "put", "patch", "delete", "options"])
def test_another_method_is_405_and_says_which_is_allowed(supplier: Supplier, method: str):
    answer = getattr(supplier.app.test_client(), method)(f"{supplier.address}?email=ana@example.com")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    message = "Leads are posted: send POST, or GET where a form can do nothing else."
    assert method == "head" or answer.json == refusal("post_only", message)


def test_posting_to_the_address_of_an_answer_is_405(supplier: Supplier):
    answer = supplier.app.test_client().post(f"{supplier.address}/leads/{ids.show(ids.new_id())}", json=LEAD)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("address", ["/f/", "/f/a", "/f/a/b/c", "/f/a/b/leads", "/f/a/b/c/d/e"])
def test_an_address_that_does_not_exist_is_404_in_json(intake: Flask, address: str):
    answer = intake.test_client().post(address, json=LEAD)
    message = "There is nothing at this address: leads go to /f/<flow key>/<source key>."
    assert (answer.status_code, answer.json) == (404, refusal("no_such_address", message))


def test_a_slash_at_the_end_does_no_harm(supplier: Supplier):
    answer = supplier.app.test_client().post(
        f"{supplier.address}/?wait=0", json=LEAD, headers={"X-API-Key": supplier.key}
    )
    assert answer.status_code == 202


@pytest.mark.parametrize("wait", ["26", "-1", "1.5", "soon", "", "٣", "9" * 5000])
def test_a_wait_that_is_no_number_of_seconds_is_400(supplier: Supplier, wait: str):
    answer = supplier.post(query={"wait": wait}, wait=None)
    message = "wait is a whole number of seconds from 0 to 25."
    assert (answer.status_code, answer.json) == (400, refusal("wait_not_usable", message))


def test_a_body_of_more_than_256_kib_is_413(supplier: Supplier):
    answer = supplier.post(data=b"{" + b" " * 256 * 1024, content_type="application/json")
    assert (answer.status_code, answer.json) == (413, refusal("body_too_large", "The body is larger than 256 KiB."))


def test_a_body_of_another_kind_is_415(supplier: Supplier):
    answer = supplier.post(data="lead", content_type="text/plain")
    assert answer.status_code == 415
    assert answer.headers["Accept-Post"].startswith("application/json, ")


def test_a_body_that_cannot_be_parsed_is_400(supplier: Supplier):
    answer = supplier.post(data=b'{"email": "a", "email": "b"}', content_type="application/json")
    assert (answer.status_code, answer.json) == (400, refusal("doubled_key", "The key “email” is there twice."))


def test_an_answer_can_be_asked_for_later(supplier: Supplier, rows: Rows):
    lead_id = supplier.post().json["lead"]["id"]
    pending = supplier.ask(lead_id)
    assert (pending.status_code, pending.json["outcome"]) == (202, "pending")
    assert pending.headers["Location"] == f"{supplier.address}/leads/{lead_id}"
    rows.finish()
    sold = supplier.ask(lead_id)
    assert (sold.status_code, sold.json["status"], sold.json["price"]) == (200, "sold", 31.5)


def test_a_lead_of_another_source_is_404(supplier: Supplier, intake: Flask, session: Session):
    stranger = a_supplier(intake, session)
    lead_id = stranger.post().json["lead"]["id"]
    for unknown in (lead_id, ids.show(ids.new_id()), "nonsense"):
        answer = supplier.ask(unknown)
        assert (answer.status_code, answer.json) == (
            404,
            refusal("no_such_lead", "This source has posted no such lead."),
        )


def test_an_answer_needs_the_key_as_well(supplier: Supplier):
    lead_id = supplier.post().json["lead"]["id"]
    assert supplier.ask(lead_id, **{"X-API-Key": "guess"}).status_code == 401


def test_a_refused_post_is_recorded_by_codes_and_names_never_by_values(supplier: Supplier, rows: Rows, eventually):
    supplier.post({"email": "secret@nobody", "unknown": "secret"})
    statement = "SELECT * FROM intake_refusal WHERE source_id = %(id)s"
    row = eventually(lambda: rows.all(statement, id=supplier.source.id))[0]
    assert (row["status"], row["account_id"], row["flow_id"]) == (422, supplier.flow.account_id, supplier.flow.id)
    assert (row["codes"], row["fields"]) == (["invalid_email", "required"], ["email", "phone_1", "state"])
    assert "secret" not in json.dumps(row, default=str)


def test_workers_are_told_about_a_stored_lead(supplier: Supplier, redis_url: str, empty_queue: None):
    supplier.post()
    redis = enqueue.connect(redis_url, timeout=30)
    assert redis.blpop([enqueue.WAKE], timeout=20)
    assert redis.blpop(["rq:queue:leads"], timeout=20)
