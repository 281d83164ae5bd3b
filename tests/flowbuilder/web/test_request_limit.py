"""How often pages and the API may be asked, for whom requests are counted, and what is never counted."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder import clock
from flowbuilder.accounts.operations import create_account
from flowbuilder.config import settings
from tests.support.cast import Cast
from tests.support.web import running, signed_in

LIMIT = 3


@pytest.fixture
def app(database_url: str, redis_url: str) -> Iterator[Flask]:
    """Give an app that takes three requests a minute."""
    own = replace(settings(), database_url=database_url, redis_url=redis_url, requests_per_minute=LIMIT)
    with running(own) as app:
        yield app


def statuses(app: Flask, path: str, *keys: str, times: int = LIMIT + 1) -> list[int]:
    """Return how the API answers so many calls, the keys taken in turn."""
    client = app.test_client(use_cookies=False)
    headers = [{"Authorization": f"Bearer {key}"} for key in keys] or [{}]
    return [client.get(path, headers=headers[number % len(headers)]).status_code for number in range(times)]


def a_key(session: Session, name: str) -> str:
    """Return the key of a new account."""
    made = create_account(session=session, kind="seller", name=name, email=f"{name}@example.com", now=clock.now())
    session.commit()
    return made.api_key


def test_a_page_says_in_words_that_it_was_asked_too_often(app: Flask) -> None:
    client = app.test_client()
    answers = [client.get("/sign-in") for _ in range(LIMIT + 1)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "That was too often" in answers[-1].text
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert "Retry-After" not in answers[0].headers


def test_the_api_says_it_in_its_own_shape(app: Flask, session: Session) -> None:
    key = a_key(session, "said")
    assert statuses(app, "/api/v1/flows", key) == [200, 200, 200, 429]
    answer = app.test_client().get("/api/v1/flows", headers={"Authorization": f"Bearer {key}"})
    assert answer.json["error"]["code"] == "too_many_requests"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_each_key_has_requests_of_its_own(app: Flask, session: Session) -> None:
    first, second = a_key(session, "first"), a_key(session, "second")
    assert statuses(app, "/api/v1/flows", first, second, times=2 * LIMIT) == [200] * 6
    assert statuses(app, "/api/v1/flows", second, times=1) == [429]


def test_keys_that_nobody_was_given_count_for_the_address(app: Flask) -> None:
    made_up = [f"fb_{number:026d}_{'x' * 43}" for number in range(LIMIT + 1)]
    assert statuses(app, "/api/v1/flows", *made_up) == [401, 401, 401, 429]


def test_people_behind_one_address_do_not_wait_for_each_other(app: Flask, session: Session, cast: Cast) -> None:
    sara, tom = signed_in(app, session, cast.sara), signed_in(app, session, cast.tom)
    assert [sara.get("/account").status_code for _ in range(LIMIT + 1)] == [200, 200, 200, 429]
    assert tom.get("/account").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/f/none/none", 404), ("GET", "/healthz", 200), ("GET", "/static/css/base.css", 200)],
)
def test_leads_files_and_checks_are_not_counted(app: Flask, method: str, path: str, status: int) -> None:
    client = app.test_client()
    answers = [client.open(path, method=method, buffered=True).status_code for _ in range(LIMIT + 2)]
    assert answers == [status] * (LIMIT + 2)
