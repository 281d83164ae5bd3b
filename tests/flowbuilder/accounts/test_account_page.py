"""What people change about themselves."""

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder.accounts.passwords import is_password
from flowbuilder.models import Audit
from tests.support.cast import PASSWORD, Cast
from tests.support.web import post, signed_in


def test_the_look_is_kept_on_the_server(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.sara)
    assert "data-theme" not in client.get("/account").text
    assert post(client, "/account/look", theme="dark").status_code == 303
    assert '<html lang="en" data-theme="dark">' in client.get("/account").text


def test_a_look_that_does_not_exist_is_refused(app: Flask, session: Session, cast: Cast) -> None:
    assert post(signed_in(app, session, cast.sara), "/account/look", theme="neon").status_code == 422


def test_a_new_password_ends_all_other_sessions(app: Flask, session: Session, cast: Cast) -> None:
    here, there = signed_in(app, session, cast.sara), signed_in(app, session, cast.sara)
    answer = post(here, "/account/password", current=PASSWORD, new="seven purple lamps")
    assert answer.location == "/account?changed=password"
    assert (here.get("/account").status_code, there.get("/account").status_code) == (200, 303)
    session.refresh(cast.sara.person)
    assert is_password(cast.sara.person.password_hash, "seven purple lamps")
    actions = session.scalars(select(Audit.action).where(Audit.person_id == cast.sara.person.id)).all()
    assert actions == ["password.changed"]


def test_the_password_of_now_is_needed(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.sara)
    answer = post(client, "/account/password", current="wrong password", new="seven purple lamps")
    assert answer.status_code == 422
    assert "That is not your password." in answer.text


def test_a_weak_new_password_is_refused(app: Flask, session: Session, cast: Cast) -> None:
    answer = post(signed_in(app, session, cast.sara), "/account/password", current=PASSWORD, new="short")
    assert answer.status_code == 422
    assert "at least 10 characters" in answer.text


def test_nothing_but_the_named_fields_changes(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.tom)
    post(client, "/account/look", theme="light", role="owner", email="x@example.com", account_id="1", disabled_at="")
    session.refresh(cast.tom.person)
    assert cast.tom.person.theme == "light"
    assert cast.tom.person.email.startswith("tom")
    assert "analyst of Acme Leads" in client.get("/account").text
