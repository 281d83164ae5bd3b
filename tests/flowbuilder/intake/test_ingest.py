"""One address for all flows of a supplier: its key, the flow in the body, the same answers as at the flow's address."""

import copy
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flowbuilder import ids
from flowbuilder.accounts.access import declared_access
from flowbuilder.models import Account
from tests.support.cast import Member, a_flow, a_source
from tests.support.supplier import DOCUMENT, Rows, Supplier, a_supplier, a_worker

CATEGORY_FIELD = {"key": "category", "type": "text"}
QUALITY_FIELD = {"key": "quality", "type": "choice", "options": ["hot", "warm", "cold"]}
DATA = {"firstName": "John", "lastName": "Doe", "email": "john@example.com", "phone": "+15125550148", "age": 45}


def medicare(**intake: Any) -> dict[str, Any]:
    """Return a flow for leads as such suppliers post them."""
    document = copy.deepcopy(DOCUMENT) | {"intake": intake}
    document["fields"] += [CATEGORY_FIELD, QUALITY_FIELD, {"key": "age", "type": "number"}]
    document["fields"][1]["aliases"] = ["phone"]
    return document


@pytest.fixture
def supplier(intake: Flask, session: Session) -> Supplier:
    """Give a supplier of such a flow."""
    return a_supplier(intake, session, document=medicare())


def ingest(
    supplier: Supplier, address: str = "/api/v1/leads", *, key: str | None = None, wait: int = 0, **body: Any
) -> TestResponse:
    """Post a lead that names the supplier's flow unless told otherwise."""
    lead = {"campaignId": supplier.flow.key, "state": "CA", "quality": "HOT", "data": DATA} | body
    present = {name: value for name, value in lead.items() if value is not None}
    headers = {"X-API-Key": key or supplier.key}
    return supplier.app.test_client().post(address, json=present, headers=headers, query_string={"wait": wait})


@pytest.mark.parametrize("address", ["/api/v1/leads", "/api/v1/leads/", "/api/leads/ingest", "/api/leads/ingest/"])
def test_a_lead_is_taken_with_its_data_state_and_quality(supplier: Supplier, rows: Rows, address: str):
    answer = ingest(supplier, address, categoryId="medicare")
    row = rows.leads(supplier)[0]
    assert (answer.status_code, answer.json["lead"]["id"]) == (202, ids.show(row["id"]))
    assert answer.headers["Location"] == f"{supplier.address}/leads/{ids.show(row['id'])}"
    assert answer.json["ignored"] == ["lastName"]
    known = {"first_name": "John", "email": "john@example.com", "phone_1": "+15125550148", "age": 45}
    assert row["fields"] == known | {"state": "CA", "quality": "hot", "category": "medicare"}


@pytest.mark.parametrize(
    "body",
    [
        {
            "campaign_id": "{key}",
            "category_id": "x",
            "data": {**DATA, "state": "CA"},
            "campaignId": None,
            "state": None,
        },
        {"campaignId": "{id}"},
        {"campaignId": None},
        {"CAMPAIGNID": "{key}", "campaignId": ""},
    ],
)
def test_the_flow_is_named_by_its_key_or_id_in_either_spelling(supplier: Supplier, rows: Rows, body: dict[str, Any]):
    named = {"{key}": supplier.flow.key, "{id}": ids.show(supplier.flow.id, "flo")}
    answer = ingest(supplier, **{name: named.get(str(value), value) for name, value in body.items()})
    assert (answer.status_code, rows.leads(supplier)[0]["fields"]["state"]) == (202, "CA")


def test_a_sold_lead_gets_201_and_its_price(supplier: Supplier, database_url: str, redis_url: str):
    with a_worker(database_url, redis_url):
        answer = ingest(supplier, wait=25)
    assert (answer.status_code, answer.json["status"], answer.json["price"]) == (201, "sold", 31.5)


def test_one_key_serves_the_suppliers_sources_on_other_flows(
    supplier: Supplier, intake: Flask, session: Session, rows: Rows
):
    other = another_flow(session, supplier)
    second = a_supplier(intake, session, flow=other, name=supplier.source.name.upper())
    assert ingest(supplier, campaignId=other.key).status_code == 202
    assert (len(rows.leads(second)), len(rows.leads(supplier))) == (1, 0)


def test_a_flow_on_which_the_supplier_has_no_source_is_404(
    supplier: Supplier, intake: Flask, session: Session, rows: Rows
):
    other = another_flow(session, supplier)
    somebody_elses = a_source(session, other, name="Another supplier")
    strangers = a_supplier(intake, session, document=medicare())
    for campaign in (other.key, ids.show(other.id, "flo"), strangers.flow.key, "nothing", 7):
        answer = ingest(supplier, campaignId=campaign)
        assert (answer.status_code, answer.json["errors"][0]["code"]) == (404, "no_such_campaign")
    assert (rows.leads(strangers), somebody_elses.name) == ([], "Another supplier")


def another_flow(session: Session, supplier: Supplier) -> Any:
    account = session.get_one(Account, supplier.flow.account_id)
    flow = a_flow(session, Member(None, account, "owner"), document=medicare())  # type: ignore[arg-type]
    session.commit()
    return flow


@pytest.mark.parametrize(
    ("source", "intake_part", "category", "answer"),
    [
        ([], {}, "anything", (202, None)),
        ([], {}, None, (202, None)),
        (["Medicare"], {}, "medicare", (202, None)),
        (["medicare"], {}, "solar", (403, "wrong_category")),
        (["medicare"], {}, None, (422, "required")),
        (["medicare"], {"category": "medicare"}, None, (202, None)),
        (["medicare"], {"category": "solar"}, None, (403, "wrong_category")),
        ([], {"category": "medicare"}, "Medicare", (202, None)),
        ([], {"category": "medicare"}, "solar", (403, "wrong_category")),
    ],
)
def test_a_source_sends_leads_of_its_categories_only(
    intake: Flask, session: Session, rows: Rows, source: list[str], intake_part: dict[str, str], category: str | None,
    answer: tuple[int, str | None],
):  # fmt: skip
    supplier = a_supplier(intake, session, document=medicare(**intake_part), categories=source)
    told = ingest(supplier, categoryId=category)
    assert (told.status_code, (told.json.get("errors") or [{"code": None}])[0]["code"]) == answer
    assert len(rows.leads(supplier)) == (1 if answer[0] == 202 else 0)


@pytest.mark.parametrize(("categories", "stored"), [(["medicare"], "medicare"), ([], "solar")])
def test_the_data_cannot_name_another_category_than_the_one_that_is_allowed(
    intake: Flask, session: Session, rows: Rows, categories: list[str], stored: str
):
    supplier = a_supplier(intake, session, document=medicare(), categories=categories)
    assert ingest(supplier, categoryId="medicare", data=DATA | {"Category": "solar"}).status_code == 202
    assert rows.leads(supplier)[0]["fields"]["category"] == stored


@pytest.mark.parametrize("key", [None, "guess", "lk_live_" + "0" * 26 + "_" + "a" * 43])
def test_a_missing_or_wrong_key_is_401(supplier: Supplier, key: str | None):
    headers = {"X-API-Key": key} if key else {}
    answer = supplier.app.test_client().post("/api/v1/leads", json={"data": DATA}, headers=headers)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (401, "wrong_key")


def test_a_key_with_a_changed_secret_is_401(supplier: Supplier):
    changed = supplier.key[:-1] + ("A" if supplier.key[-1] != "A" else "B")
    assert ingest(supplier, key=changed).status_code == 401


def test_a_test_key_makes_a_test_lead(supplier: Supplier, rows: Rows):
    assert ingest(supplier, key=supplier.test_key, test_outcome="duplicate").status_code == 202
    row = rows.leads(supplier)[0]
    assert (row["is_test"], row["test_outcome"]) == (True, "duplicate")


@pytest.mark.parametrize(
    ("body", "status", "codes"),
    [
        ({"data": {}}, 422, {"required"}),
        ({"data": "text"}, 422, {"not_an_object"}),
        ({"data": [1]}, 422, {"not_an_object"}),
        ({"campaignId": {"id": 1}}, 422, {"not_a_text"}),
        ({"categoryId": [1]}, 422, {"not_a_text"}),
        ({"data": {**DATA, "email": "nobody"}}, 422, {"invalid_email"}),
    ],
)
def test_what_is_wrong_is_told_as_at_the_flows_address(
    supplier: Supplier, rows: Rows, eventually: Any, body: dict[str, Any], status: int, codes: set[str]
):
    answer = ingest(supplier, **body)
    assert (answer.status_code, {one["code"] for one in answer.json["errors"]}) == (status, codes)
    recorded = "SELECT codes FROM intake_refusal WHERE source_id = %(id)s"
    assert eventually(lambda: rows.all(recorded, id=supplier.source.id)) == [{"codes": sorted(codes)}]
    assert rows.leads(supplier) == []


def test_the_same_post_again_makes_no_second_lead(supplier: Supplier, rows: Rows):
    answers = [ingest(supplier, data={**DATA, "lead_id": "A-1"}) for _ in range(2)]
    assert answers[1].headers["Idempotent-Replay"] == "true"
    assert len(rows.leads(supplier)) == 1


def test_xml_is_answered_in_xml(supplier: Supplier, rows: Rows):
    body = "<lead><state>CA</state><data><email>a@example.com</email><phone>+15125550148</phone></data></lead>"
    headers = {"X-API-Key": supplier.key, "Content-Type": "text/xml"}
    answer = supplier.app.test_client().post("/api/v1/leads?wait=0", data=body, headers=headers)
    assert (answer.status_code, answer.mimetype, len(rows.leads(supplier))) == (202, "application/xml", 1)


def test_the_address_takes_no_cookie(intake: Flask):
    assert declared_access(intake, "ingest.post_lead").kind == "keyed"


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_another_method_is_405_in_the_shape_of_every_answer(supplier: Supplier, method: str):
    answer = getattr(supplier.app.test_client(), method)("/api/leads/ingest", headers={"X-API-Key": supplier.key})
    assert (answer.status_code, answer.headers["Allow"], answer.json["status"]) == (405, "POST", "invalid")
    assert answer.json["errors"] == [
        {"field": None, "code": "post_only", "message": "Leads are posted here: send POST."}
    ]
