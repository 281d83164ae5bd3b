"""A supplier that posted elsewhere before changes the address and the key, and nothing else: ten posts, ten answers."""

import json
import time
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest

from tests.support.shop import HOST, Shop

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
XML = {"Content-Type": "text/xml"}
THANKS = f"https://{HOST}/thanks?lead=new"
SOLD = ("success", "sold", None, 31.5)


@pytest.fixture
def email(request: pytest.FixtureRequest) -> str:
    """Give an address that no other test posts."""
    return f"{abs(hash(request.node.name)) % 10**8}-{time.monotonic_ns()}@example.com"


def told(answer: Any) -> tuple[str, str, str | None, float]:
    """Return what a supplier's program looks at."""
    said = answer.json()
    return said["outcome"], said["status"], said["reason"], said["price"]


def told_in_xml(answer: Any) -> tuple[str | None, ...]:
    """Return the same of an answer in XML."""
    said = ET.fromstring(answer.content)
    assert said.tag == "result"
    return tuple(said.findtext(name) for name in ("outcome", "status", "reason", "price"))


def bought(shop: Shop, email: str) -> list[dict[str, Any]]:
    """Return what the buyer was sent about a person."""
    return [request.body for request in shop.buyer.seen if request.body["email"] == email]


def test_a_form_with_dotted_and_upper_case_names(shop: Shop, email: str):
    form = {"Contact.EMAIL": email, "Contact.Phone.1": "512-555-0148", "STATE": "ca", "utm.source": "ads"}
    answer = shop.post(data=urlencode(form), headers=FORM)
    assert (answer.status_code, told(answer), answer.json()["ignored"]) == (201, SOLD, ["utm.source"])
    assert [(one["phone_1"], one["state"]) for one in bought(shop, email)] == [("+15125550148", "CA")]


def test_a_form_that_sends_people_on(shop: Shop, email: str):
    form = {"email": email, "phone_1": "5125550148", "state": "CA", "redir_url": THANKS}
    answer = shop.post(data=form)
    assert (answer.status_code, answer.headers["Location"], told(answer)) == (303, THANKS, SOLD)
    assert len(bought(shop, email)) == 1


def test_a_form_that_would_send_people_to_a_stranger(shop: Shop, email: str):
    form = {"email": email, "phone_1": "5125550148", "state": "CA", "redir_url": f"https://{HOST}.evil.example/"}
    answer = shop.post(data=form)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "redirect_not_allowed")
    assert bought(shop, email) == []


def test_xml_is_answered_in_xml(shop: Shop, email: str):
    body = f"<lead><email>{email}</email><phone_1>(512) 555-0148</phone_1><state>California</state></lead>"
    answer = shop.post(data=body, headers=XML)
    assert (answer.status_code, told_in_xml(answer)) == (201, ("success", "sold", "", "31.50"))
    assert len(bought(shop, email)) == 1


def test_a_get_with_everything_in_the_address(shop: Shop, email: str):
    answer = shop.post("GET", params={"email": email, "phone_1": "5125550148", "state": "CA"})
    assert (answer.status_code, told(answer)) == (201, SOLD)
    assert len(bought(shop, email)) == 1


def test_json_without_a_ping_before_it(shop: Shop, email: str):
    answer = shop.post(json={"email": email, "phone_1": "+1 512 555 0148", "state": "CA", "first_name": "Ana"})
    assert (answer.status_code, told(answer)) == (201, SOLD)
    assert [one["first_name"] for one in bought(shop, email)] == ["Ana"]


def test_a_required_field_that_is_missing(shop: Shop, email: str):
    answer = shop.post(data={"email": email, "phone_1": "12"})
    problems = [(one["field"], one["code"]) for one in answer.json()["errors"]]
    assert (answer.status_code, answer.json()["outcome"], answer.json()["lead"]) == (422, "failure", None)
    assert problems == [("phone_1", "invalid_phone"), ("state", "required")]
    assert bought(shop, email) == []


def test_the_same_person_twice(shop: Shop, email: str):
    lead = {"email": email, "phone_1": "5125550148", "state": "CA"}
    answers = [shop.post(json=lead | {"email": written}) for written in (email, email.upper())]
    assert [(answer.status_code, told(answer)) for answer in answers] == [
        (201, SOLD),
        (201, ("failure", "duplicate", "Duplicate", 0)),
    ]
    assert len(bought(shop, email)) == 1


@pytest.mark.parametrize(
    ("asked", "status", "answer"),
    [
        (None, 201, SOLD),
        ("sold", 201, SOLD),
        ("rejected", 201, ("failure", "rejected", "No buyer available", 0)),
        ("duplicate", 201, ("failure", "duplicate", "The test asked for this answer", 0)),
        ("error", 201, ("error", "error", "The test asked for this answer", 0)),
        ("waiting", 202, ("pending", "waiting", None, 0)),
    ],
)
def test_a_test_with_each_answer_that_it_may_ask_for(
    shop: Shop, email: str, asked: str | None, status: int, answer: tuple[Any, ...]
):
    lead = {"email": email, "phone_1": "any", "state": "CA", "test_outcome": asked or ""}
    got = shop.post(data=lead, key=shop.test_key)
    assert (got.status_code, told(got)) == (status, answer)
    assert bought(shop, email) == []


def test_a_wrong_key(shop: Shop, email: str):
    lead = json.dumps({"email": email, "phone_1": "5125550148", "state": "CA"})
    answer = shop.post(data=lead, headers={"Content-Type": "application/json"}, key="guess")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "wrong_key")
    in_xml = shop.post(data=lead, headers={"Accept": "application/xml"}, key="guess")
    assert ET.fromstring(in_xml.content).findtext("errors/error/code") == "wrong_key"
    assert bought(shop, email) == []
