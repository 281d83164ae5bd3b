"""The same post twice makes one lead, however often and however close together it comes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.support.supplier import LEAD, Rows, Supplier, a_supplier, a_worker

KEY = {"Idempotency-Key": "A-1"}


def test_the_same_key_and_fields_get_the_answer_of_the_first_post(supplier: Supplier, rows: Rows):
    first = supplier.post(headers=KEY)
    rows.finish()
    again = supplier.post(headers=KEY)
    assert len(rows.leads(supplier)) == 1
    assert (again.status_code, again.json["status"], again.json["lead"]) == (201, "sold", first.json["lead"])
    assert (first.headers.get("Idempotent-Replay"), again.headers["Idempotent-Replay"]) == (None, "true")


def test_a_replay_of_a_lead_that_is_not_done_gets_202(supplier: Supplier):
    supplier.post(headers=KEY)
    again = supplier.post(headers=KEY)
    assert (again.status_code, again.json["outcome"], again.headers["Idempotent-Replay"]) == (202, "pending", "true")


def test_the_order_of_fields_and_the_kind_of_body_do_not_matter(supplier: Supplier, rows: Rows):
    supplier.post(LEAD, headers=KEY)
    turned_round = dict(reversed(LEAD.items()))
    assert supplier.post(turned_round, headers=KEY).status_code == 202
    assert supplier.post(data=LEAD, headers=KEY).status_code == 202
    assert len(rows.leads(supplier)) == 1


@pytest.mark.parametrize("other", [{"state": "NV"}, {"unknown": 1}, {"is_test": True}])
def test_the_same_key_with_other_fields_is_422(supplier: Supplier, rows: Rows, other: dict[str, object]):
    supplier.post(headers=KEY)
    answer = supplier.post({**LEAD, **other}, headers=KEY)
    message = (
        "Idempotency-Key came before with other fields or the other key (live, test). Use a new one for a new lead."
    )
    assert (answer.status_code, answer.json) == (
        422,
        {
            "outcome": "failure",
            "status": "invalid",
            "errors": [{"field": None, "code": "idempotency_key_reused", "message": message}],
            "lead": None,
        },
    )
    assert len(rows.leads(supplier)) == 1


def test_a_test_post_does_not_replay_a_live_one(supplier: Supplier):
    supplier.post(headers=KEY)
    assert supplier.post(headers={**KEY, "X-API-Key": supplier.test_key}).status_code == 422


def test_the_suppliers_own_number_of_a_lead_is_a_key(supplier: Supplier, rows: Rows):
    for _ in range(2):
        assert supplier.post({**LEAD, "lead_id": 4711}).json["ignored"] == []
    assert len(rows.leads(supplier)) == 1


def test_a_number_that_came_with_other_fields_is_named_as_what_it_is(supplier: Supplier, rows: Rows):
    first, second = (supplier.post({**LEAD, "leadId": "A-1", "state": state}) for state in ("CA", "NV"))
    came = "came before with other fields or the other key (live, test). Use a new one for a new lead."
    message = f"lead_id, which serves as idempotency key, {came}"
    assert (first.status_code, second.status_code) == (202, 422)
    assert second.json["errors"] == [{"field": "lead_id", "code": "idempotency_key_reused", "message": message}]
    assert supplier.post({**LEAD, "lead_id": "x" * 256}).json["errors"][0]["field"] == "lead_id"
    assert len(rows.leads(supplier)) == 1


def test_the_header_counts_before_the_suppliers_own_number(supplier: Supplier, rows: Rows):
    for key in ("B-1", "B-2"):
        supplier.post({**LEAD, "lead_id": "4711"}, headers={"Idempotency-Key": key})
    assert len(rows.leads(supplier)) == 2


def test_keys_of_different_sources_do_not_meet(supplier: Supplier, intake: Flask, session: Session, rows: Rows):
    other = a_supplier(intake, session)
    assert [post.post(headers=KEY).headers.get("Idempotent-Replay") for post in (supplier, other)] == [None, None]
    assert (len(rows.leads(supplier)), len(rows.leads(other))) == (1, 1)


def test_a_refused_post_does_not_use_up_its_key(supplier: Supplier, rows: Rows):
    assert supplier.post({"email": "nobody"}, headers=KEY).status_code == 422
    assert supplier.post(headers=KEY).status_code == 202
    assert len(rows.leads(supplier)) == 1


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("", "empty_idempotency_key"),
        ("Bestellung-ü", "idempotency_key_not_ascii"),
        ("Bestellung-ü".encode().decode("latin-1"), "idempotency_key_not_ascii"),
        ("A\t1", "idempotency_key_not_ascii"),
        ("x" * 256, "idempotency_key_too_long"),
    ],
    ids=["empty", "accented", "accented in UTF-8", "tabbed", "long"],
)
def test_a_key_that_cannot_be_kept_is_400(supplier: Supplier, key: str, code: str):
    answer = supplier.post(headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (400, code)


def test_a_key_may_have_255_characters(supplier: Supplier):
    assert supplier.post(headers={"Idempotency-Key": "x" * 255}).status_code == 202


def test_a_suppliers_own_number_may_have_any_letters(supplier: Supplier, rows: Rows):
    for _ in range(2):
        assert supplier.post({**LEAD, "lead_id": "Bestellung-ü"}).status_code == 202
    assert len(rows.leads(supplier)) == 1


def test_fifty_posts_of_one_lead_at_once_make_one_lead_and_get_equal_answers(
    supplier: Supplier, rows: Rows, database_url: str, redis_url: str
):
    with a_worker(database_url, redis_url), ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: supplier.post(headers=KEY, wait=25), range(50)))
        other = supplier.post({**LEAD, "state": "NV"}, headers=KEY, wait=25)
    assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}
    assert sum("Idempotent-Replay" in answer.headers for answer in answers) == 49
    assert len(rows.leads(supplier)) == 1
    assert other.status_code == 422


def test_batches_with_the_same_keys_in_any_order_do_not_block_each_other(supplier: Supplier, rows: Rows):
    keys = [{"Idempotency-Key": f"C-{n % 20}"} for n in range(200)]
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda key: supplier.post(headers=key), reversed(keys)))
    assert {answer.status_code for answer in answers} == {202}
    assert len(rows.leads(supplier)) == 20
