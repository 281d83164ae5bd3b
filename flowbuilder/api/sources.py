"""Sources for programs: create with a key, list, pause, make and revoke keys."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from flowbuilder import ids
from flowbuilder.accounts.access import keyed
from flowbuilder.api import paging, shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import Body, read_body
from flowbuilder.api.openapi import ANYTHING, MOMENT, PAGING, TEXT, YES_NO, Schema, describe, many, or_null, shape
from flowbuilder.flows.queries import flow_of
from flowbuilder.models import Flow, Source, SourceKey
from flowbuilder.sources import operations, posting, queries
from flowbuilder.sources.operations import Mode
from flowbuilder.sources.terms import SETTINGS, Terms, terms_of
from flowbuilder.web import current
from flowbuilder.web.found import found

bp = Blueprint("sources", __name__)

MODES: dict[str, Mode] = {"live": "live", "test": "test"}
TEXTS = {"type": "array", "items": TEXT}
LIST = {"type": ["array", "null"], "items": ANYTHING}
COST = {"description": "An amount, {fixed: amount} or {share: percent}; null when leads cost nothing."}
SUMMARY = {
    "id": TEXT,
    "name": TEXT,
    "state": {"type": "string", "enum": ["active", "paused"]},
    "flow_id": TEXT,
    "post_url": TEXT,
    "needs_key": YES_NO,
    "cost": COST,
    "caps": LIST,
    "accept_if": {"type": ["object", "null"]},
    "categories": TEXTS,
    "redirect_hosts": TEXTS,
    "created_at": MOMENT,
}
TAKEN: dict[str, Schema] = {
    "name": TEXT,
    "cost": COST,
    "caps": LIST,
    "accept_if": {"type": ["object", "null"]},
    "categories": {**TEXTS, "type": ["array", "null"], "description": "Leads of these alone; of every one without."},
    "redirect_hosts": {**TEXTS, "type": ["array", "null"], "description": "Where forms may send people on to."},
    "needs_key": YES_NO,
}
KEY = {"id": TEXT, "mode": TEXT, "hint": TEXT, "created_at": MOMENT, "revoked_at": or_null(MOMENT)}
STATE = shape(id=TEXT, state=TEXT)


@bp.post("/sources")
@describe(
    "Create a source; its keys are shown this once",
    status=201,
    takes=shape("flow_id", "name", flow_id=TEXT, **TAKEN),
    gives=shape(id=TEXT, post_url=TEXT, key=or_null(TEXT), test_key=or_null(TEXT)),
)
@keyed
def create() -> Response:
    """Create a source with a live and a test key, unless it is open to everybody."""
    body = read_body("flow_id", *TAKEN)
    name, needs_key, flow = body.name(), body.flag("needs_key", default=True), _flow_named(body)
    terms = _terms(body, flow, {})
    body.refuse_problems()
    source = operations.create_source(
        session=current.session(), actor=caller().actor, flow=found(flow), name=name, terms=terms,
        needs_key=needs_key, now=current.now(),
    )  # fmt: skip
    live, test = (_new_key(source, mode) if needs_key else None for mode in MODES.values())
    current.session().commit()
    made = {"id": shapes.source_id(source.id), "post_url": posting.address(found(flow), source)}
    return shapes.answer({**made, "key": live, "test_key": test}, 201)


@bp.get("/sources")
@describe("List the sources", gives=many("sources", shape(**SUMMARY)), query={"flow": "Those of one flow.", **PAGING})
@keyed
def index() -> Response:
    """List the account's sources, oldest first."""
    rows = queries.sources_of(
        current.session(),
        caller().account.id,
        flow_id=paging.id_in_query("flow", "flo"),
        after=paging.after("src"),
        limit=paging.limit() + 1,
    )
    return paging.listed("sources", rows, lambda row: summary(*row), lambda row: shapes.source_id(row[0].id))


@bp.get("/sources/<source:source_id>")
@describe(
    "Read a source and the hints of its keys", gives=shape(**SUMMARY, keys={"type": "array", "items": shape(**KEY)})
)
@keyed
def show(source_id: UUID) -> Response:
    """Answer one source; of its keys only what is not secret."""
    source, flow = source_called(source_id)
    keys = [_key(key) for key in queries.keys_of(current.session(), source)]
    return shapes.answer({**summary(source, flow), "keys": keys})


@bp.patch("/sources/<source:source_id>")
@describe(
    "Change a source: what is named is replaced, null takes it away",
    takes={"type": "object", "properties": TAKEN},
    gives=shape(**SUMMARY),
)
@keyed
def change(source_id: UUID) -> Response:
    """Change name, terms or the need for keys; what is not named stays."""
    source, flow = source_called(source_id)
    body = read_body(*TAKEN)
    name = body.name() if "name" in body.settings else source.name
    needs_key, terms = body.flag("needs_key", default=source.needs_key), _terms(body, flow, terms_of(source))
    body.refuse_problems()
    operations.change_source(
        session=current.session(), actor=caller().actor, source=source, name=name, terms=terms, needs_key=needs_key,
        now=current.now(),
    )  # fmt: skip
    current.session().commit()
    return shapes.answer(summary(source, flow))


@bp.post("/sources/<source:source_id>/pause")
@describe("Pause a source", gives=STATE)
@keyed
def pause(source_id: UUID) -> Response:
    """Pause the source."""
    return _change(source_id, operations.pause_source)


@bp.post("/sources/<source:source_id>/resume")
@describe("Resume a paused source", gives=STATE)
@keyed
def resume(source_id: UUID) -> Response:
    """Resume the source."""
    return _change(source_id, operations.resume_source)


@bp.post("/sources/<source:source_id>/keys")
@describe(
    "Make another key; it is shown this once",
    status=201,
    takes=shape(mode={"type": "string", "enum": list(MODES)}),
    gives=shape(id=TEXT, mode=TEXT, key=TEXT),
)
@keyed
def make_key(source_id: UUID) -> Response:
    """Make a live or a test key beside those that exist."""
    source, _ = source_called(source_id)
    body = read_body("mode")
    mode = MODES.get(str(body.settings.get("mode")))
    if mode is None:
        body.report("mode", "not_an_option", "“mode” must be one of live, test.")
    body.refuse_problems()
    made = operations.make_key(
        session=current.session(), actor=caller().actor, source=source, mode=mode or "live", now=current.now()
    )
    current.session().commit()
    return shapes.answer({"id": ids.show(made.row.id), "mode": made.row.mode, "key": made.text}, 201)


@bp.post("/sources/<source:source_id>/keys/<any_id:key_id>/revoke")
@describe("Revoke a key, for good", gives=shape(**KEY))
@keyed
def revoke_key(source_id: UUID, key_id: UUID) -> Response:
    """Revoke one key of the source."""
    source, _ = source_called(source_id)
    key = found(queries.key_of(current.session(), source, key_id))
    operations.revoke_key(session=current.session(), actor=caller().actor, source=source, key=key, now=current.now())
    current.session().commit()
    return shapes.answer(_key(key))


def source_called(source_id: UUID) -> tuple[Source, Flow]:
    """Return the caller's source and its flow; 404 for anybody else's."""
    return found(queries.source_of(current.session(), caller().account.id, source_id))


def summary(source: Source, flow: Flow) -> dict[str, Any]:
    """Return a source as lists show it."""
    return {
        "id": shapes.source_id(source.id),
        "name": source.name,
        "state": source.state,
        "flow_id": shapes.flow_id(flow.id),
        "post_url": posting.address(flow, source),
        "needs_key": source.needs_key,
        "cost": source.cost,
        "caps": source.caps,
        "accept_if": source.accept_if,
        "categories": source.categories,
        "redirect_hosts": source.redirect_hosts,
        "created_at": shapes.moment(source.created_at),
    }


def _flow_named(body: Body) -> Flow | None:
    text = body.settings.get("flow_id")
    try:
        flow = flow_of(current.session(), caller().account.id, ids.read(text if isinstance(text, str) else "", "flo"))
    except ids.NotAnId:
        flow = None
    if flow is None:
        body.report("flow_id", "unknown_flow", "“flow_id” must be the id of a flow of this account.")
    return flow


def _terms(body: Body, flow: Flow | None, before: Mapping[str, Any]) -> Terms:
    """Return the terms as they were before, with those that the body names."""
    settings = {key: body.settings.get(key, before.get(key)) for key in SETTINGS}
    terms, problems = posting.read_terms_for(flow, {key: value for key, value in settings.items() if value is not None})
    body.problems.extend(problems)
    return terms


def _new_key(source: Source, mode: Mode) -> str:
    made = operations.make_key(
        session=current.session(), actor=caller().actor, source=source, mode=mode, now=current.now()
    )
    return made.text


def _key(key: SourceKey) -> dict[str, Any]:
    return {
        "id": ids.show(key.id),
        "mode": key.mode,
        "hint": key.hint,
        "created_at": shapes.moment(key.created_at),
        "revoked_at": shapes.moment(key.revoked_at),
    }


def _change(source_id: UUID, how: Callable[..., object]) -> Response:
    """Change the caller's source by an operation, and answer with its state."""
    source, _ = source_called(source_id)
    how(session=current.session(), actor=caller().actor, source=source, now=current.now())
    current.session().commit()
    return shapes.answer({"id": shapes.source_id(source.id), "state": source.state})
