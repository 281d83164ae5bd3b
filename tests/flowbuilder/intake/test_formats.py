"""The same lead in every way that suppliers send it, and the answers in JSON and in XML."""

from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder import ids
from tests.support.supplier import DOCUMENT as FLOW
from tests.support.supplier import LEAD, Rows, Supplier, a_supplier, a_worker

XML = "application/xml"
IN_XML = {"Accept": XML}
THANKS = "https://www.example.com/thanks?from=form"
AS_XML = "<lead>" + "".join(f"<{name}>{value}</{name}>" for name, value in LEAD.items()) + "</lead>"
NESTED = (
    '<?xml version="1.0" encoding="UTF-8"?><lead xmlns="urn:leads"><contact><email>ana@example.com</email>'
    '<PHONE.1><![CDATA[(512) 555-0148]]></PHONE.1></contact><address state="CA"/></lead>'
)
DOCUMENT = '<?xml version="1.0" encoding="UTF-8"?>\n'


WAYS: dict[str, dict[str, Any]] = {
    "json": {},
    "form": {"data": LEAD},
    "multipart": {"data": LEAD, "content_type": "multipart/form-data"},
    "xml": {"data": AS_XML, "content_type": XML},
    "text xml": {"data": AS_XML, "content_type": "text/xml; charset=utf-8"},
    "nested xml": {"data": NESTED, "content_type": XML},
    "utf-16 xml": {"data": AS_XML.encode("utf-16"), "content_type": XML},
    "dotted form": {"data": urlencode({f"Contact.{name.upper()}": value for name, value in LEAD.items()}),
                    "content_type": "application/x-www-form-urlencoded"},
    "query": {"data": b"", "query": dict(LEAD)},
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_the_same_lead_is_taken_in_every_format(supplier: Supplier, rows: Rows, way: str):
    answer = supplier.post(**WAYS[way])
    assert answer.status_code == 202
    fields = {"email": "ana@example.com", "phone_1": "+15125550148", "state": "CA"}
    assert rows.leads(supplier)[0]["fields"] == fields


def get(supplier: Supplier, headers: dict[str, str] | None = None, **query: str) -> Any:
    sent = {"X-API-Key": supplier.key, **(headers or {})}
    return supplier.app.test_client().get(supplier.address, query_string={**query, "wait": "0"}, headers=sent)


def test_a_get_takes_a_lead_from_its_query_string(supplier: Supplier, rows: Rows):
    answer = get(supplier, **LEAD)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (202, "no-store")
    assert rows.leads(supplier)[0]["fields"]["email"] == "ana@example.com"


def test_a_get_needs_the_key_and_the_fields_as_a_post_does(supplier: Supplier, rows: Rows):
    assert get(supplier, {"X-API-Key": "guess"}, **LEAD).status_code == 401
    assert get(supplier).json["errors"][0]["code"] == "empty_query"
    assert get(supplier, email="ana@example.com").status_code == 422
    assert rows.leads(supplier) == []


def test_a_head_makes_no_lead(supplier: Supplier, rows: Rows):
    headers = {"X-API-Key": supplier.key}
    answer = supplier.app.test_client().head(supplier.address, query_string=LEAD, headers=headers)
    assert (answer.status_code, answer.data, rows.leads(supplier)) == (405, b"", [])


def test_a_lead_that_waits_is_answered_in_xml_as_in_json(supplier: Supplier, rows: Rows):
    answer = supplier.post({**LEAD, "utm_<x>": "ads", "gclid": "1"}, headers=IN_XML)
    lead_id = ids.show(rows.leads(supplier)[0]["id"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (202, "application/xml; charset=utf-8")
    assert answer.headers["Location"] == f"{supplier.address}/leads/{lead_id}"
    assert answer.text == (
        f"{DOCUMENT}<result><outcome>pending</outcome><status>waiting</status><reason></reason>"
        f"<lead><id>{lead_id}</id></lead><price>0</price>"
        "<ignored><field>gclid</field><field>utm_&lt;x&gt;</field></ignored></result>"
    )


def test_a_sold_lead_is_answered_in_xml_with_its_price(
    supplier: Supplier, rows: Rows, database_url: str, redis_url: str
):
    with a_worker(database_url, redis_url):
        answer = supplier.post(data=AS_XML, content_type=XML, wait=25)
    told = ET.fromstring(answer.data)
    assert (answer.status_code, told.tag) == (201, "result")
    assert [told.findtext(name) for name in ("outcome", "status", "price", "reason")] == [
        "success",
        "sold",
        "31.50",
        "",
    ]
    assert told.findtext("lead/id") == ids.show(rows.leads(supplier)[0]["id"])


def test_every_problem_is_told_in_xml(supplier: Supplier):
    answer = supplier.post(data="<lead><email>nobody</email></lead>", content_type=XML)
    told = ET.fromstring(answer.data)
    assert (answer.status_code, told.findtext("outcome"), told.findtext("status")) == (422, "failure", "invalid")
    problems = [(one.findtext("field"), one.findtext("code")) for one in told.findall("errors/error")]
    assert problems == [("email", "invalid_email"), ("phone_1", "required"), ("state", "required")]
    assert told.findtext("lead") == ""


@pytest.mark.parametrize(
    ("method", "rest", "key", "status", "code"),
    [
        ("post", "", "guess", 401, "wrong_key"),
        ("delete", "", None, 405, "post_only"),
        ("get", "/leads/nothing", None, 404, "no_such_lead"),
        ("get", "/elsewhere", None, 404, "no_such_address"),
    ],
)
def test_errors_are_told_in_xml_to_those_who_ask_for_it(
    supplier: Supplier, method: str, rest: str, key: str | None, status: int, code: str
):
    headers = {"X-API-Key": key or supplier.key, **IN_XML}
    answer = getattr(supplier.app.test_client(), method)(supplier.address + rest, headers=headers)
    assert (answer.status_code, answer.mimetype) == (status, XML)
    assert ET.fromstring(answer.data).findtext("errors/error/code") == code


def test_an_answer_can_be_asked_for_in_xml_later(supplier: Supplier, rows: Rows):
    lead_id = supplier.post().json["lead"]["id"]
    rows.finish(outcome="rejected", reason="Not <CA> & solar", cost=0)
    told = ET.fromstring(supplier.ask(lead_id, **IN_XML).data)
    assert [told.findtext(name) for name in ("outcome", "status", "reason")] == [
        "failure",
        "rejected",
        "Not <CA> & solar",
    ]


@pytest.fixture
def website(intake: Flask, session: Session) -> Supplier:
    """Give a supplier whose form may send people on to its own page."""
    return a_supplier(intake, session, redirect_hosts=["www.example.com"])


@pytest.mark.parametrize("name", ["redirect_url", "redir_url", "Redirect-URL"])
def test_a_form_is_sent_on_to_the_page_that_it_names(website: Supplier, rows: Rows, name: str):
    answer = website.post(data={**LEAD, name: THANKS})
    assert (answer.status_code, answer.headers["Location"]) == (303, THANKS)
    assert answer.json["lead"]["id"] == ids.show(rows.leads(website)[0]["id"])
    assert answer.json["ignored"] == []


def test_a_repeated_form_is_sent_on_as_well(website: Supplier, rows: Rows):
    for _ in range(2):
        assert website.post(data={**LEAD, "redir_url": THANKS, "lead_id": "A-1"}).headers["Location"] == THANKS
    assert len(rows.leads(website)) == 1


@pytest.mark.parametrize(
    ("url", "code"),
    [("https://elsewhere.example/", "redirect_not_allowed"), ("javascript:alert(1)", "redirect_not_usable")],
)
def test_a_page_elsewhere_is_refused_and_there_is_no_lead(website: Supplier, rows: Rows, url: str, code: str):
    answer = website.post(data={**LEAD, "redirect_url": url})
    assert (answer.status_code, "Location" in answer.headers) == (422, False)
    assert [(one["field"], one["code"]) for one in answer.json["errors"]] == [("redirect_url", code)]
    assert rows.leads(website) == []


def test_a_source_without_hosts_sends_nobody_anywhere(supplier: Supplier):
    answer = supplier.post({"redirect_url": THANKS, "state": "CA"})
    codes = [(one["field"], one["code"]) for one in answer.json["errors"]]
    assert codes == [("email", "required"), ("phone_1", "required"), ("redirect_url", "redirect_not_allowed")]


@pytest.mark.parametrize("name", ["lead_id", "LEAD_ID", "leadId"])
def test_the_suppliers_own_number_is_a_key_however_it_is_written(supplier: Supplier, rows: Rows, name: str):
    answers = [supplier.post({**LEAD, name: "A-1"}) for _ in range(2)]
    assert [answer.headers.get("Idempotent-Replay") for answer in answers] == [None, "true"]
    assert len(rows.leads(supplier)) == 1


@pytest.mark.parametrize("how", [{"data": {**LEAD, "IS_TEST": "true"}}, {"query": {"isTest": "1"}}])
def test_a_form_or_a_query_may_say_that_the_lead_is_a_test(supplier: Supplier, rows: Rows, how: dict[str, Any]):
    supplier.post(**how)
    assert rows.leads(supplier)[0]["is_test"]


SERVICES = {"key": "services", "type": "multi", "options": ["Solar", "Roofing", "HVAC"]}


@pytest.mark.parametrize(
    "how",
    [
        {"data": {"services": ["solar", "hvac"]}},
        {"data": "Services=solar&Services=hvac", "content_type": "application/x-www-form-urlencoded"},
        {"data": {"services": ["solar", "hvac"]}, "content_type": "multipart/form-data"},
        {"data": "<l><services>solar</services><services>hvac</services></l>", "content_type": XML},
        {"data": '{"services": ["solar", "hvac"]}', "content_type": "application/json"},
        {"data": b"", "query": {"services": ["solar", "hvac"]}},
    ],
    ids=["form", "another case", "multipart", "xml", "json", "query"],
)
def test_several_values_of_a_field_that_takes_several_stay_a_list(
    intake: Flask, session: Session, rows: Rows, how: dict[str, Any]
):
    document = FLOW | {"fields": [SERVICES]}
    supplier = a_supplier(intake, session, document=document)
    assert supplier.post(**how).status_code == 202
    assert rows.leads(supplier)[0]["fields"] == {"services": ["Solar", "HVAC"]}
