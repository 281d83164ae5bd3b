"""Requests that change something come from our own pages, and carry their form token."""

import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from flowbuilder.accounts.access import declared_access
from tests.support.cast import Cast
from tests.support.web import form_token, post, signed_in

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def test_no_page_takes_a_form_without_its_token(app: Flask, session: Session, cast: Cast) -> None:
    sara, walked = signed_in(app, session, cast.sara), 0
    for rule in app.url_map.iter_rules():
        if declared_access(app, rule.endpoint).kind != "keyed" and UNSAFE & (rule.methods or set()):
            walked += 1
            answer = sara.post(address_of(rule))
            assert answer.status_code == 403, str(rule)
            assert "This form is no longer valid" in answer.text
    assert walked >= 5


def address_of(rule: Rule) -> str:
    """Return an address that the rule takes; what it names need not exist."""
    shown = {"flow_id": "flo_", "connection_id": "con_", "source_id": "src_", "list_id": "lst_", "check_id": "chk_"}
    address = rule.rule
    for name in rule.arguments:
        value = {"number": "1", "key": "state"}.get(name) or shown.get(name, "") + "0" * 26
        address = re.sub(rf"<(\w+:)?{name}>", value, address)
    return address


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_form_sent_by_another_site_is_refused(
    app: Flask, session: Session, cast: Cast, headers: dict[str, str], status: int
) -> None:
    client = signed_in(app, session, cast.sara)
    assert post(client, "/account/look", theme="dark", headers=headers).status_code == status


def test_the_token_of_somebody_else_does_not_count(app: Flask, session: Session, cast: Cast) -> None:
    theirs = form_token(signed_in(app, session, cast.zoe))
    sara = signed_in(app, session, cast.sara)
    sara.get("/account")
    assert sara.post("/account/look", data={"theme": "dark", "csrf_token": theirs}).status_code == 403


def test_a_token_from_before_signing_in_does_not_count_after(app: Flask, session: Session, cast: Cast) -> None:
    client = app.test_client()
    before = form_token(client)
    client.set_cookie("session", signed_in(app, session, cast.sara).get_cookie("session").value)  # type: ignore[union-attr]
    client.delete_cookie("form")
    assert client.post("/account/look", data={"theme": "dark", "csrf_token": before}).status_code == 403


def test_htmx_sends_the_token_as_a_header(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.sara)
    headers = {"X-CSRFToken": form_token(client), "HX-Request": "true"}
    answer = client.post("/account/look", data={"theme": "dark"}, headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/account")


def test_a_form_that_is_too_large_is_refused(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.sara)
    answer = post(client, "/account/look", theme="x" * 1_100_000)
    assert answer.status_code == 413
    assert "at most 1 MB" in answer.text


def test_programs_with_keys_send_no_form_token_and_no_cookie_helps_them(
    app: Flask, session: Session, cast: Cast
) -> None:
    sara = signed_in(app, session, cast.sara)
    assert sara.get("/api/v1/flows").status_code == 401
    assert sara.post("/f/none/none", json={}).status_code == 404
