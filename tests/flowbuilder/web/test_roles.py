"""What everybody gets of the pages that flows are built on: one row for each route, one status for each role."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from flowbuilder.accounts.access import declared_access
from tests.support.belongings import belongings
from tests.support.cases import FOLDER
from tests.support.cast import Cast, a_member
from tests.support.web import form_token, signed_in

AREAS = ("/flows", "/fields", "/lists")
ROLES = ("owner", "editor", "publisher", "analyst", "buyer", "stranger", "nobody")
TABLE: dict[str, list[int]] = json.loads((FOLDER / "roles.json").read_text())
CHANGES_NOTHING = (303, 403, 404)


def routes(app: Flask) -> Iterator[tuple[str, str, set[str]]]:
    """Give every route of these pages: its method and path as the table has them, its endpoint, its arguments."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(AREAS) and declared_access(app, rule.endpoint).kind == "signed in":
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield f"{method} {rule.rule}", rule.endpoint, set(rule.arguments)


@pytest.fixture
def people(app: Flask, session: Session, cast: Cast) -> dict[str, FlaskClient]:
    """Give a browser for each role; Bill buys, and Zoe has an account of her own."""
    members = {"owner": cast.sara, "analyst": cast.tom, "buyer": cast.bill, "stranger": cast.zoe}
    members |= {role: a_member(session, cast.sara.account, role=role, person=role) for role in ("editor", "publisher")}
    return {"nobody": app.test_client()} | {role: signed_in(app, session, one) for role, one in members.items()}


def test_every_route_has_a_row_and_every_row_a_route(app: Flask) -> None:
    assert sorted(TABLE) == sorted(name for name, _, _ in routes(app))


def test_everybody_gets_what_the_table_says(
    app: Flask, session: Session, cast: Cast, people: dict[str, FlaskClient]
) -> None:
    tokens = {role: form_token(person) for role, person in people.items() if role != "nobody"}
    saras, found = belongings(session, cast.sara), {}
    for name, endpoint, arguments in routes(app):
        found[name] = []
        for role in ROLES:
            answer = _asked(app, people[role], name, endpoint, {one: saras[one] for one in arguments}, tokens.get(role))
            found[name].append(answer)
            if not name.startswith("GET ") and answer not in CHANGES_NOTHING[1:]:
                saras = belongings(session, cast.sara)
    assert found == TABLE


def _asked(
    app: Flask, person: FlaskClient, name: str, endpoint: str, arguments: dict[str, Any], token: str | None
) -> int:
    """Return the status that an empty form, or a visit, is answered with."""
    with app.test_request_context():
        address = url_for(endpoint, **arguments)
    headers = {"X-CSRFToken": token} if token else {}
    return person.open(address, method=name.split(maxsplit=1)[0], headers=headers).status_code
