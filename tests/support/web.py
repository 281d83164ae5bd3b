"""A browser without a browser: the app's test client, signed in as somebody."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flowbuilder import clock
from flowbuilder.accounts import sessions
from flowbuilder.app import create_app
from flowbuilder.config import Settings
from flowbuilder.web import current
from tests.support.cast import Member

TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
HTMX = {"HX-Request": "true"}
_tokens: WeakKeyDictionary[FlaskClient, tuple[str, str]] = WeakKeyDictionary()
"""The form token of each browser, beside the value of the cookie that it belongs to."""


def session_of(session: Session, member: Member) -> str:
    """Open a session for this person and return its token."""
    token = sessions.start(
        session=session, person=member.person, account_id=member.account.id, user_agent="pytest", now=clock.now()
    )
    session.commit()
    return token


def signed_in(app: Flask, session: Session, member: Member) -> FlaskClient:
    """Return a client that carries a session of this person."""
    client = app.test_client()
    client.set_cookie("session", session_of(session, member))
    return client


def form_token(client: FlaskClient) -> str:
    """Return the form token of the client's pages, as long as it has the cookie that the token belongs to."""
    cookie = client.get_cookie("form")
    if cookie and (kept := _tokens.get(client)) and kept[0] == cookie.value:
        return kept[1]
    found = TOKEN.search(client.get("/account", follow_redirects=True).text)
    assert found, "every page carries the form token"
    if cookie := client.get_cookie("form"):
        _tokens[client] = (cookie.value, found[1])
    return found[1]


def post(client: FlaskClient, address: str, *, headers: dict[str, str] | None = None, **fields: Any) -> TestResponse:
    """Post a form as a page of ours does."""
    return client.post(address, data={**fields, "csrf_token": form_token(client)}, headers=headers)


def type_password(client: FlaskClient, email: str, password: str, next_path: str | None = None) -> TestResponse:
    """Fill in the sign-in form and send it."""
    address = "/sign-in" if next_path is None else "/sign-in?next=" + next_path
    return post(client, address, email=email, password=password)


@contextmanager
def running(settings: Settings) -> Iterator[Flask]:
    """Give the whole app with these settings; its connections are closed afterwards."""
    app = create_app(settings)
    yield app
    app.extensions["intake"].close()
    with app.app_context():
        current.engine().dispose()
