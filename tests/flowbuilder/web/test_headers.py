"""What every response says, whatever its status."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask, request, request_started
from sqlalchemy.orm import Session

from flowbuilder.config import settings
from flowbuilder.web.security import POLICY
from tests.support.cast import Cast
from tests.support.web import post, running, signed_in

ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/sign-in", 200),
        ("GET", "/", 303),
        ("GET", "/nothing-here", 404),
        ("POST", "/sign-in", 403),
        ("DELETE", "/sign-in", 405),
        ("GET", "/static/css/base.css", 200),
        ("GET", "/static/nothing.css", 404),
        ("GET", "/healthz", 200),
        ("POST", "/f/none/none", 404),
        ("GET", "/api/v1/flows", 401),
    ],
)
def test_every_response_is_protected(app: Flask, method: str, path: str, status: int) -> None:
    answer = app.test_client().open(path, method=method, buffered=True)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS


def test_the_policy_allows_nothing_inline_and_nobody_else() -> None:
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "*" not in POLICY
    assert {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} <= set(
        POLICY.split("; ")
    )


@pytest.mark.parametrize("path", ["/", "/leads", "/account", "/nothing-here", "/sign-in"])
def test_pages_of_people_are_kept_nowhere(app: Flask, session: Session, cast: Cast, path: str) -> None:
    answer = signed_in(app, session, cast.sara).get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "HX-Request" in answer.vary


def test_a_redirect_after_a_form_is_kept_nowhere(app: Flask, session: Session, cast: Cast) -> None:
    answer = post(signed_in(app, session, cast.sara), "/account/look", theme="dark")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.fixture
def behind_a_proxy(database_url: str, redis_url: str) -> Iterator[Flask]:
    """Give the app with one proxy before it."""
    own = replace(settings(), database_url=database_url, redis_url=redis_url, trusted_proxies=1)
    with running(own) as app:
        yield app


def test_forwarded_addresses_count_only_behind_a_proxy(app: Flask, behind_a_proxy: Flask) -> None:
    def address_seen(each: Flask) -> str | None:
        seen: list[str | None] = []
        with request_started.connected_to(lambda _app, **_kwargs: seen.append(request.remote_addr), each):
            headers = {"X-Forwarded-For": "198.51.100.77"}
            each.test_client().get("/healthz", headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.1"})
        return seen[0]

    assert [address_seen(app), address_seen(behind_a_proxy)] == ["192.0.2.1", "198.51.100.77"]
