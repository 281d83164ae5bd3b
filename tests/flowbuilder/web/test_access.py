"""Who may open which route: every route is walked by somebody without a session and by a stranger."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Blueprint, Flask, url_for
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from flowbuilder.accounts import access
from flowbuilder.accounts.access import UndeclaredRoute, declared_access
from tests.support.belongings import belongings
from tests.support.cast import Cast, a_flow, a_source
from tests.support.web import form_token, signed_in

PUBLIC = {
    *("static", "accounts.sign_in", "accounts.check_sign_in", "api.openapi_document"),
    *("health.healthz", "health.readyz", "health.metrics"),
}


@pytest.fixture
def saras(session: Session, cast: Cast) -> dict[str, Any]:
    """Give the ids of what belongs to Sara, by the names that routes use for them."""
    return belongings(session, cast.sara)


def pages(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Give every route for people who are signed in, with each of its methods."""
    for rule in app.url_map.iter_rules():
        if declared_access(app, rule.endpoint).kind == "signed in":
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def address(app: Flask, rule: Rule, ids: dict[str, Any]) -> str:
    with app.test_request_context():
        return url_for(rule.endpoint, **{name: ids[name] for name in rule.arguments})


def test_a_route_that_does_not_say_who_may_open_it_stops_the_start() -> None:
    app, bp = Flask("wrong"), Blueprint("wrong", __name__)
    bp.get("/open")(lambda: "anybody")
    app.register_blueprint(bp)
    app.view_functions.pop("static")
    with pytest.raises(UndeclaredRoute, match="wrong"):
        access.init_app(app)


def test_what_anybody_may_open_is_a_short_list_with_reasons(app: Flask) -> None:
    declared = {name: declared_access(app, name) for name in app.view_functions}
    public = {name for name, each in declared.items() if each.kind == "public"}
    assert public <= PUBLIC
    assert all(declared[name].why for name in public)


def test_routes_for_programs_are_those_of_intake_and_the_api(app: Flask) -> None:
    keyed = {name for name in app.view_functions if declared_access(app, name).kind == "keyed"}
    assert {name.split(".")[0] for name in keyed} <= {"intake", "ingest", "api"}


def test_nobody_sees_a_page_without_signing_in(app: Flask, saras: dict[str, Any]) -> None:
    for rule, method in pages(app):
        answer = app.test_client().open(address(app, rule, saras), method=method)
        expected = 303 if method == "GET" else 403
        assert answer.status_code == expected, f"{method} {rule}"
        assert method != "GET" or answer.location.startswith("/sign-in")


def test_a_stranger_finds_nothing_of_somebody_elses(
    app: Flask, session: Session, cast: Cast, saras: dict[str, Any]
) -> None:
    zoe = signed_in(app, session, cast.zoe)
    token = {"X-CSRFToken": form_token(zoe)}
    walked = 0
    for rule, method in pages(app):
        if rule.arguments:
            walked += 1
            answer = zoe.open(address(app, rule, saras), method=method, headers=token)
            assert answer.status_code == 404, f"{method} {rule}"
            assert cast.sara.account.name not in answer.text
    assert walked >= 2


def test_a_stranger_sees_own_pages_only(app: Flask, session: Session, cast: Cast, saras: dict[str, Any]) -> None:
    zoe = signed_in(app, session, cast.zoe)
    for rule, method in pages(app):
        if method == "GET" and not rule.arguments:
            answer = zoe.get(address(app, rule, saras))
            assert answer.status_code in (200, 303), str(rule)
            assert not [name for name in (cast.sara.account.name, "California solar") if name in answer.text], str(rule)


def test_the_owner_reaches_every_page(app: Flask, session: Session, cast: Cast, saras: dict[str, Any]) -> None:
    sara = signed_in(app, session, cast.sara)
    for rule, method in pages(app):
        if method == "GET" and not {"test_id", "key_id"} & set(rule.arguments):
            assert sara.get(address(app, rule, saras)).status_code in (200, 303), str(rule)


def test_a_role_that_does_not_suffice_is_told_so(
    app: Flask, session: Session, cast: Cast, saras: dict[str, Any]
) -> None:
    tom = signed_in(app, session, cast.tom)
    token, walked = {"X-CSRFToken": form_token(tom)}, 0
    for rule, method in pages(app):
        roles = declared_access(app, rule.endpoint).roles
        if roles and "analyst" not in roles:
            walked += 1
            answer = tom.open(address(app, rule, saras), method=method, headers=token)
            assert answer.status_code == 403, f"{method} {rule}"
            assert "Ask an owner of the account" in answer.text
    assert walked >= 1


@pytest.mark.parametrize(
    ("method", "rest"), [("POST", ""), ("GET", "/leads/00000000000000000000000000"), ("HEAD", "/leads/x")]
)
def test_whatever_intake_answers_about_leads_asks_for_a_key(
    app: Flask, session: Session, cast: Cast, method: str, rest: str
) -> None:
    flow = a_flow(session, cast.sara)
    address = f"/f/{flow.key}/{a_source(session, flow).key}{rest}"
    session.commit()
    assert app.test_client().open(address, method=method, json={}).status_code == 401
