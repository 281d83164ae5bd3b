"""Guessing passwords: it gets slower and slower, for the guesser alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder import clock, db
from flowbuilder.accounts import throttle
from flowbuilder.accounts.throttle import FREE_FOR_PERSON, subjects_of, take_attempt, wait_after
from flowbuilder.ids import new_key
from tests.support.cast import PASSWORD, Cast
from tests.support.web import type_password


def guesser(address: str = "192.0.2.7", email: str | None = None) -> tuple[throttle.Subject, throttle.Subject]:
    return subjects_of("secret", email or f"{new_key()}@example.com", address)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (9, 480), (10, 900), (400, 900)]
)
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert wait_after(failures, FREE_FOR_PERSON) == timedelta(seconds=seconds)


def test_of_1000_guesses_in_an_hour_at_most_20_are_checked(session: Session) -> None:
    start, subjects = clock.now(), guesser(f"2001:db8:{new_key(4)}::1")
    moments = (start + timedelta(seconds=3.6 * number) for number in range(1000))
    checked = sum(take_attempt(session=session, subjects=subjects, now=at) is None for at in moments)
    assert 5 <= checked <= 20


def test_guesses_side_by_side_are_all_counted(database_url: str) -> None:
    engine, subjects, now = db.make_engine(database_url, pool_size=10), guesser(), clock.now()
    make = db.make_sessions(engine)

    def guess(_number: int) -> bool:
        with make() as session:
            wait = take_attempt(session=session, subjects=subjects, now=now)
            session.commit()
            return wait is None

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(guess, range(30))) == FREE_FOR_PERSON
    engine.dispose()


def test_an_hour_later_all_is_forgotten(session: Session) -> None:
    subjects, now = guesser(), clock.now()
    for _ in range(10):
        take_attempt(session=session, subjects=subjects, now=now)
    assert take_attempt(session=session, subjects=subjects, now=now) is not None
    assert take_attempt(session=session, subjects=subjects, now=now + timedelta(minutes=61)) is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_one_customer_of_ipv6_counts_as_one(address: str, network: str) -> None:
    assert throttle.network_of(address) == network


def test_the_sixth_wrong_password_has_to_wait(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "198.51.100.1"
    for _ in range(5):
        assert type_password(client, cast.sara.person.email, "wrong password").status_code == 422
    answer = type_password(client, cast.sara.person.email, PASSWORD)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
    assert "Try again in 1 minute." in answer.text


def test_the_owner_gets_in_from_elsewhere_while_a_guesser_waits(app: Flask, cast: Cast) -> None:
    guessing, owner = app.test_client(), app.test_client()
    guessing.environ_base["REMOTE_ADDR"] = "198.51.100.2"
    owner.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    for _ in range(8):
        type_password(guessing, cast.sara.person.email, "wrong password")
    assert type_password(owner, cast.sara.person.email, PASSWORD).status_code == 303


def test_an_unknown_address_waits_like_a_known_one(app: Flask) -> None:
    client, email = app.test_client(), f"{new_key()}@example.com"
    client.environ_base["REMOTE_ADDR"] = "198.51.100.3"
    codes = [type_password(client, email, "wrong password").status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]


def test_the_right_password_takes_the_failures_back(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "198.51.100.4"
    for _ in range(3):
        for _ in range(4):
            type_password(client, cast.sara.person.email, "wrong password")
        assert type_password(client, cast.sara.person.email, PASSWORD).status_code == 303
        client.delete_cookie("session")
