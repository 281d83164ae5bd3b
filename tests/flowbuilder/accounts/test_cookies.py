"""The session cookie follows PUBLIC_URL, and passwords are not typed over plain http by accident."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from flask import Flask

from flowbuilder.config import settings
from tests.support.cast import PASSWORD, Cast
from tests.support.web import TOKEN, running

Reached = Callable[..., Flask]


@pytest.fixture
def reached(database_url: str, redis_url: str) -> Iterator[Reached]:
    """Give the app as it is reached under an address."""
    own = replace(settings(), database_url=database_url, redis_url=redis_url, secret_key="k" * 32)
    with ExitStack() as apps:

        def make(public_url: str, *, allow_http: bool = False) -> Flask:
            return apps.enter_context(running(replace(own, public_url=public_url, allow_http=allow_http)))

        yield make


def sign_in(app: Flask, cast: Cast, base: str):  # type: ignore[no-untyped-def]
    client = app.test_client()
    token = TOKEN.search(client.get("/sign-in", base_url=base).text)
    assert token
    fields = {"email": cast.sara.person.email, "password": PASSWORD, "csrf_token": token[1]}
    return client, client.post("/sign-in", data=fields, base_url=base)


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(reached: Reached, cast: Cast) -> None:
    client, answer = sign_in(reached("https://leads.example.com"), cast, "https://leads.example.com")
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith("__Host-session="))
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    page = client.get("/account", base_url="https://leads.example.com")
    assert page.status_code == 200
    assert "plain http" not in page.text
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_on_this_machine_plain_http_is_fine(reached: Reached, cast: Cast) -> None:
    client, answer = sign_in(reached("http://127.0.0.1:8000"), cast, "http://127.0.0.1:8000")
    assert answer.status_code == 303
    page = client.get("/account", base_url="http://127.0.0.1:8000")
    assert "plain http" not in page.text
    assert "Strict-Transport-Security" not in page.headers


@pytest.mark.parametrize(
    ("public_url", "base"),
    [
        ("http://leads.example.com", "http://leads.example.com"),
        ("http://127.0.0.1:8000", "http://192.0.2.10:8000"),
    ],
)
def test_over_a_network_plain_http_is_refused(reached: Reached, cast: Cast, public_url: str, base: str) -> None:
    app = reached(public_url)
    page = app.test_client().get("/sign-in", base_url=base)
    assert "Signing in needs https" in page.text
    assert "<form" not in page.text
    _client, answer = sign_in(app, cast, base)
    assert answer.status_code == 403


def test_where_http_is_allowed_owners_are_warned(reached: Reached, cast: Cast) -> None:
    client, answer = sign_in(reached("http://leads.example.com", allow_http=True), cast, "http://leads.example.com")
    assert answer.status_code == 303
    assert "reached over plain http" in client.get("/account", base_url="http://leads.example.com").text
