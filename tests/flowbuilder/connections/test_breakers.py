"""A connection that is left alone says so and why, and one lead can be tried; its limits are one line in the form."""

import html
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import clock, ids
from flowbuilder.connections.breaker_line import read_line, show_limits
from flowbuilder.connections.written import NotReadable
from flowbuilder.models import Audit, Breaker, Connection
from tests.support.cast import DESTINATION, Cast, a_connection, a_member
from tests.support.web import post, signed_in

Failing = Callable[..., Connection]


@pytest.fixture
def failing(session: Session, cast: Cast) -> Failing:
    """Give a maker of connections that are left alone since ten minutes ago."""

    def make(destination: dict[str, Any] | None = None, **values: Any) -> Connection:
        row = a_connection(session, cast.sara, destination=DESTINATION | (destination or {}))
        opened_at, lead = clock.now() - timedelta(minutes=10), ids.show(ids.new_id())
        failures = [("error", 503), ("error", None), ("ambiguous", None), ("ambiguous", 502)]
        written = [
            {"at": opened_at.isoformat(), "lead": lead, "kind": kind, "status": status} for kind, status in failures
        ]
        open_now = {"opened_at": opened_at, "recover_at": opened_at + timedelta(minutes=30)}
        session.add(Breaker(connection_id=row.id, failures=written, **(open_now | values)))
        session.commit()
        return row

    return make


def address(row: Connection) -> str:
    return f"/connections/{ids.show(row.id, 'con')}"


def text_of(client: FlaskClient, row: Connection) -> str:
    return html.unescape(client.get(address(row)).text)


def test_a_connection_that_works_says_when_it_would_be_left_alone(
    sara: FlaskClient, session: Session, cast: Cast
) -> None:
    row = a_connection(session, cast.sara)
    session.commit()
    text = text_of(sara, row)
    assert "Leads go through. It is left alone after 5 failures within 5 minutes, for 30 minutes." in text
    assert "Try one lead now" not in text


def test_one_that_is_left_alone_says_since_when_why_and_until_when(sara: FlaskClient, failing: Failing) -> None:
    text = text_of(sara, failing())
    assert "Left alone since" in text
    assert "One lead is tried from" in text
    for words in ("It answered 503", "It could not be reached", "No answer was read", "A gateway answered 502"):
        assert words in text


@pytest.mark.parametrize(("values", "is_left_alone"), [({}, True), ({"recover_at": clock.now()}, False)])
def test_its_state_says_so_above_everything_else_and_in_the_list(
    sara: FlaskClient, failing: Failing, values: dict[str, Any], is_left_alone: bool
) -> None:
    row = failing(**values)
    state = "Left alone after failures" if is_left_alone else "Active, tested"
    assert state in text_of(sara, row).partition("Where leads go")[0]
    assert state in sara.get("/connections").text


@pytest.mark.parametrize(
    ("values", "words", "can_try"),
    [
        ({}, "One lead is tried from", True),
        ({"recover_at": clock.now()}, "The next lead is tried", False),
        ({"probe": "01", "probe_until": clock.now() + timedelta(days=1)}, "One lead is being tried now.", False),
    ],
)
def test_one_lead_can_be_tried_while_none_may_go_through(
    sara: FlaskClient, failing: Failing, values: dict[str, Any], words: str, can_try: bool
) -> None:
    row = failing(**values)
    text = text_of(sara, row)
    assert words in text
    assert ("Try one lead now" in text) == can_try
    assert post(sara, f"{address(row)}/try").status_code == (303 if can_try else 409)


def test_trying_lets_the_next_lead_through_and_is_written_down(
    sara: FlaskClient, session: Session, failing: Failing
) -> None:
    row = failing()
    assert post(sara, f"{address(row)}/try").status_code == 303
    session.expire_all()
    assert session.get_one(Breaker, row.id).recover_at <= clock.now()
    actions = session.scalars(select(Audit.action).where(Audit.subject == ids.show(row.id, "con"))).all()
    assert actions == ["connection.tried_now"]


def test_one_that_is_never_left_alone_says_so(sara: FlaskClient, failing: Failing) -> None:
    assert "Leads go through, however often it fails." in text_of(sara, failing({"breaker": "off"}))


@pytest.mark.parametrize(("role", "status"), [("editor", 303), ("publisher", 303), ("analyst", 403)])
def test_an_analyst_tries_nothing(
    app: Flask, session: Session, cast: Cast, failing: Failing, role: str, status: int
) -> None:
    row = failing()
    teammate = signed_in(app, session, a_member(session, cast.sara.account, role=role, person="Tina Teammate"))
    assert ("Try one lead now" in text_of(teammate, row)) == (status == 303)
    assert post(teammate, f"{address(row)}/try").status_code == status


def test_strangers_find_no_connection_to_try(app: Flask, session: Session, cast: Cast, failing: Failing) -> None:
    row = failing()
    for who in (cast.zoe, cast.bill):
        assert post(signed_in(app, session, who), f"{address(row)}/try").status_code == 404


@pytest.mark.parametrize(
    ("line", "setting", "shown"),
    [
        ("", {"failures": 5, "within": "5m", "recover_after": "30m"}, "5 within 5m, for 30m"),
        ("3 within 1m, for 1h", {"failures": 3, "within": "1m", "recover_after": "1h"}, "3 within 1m, for 1h"),
        ("  3  Within 1m for 1h ", {"failures": 3, "within": "1m", "recover_after": "1h"}, "3 within 1m, for 1h"),
        ("never", "off", "never"),
    ],
)
def test_its_limits_are_one_line(line: str, setting: Any, shown: str) -> None:
    assert (read_line(line), show_limits(setting)) == (setting, shown)


@pytest.mark.parametrize("line", ["often", "5", "5 within", "5 within 5m", "many within 5m, for 30m"])
def test_a_line_that_cannot_be_read_says_how_it_is_written(line: str) -> None:
    with pytest.raises(NotReadable, match="like “5 within 5m, for 30m”"):
        read_line(line)


@pytest.mark.parametrize(
    ("line", "status", "stored"),
    [
        ("5 within 5m, for 30m", 303, None),
        ("never", 303, "off"),
        ("3 within 1m, for 1h", 303, {"failures": 3, "within": "1m", "recover_after": "1h"}),
        ("0 within 1m, for 1h", 422, None),
        ("3 within 1y, for 1h", 422, None),
        ("sometimes", 422, None),
    ],
)
def test_the_form_writes_it(
    sara: FlaskClient, session: Session, cast: Cast, line: str, status: int, stored: Any
) -> None:
    row = a_connection(session, cast.sara)
    session.commit()
    form = {"name": row.name, "url": "https://api.example.com/leads", "format": "json", "auth": "none", "timeout": "30"}
    answer = post(sara, f"{address(row)}/edit", **form, accepted="http", on_ambiguous="hold", breaker=line)
    assert answer.status_code == status
    assert ('id="breaker-problem"' in answer.text) == (status == 422)
    session.expire_all()
    assert session.get_one(Connection, row.id).destination.get("breaker") == stored
