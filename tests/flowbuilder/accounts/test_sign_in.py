"""Signing in and out: who gets in, what the cookie is like, and that strangers learn nothing."""

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flowbuilder.accounts import sessions
from flowbuilder.models import Person, WebSession
from tests.support.cast import PASSWORD, Cast
from tests.support.web import HTMX, post, signed_in, type_password


def cookies_of(response) -> dict[str, str]:  # type: ignore[no-untyped-def]
    return {line.split("=")[0]: line for line in response.headers.getlist("Set-Cookie")}


def test_the_right_password_opens_the_page_asked_for(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    asked = client.get("/leads?status=sold")
    assert asked.status_code == 303
    answer = post(client, asked.location, email=cast.sara.person.email.upper(), password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/leads?status=sold")
    assert client.get("/account").status_code == 200


def test_the_cookie_is_hidden_from_scripts_and_other_sites(app: Flask, cast: Cast) -> None:
    cookie = cookies_of(type_password(app.test_client(), cast.sara.person.email, PASSWORD))["session"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Max-Age" not in cookie
    assert "Domain" not in cookie


def test_only_a_hash_of_the_cookie_is_stored(app: Flask, session: Session, cast: Cast) -> None:
    cookie = cookies_of(type_password(app.test_client(), cast.sara.person.email, PASSWORD))["session"]
    token = cookie.split(";")[0].removeprefix("session=")
    assert len(token) >= 43
    stored = session.scalars(select(WebSession.id_hash).where(WebSession.person_id == cast.sara.person.id)).one()
    assert stored == sessions.hash_of(token)
    assert token.encode() not in stored


def test_each_sign_in_has_a_new_session(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    first = cookies_of(type_password(client, cast.sara.person.email, PASSWORD))["session"]
    client.delete_cookie("session")
    assert cookies_of(type_password(client, cast.sara.person.email, PASSWORD))["session"] != first


@pytest.mark.parametrize("who", ["known", "unknown", "disabled", "without a password"])
def test_a_refusal_is_the_same_for_everybody(app: Flask, session: Session, cast: Cast, who: str) -> None:
    person = cast.tom.person
    if who == "disabled":
        person.disabled_at = person.created_at
    if who == "without a password":
        person.password_hash = None
    session.commit()
    email = "nobody@example.com" if who == "unknown" else person.email
    answer = type_password(app.test_client(), email, "wrong password")
    assert answer.status_code == 422
    assert "The email address or the password is not right." in answer.text
    assert "session" not in cookies_of(answer)


def test_the_right_password_of_a_disabled_person_opens_nothing(app: Flask, session: Session, cast: Cast) -> None:
    cast.tom.person.disabled_at = cast.tom.person.created_at
    session.commit()
    assert type_password(app.test_client(), cast.tom.person.email, PASSWORD).status_code == 422


def test_what_is_left_empty_is_named_beside_the_field(app: Flask) -> None:
    answer = type_password(app.test_client(), "", "")
    assert answer.status_code == 422
    assert "Type your email address." in answer.text
    assert "Type your password." in answer.text
    assert answer.text.count('aria-invalid="true"') == 2


def test_an_open_page_is_led_to_the_sign_in_page_by_htmx(app: Flask) -> None:
    answer = app.test_client().get("/leads", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in")


@pytest.mark.parametrize(
    ("open_page", "leads_to"),
    [
        ("http://localhost/flows/flo_1/edit?step=s2", "/sign-in?next=/flows/flo_1/edit?step%3Ds2"),
        ("http://localhost//evil.example/x", "/sign-in"),
        ("http://localhost/", "/sign-in"),
    ],
)
def test_after_signing_in_the_page_that_was_open_is_come_back_to(app: Flask, open_page: str, leads_to: str) -> None:
    client, headers = app.test_client(), {**HTMX, "HX-Current-URL": open_page}
    for answer in (client.get("/account", headers=headers), post(client, "/account/look", headers=headers)):
        assert answer.headers["HX-Redirect"] == leads_to


def test_whoever_is_signed_in_already_goes_on(app: Flask, session: Session, cast: Cast) -> None:
    answer = signed_in(app, session, cast.sara).get("/sign-in?next=/leads")
    assert (answer.status_code, answer.location) == (303, "/leads")


def test_signing_out_ends_the_session_on_the_server(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.sara)
    token = client.get_cookie("session")
    assert token
    assert post(client, "/sign-out").location == "/sign-in"
    client.set_cookie("session", token.value)
    assert client.get("/account").status_code == 303
    assert session.scalar(select(func.count()).where(WebSession.person_id == cast.sara.person.id)) == 0


def test_nobody_can_sign_in_before_an_account_is_made(session: Session) -> None:
    assert session.scalar(select(func.count()).select_from(Person).where(Person.email.like("%admin%"))) == 0
