"""How long a session lasts, and who can end it."""

from datetime import timedelta

import pytest
from flask import Flask
from flask_login import encode_cookie
from sqlalchemy.orm import Session

from flowbuilder import clock
from flowbuilder.accounts import sessions
from flowbuilder.models import WebSession
from tests.support.cast import Cast
from tests.support.web import HTMX, post, session_of, signed_in

HOUR = timedelta(hours=1)


def recognised(session: Session, token: str, after: timedelta, *, is_use: bool = False) -> bool:
    return sessions.recognise(session, token, clock.now() + after, is_use=is_use) is not None


@pytest.mark.parametrize(
    ("after", "holds"),
    [(HOUR, True), (8 * HOUR - timedelta(minutes=1), True), (8 * HOUR, False), (30 * HOUR, False)],
)
def test_a_session_ends_after_8_idle_hours(session: Session, cast: Cast, after: timedelta, holds: bool) -> None:
    assert recognised(session, session_of(session, cast.sara), after) is holds


def test_use_keeps_a_session_awake_for_at_most_7_days(session: Session, cast: Cast) -> None:
    token = session_of(session, cast.sara)
    held = [recognised(session, token, 7 * HOUR * step, is_use=True) for step in range(26)]
    assert held.index(False) * 7 * HOUR == timedelta(days=7)


def test_a_page_that_only_polls_falls_asleep(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.sara)
    row = session.query(WebSession).filter_by(person_id=cast.sara.person.id).one()
    row.seen_at = row.seen_at - 7 * HOUR
    session.commit()
    seen = row.seen_at
    assert client.get("/account", headers=HTMX).status_code == 200
    session.refresh(row)
    assert row.seen_at == seen
    client.get("/account")
    session.refresh(row)
    assert row.seen_at > seen


def test_a_token_that_nobody_was_given_opens_nothing(session: Session) -> None:
    assert sessions.recognise(session, "x" * 43, clock.now(), is_use=True) is None


def test_a_cookie_that_would_remember_somebody_says_nothing(app: Flask, session: Session, cast: Cast) -> None:
    remembered = encode_cookie(str(cast.sara.person.id), key=app.config["SECRET_KEY"])
    client = app.test_client()
    client.set_cookie("remember_token", remembered)
    assert client.get("/account").status_code == 303
    client.set_cookie("session", session_of(session, cast.tom))
    assert "Tom Teammate" in client.get("/account").text


def test_files_and_leads_are_answered_without_reading_cookies(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.sara)
    paths = ("/static/css/base.css", "/healthz", "/f/none/none")
    assert [path for path in paths if "Cookie" in client.get(path, buffered=True).vary] == []


def test_somebody_who_is_disabled_is_out_at_once(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.tom)
    cast.tom.person.disabled_at = clock.now()
    session.commit()
    assert client.get("/account").status_code == 303


def test_a_person_ends_the_session_of_another_browser(app: Flask, session: Session, cast: Cast) -> None:
    here, there = signed_in(app, session, cast.sara), signed_in(app, session, cast.sara)
    token = there.get_cookie("session")
    assert token
    assert "Sign out there" in here.get("/account").text
    answer = post(here, "/account/sessions/end", session=sessions.hash_of(token.value).hex())
    assert answer.status_code == 303
    assert there.get("/account").status_code == 303
    assert here.get("/account").status_code == 200


@pytest.mark.parametrize("given", ["", "xyz", "00" * 32])
def test_a_session_that_is_none_is_not_found(app: Flask, session: Session, cast: Cast, given: str) -> None:
    assert post(signed_in(app, session, cast.sara), "/account/sessions/end", session=given).status_code == 404


def test_nobody_ends_the_session_of_somebody_else(app: Flask, session: Session, cast: Cast) -> None:
    sara = signed_in(app, session, cast.sara)
    token = sara.get_cookie("session")
    assert token
    answer = post(
        signed_in(app, session, cast.zoe), "/account/sessions/end", session=sessions.hash_of(token.value).hex()
    )
    assert answer.status_code == 404
    assert sara.get("/account").status_code == 200
