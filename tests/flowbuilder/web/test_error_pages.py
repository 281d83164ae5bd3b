"""Errors in words."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from flask import Flask
from sqlalchemy import exc
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.config import settings
from flowbuilder.models import Flow
from flowbuilder.web import current, error_pages
from tests.support.cast import Cast
from tests.support.web import HTMX, running, signed_in


@pytest.mark.parametrize("status", sorted(error_pages.WORDS))
def test_each_error_says_what_happened_and_what_to_do(app: Flask, status: int) -> None:
    with app.test_request_context():
        answer = error_pages.error_page(status)
        text = answer.get_data(as_text=True)
    words = error_pages.WORDS[status]
    assert answer.status_code == status
    assert f"<h1>{words.heading}</h1>" in text
    assert words.advice in text
    assert f"Error {status}" in text


def test_what_is_not_there_is_said_in_the_frame(app: Flask, session: Session, cast: Cast) -> None:
    answer = signed_in(app, session, cast.sara).get("/nothing-here")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert 'aria-label="Main"' in answer.text


def test_htmx_gets_the_message_alone(app: Flask, session: Session, cast: Cast) -> None:
    answer = signed_in(app, session, cast.sara).get("/leads/0123", headers=HTMX)
    assert answer.status_code == 404
    assert "<html" not in answer.text
    assert "address is wrong" in answer.text


@pytest.mark.parametrize(("address", "words"), [("/sources/new", "signed_out"), ("/sign-in", "form_expired")])
def test_a_form_of_somebody_who_signed_out_elsewhere_says_so(app: Flask, address: str, words: str) -> None:
    answer = app.test_client().post(address, data={"name": "WebForms"})
    assert answer.status_code == 403
    assert getattr(error_pages, words.upper()).heading in answer.text


def test_a_wrong_method_names_the_right_ones(app: Flask) -> None:
    answer = app.test_client().delete("/sign-in")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_whoever_sends_json_to_a_page_is_answered_in_json(app: Flask) -> None:
    for address, status in (("/", 405), ("/leads-in", 404)):
        answer = app.test_client().post(address, json={"email": "ana@example.com"})
        assert (answer.status_code, list(answer.json["error"])) == (status, ["code", "message", "problems"])


@pytest.fixture
def without_database(redis_url: str) -> Iterator[Flask]:
    """Give the app while its database is away."""
    own = replace(settings(), database_url="postgresql+psycopg://nobody@127.0.0.1:9/none", redis_url=redis_url)
    with running(own) as app:
        yield app


def test_without_a_database_people_are_told_to_try_later(without_database: Flask) -> None:
    client = without_database.test_client()
    client.set_cookie("session", "x" * 43)
    answer = client.get("/leads")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Nothing was saved" in answer.text


def test_a_fault_in_the_database_is_told_in_the_frame(
    app: Flask, session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        current.session().add(Flow(id=ids.new_id(), account_id=cast.sara.account_id, name="Solar"))
        current.session().flush()

    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr("flowbuilder.leads.pages.queries.flow_names", lambda *_: fail())
    answer = signed_in(app, session, cast.sara).get("/leads")
    assert (answer.status_code, "Something went wrong on our side" in answer.text) == (500, True)
    assert 'aria-label="Main"' in answer.text


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (exc.InvalidRequestError("Could not refresh instance '<Flow>'"), 404),
        (exc.InvalidRequestError("A transaction is already begun"), 500),
        (exc.IntegrityError("INSERT", {}, psycopg.errors.ForeignKeyViolation()), 409),
        (exc.IntegrityError("INSERT", {}, psycopg.errors.UniqueViolation()), 409),
        (exc.IntegrityError("INSERT", {}, psycopg.errors.CheckViolation()), 500),
    ],
)
def test_whoever_was_slower_than_somebody_else_is_told_so(
    app: Flask, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int
) -> None:
    def fail() -> None:
        raise raised

    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr("flowbuilder.accounts.pages.SignInForm", fail)
    assert app.test_client().get("/sign-in").status_code == status


def test_a_fault_of_ours_tells_nothing_of_its_cause(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr("flowbuilder.accounts.pages.SignInForm", fail)
    answer = app.test_client().get("/sign-in")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "secret detail" not in answer.text
