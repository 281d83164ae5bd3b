"""The pages of sources: the list, a new one, one source with its address, keys, fields and last posts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from flowbuilder import ids
from flowbuilder.accounts.access import actor, signed_in, visitor
from flowbuilder.flows import queries as flow_queries
from flowbuilder.lists.queries import list_names
from flowbuilder.models import Flow, Source
from flowbuilder.sources import operations, posting, queries
from flowbuilder.sources.accepting import AS_IT_IS, TRY, SourceDesk, is_built, is_tried, read_rule, rule_view
from flowbuilder.sources.first_lead import first_lead
from flowbuilder.sources.forms import SourceForm
from flowbuilder.sources.operations import Mode, NewKey
from flowbuilder.sources.terms import Terms, say_cost
from flowbuilder.sources.trying import mark_of_rule, try_rule
from flowbuilder.web import current
from flowbuilder.web.found import found
from flowbuilder.web.fragments import go_to, page
from rules import json_text
from rules.fields import TYPES

bp = Blueprint("sources", __name__, url_prefix="/sources")

MODES: dict[str, Mode] = {"live": "live", "test": "test"}
YOUR_KEY = "YOUR_TEST_KEY"


@bp.get("")
@signed_in()
def index() -> Response:
    """Show the account's sources, or those of one flow."""
    session, account_id = current.session(), visitor().account.id
    flow = _flow_asked()
    rows = queries.sources_of(session, account_id, flow_id=flow.id if flow else None)
    posted = queries.posted_since(session, account_id, current.now())
    has_flows = bool(flow or flow_queries.flows_of(session, account_id, limit=1))
    return page("sources/index.html", sources=rows, posted=posted, flow=flow, has_flows=has_flows)


@bp.get("/new")
@signed_in("owner", "editor")
def new() -> Response:
    """Show the form for a new source."""
    flows = _flows()
    flow = _flow_asked() or next(iter(flows), None)
    form = SourceForm.among(flows, chosen=ids.show(flow.id, "flo") if flow else "")
    return _form_page(form, flow)


@bp.post("/new")
@signed_in("owner", "editor")
def create() -> Response:
    """Create a source and show its keys, this once; or show the form again with everything that is wrong.

    It is shown again too when a button of its rule was pressed.
    """
    flows = _flows()
    form = SourceForm.among(flows)
    flow = next((flow for flow in flows if ids.show(flow.id, "flo") == form.flow.data), None)
    _read_rule(form, flow)
    if is_built(request.values):
        return _form_page(form, flow)
    is_valid = form.validate()
    terms = _terms(form, flow)
    if flow is None or not is_valid or terms is None:
        return _form_page(form, flow, status=422)
    source = operations.create_source(
        session=current.session(), actor=actor(), flow=flow, name=form.name.data, terms=terms,
        needs_key=form.needs_key.data, now=current.now(),
    )  # fmt: skip
    made = [_new_key(source, mode) for mode in MODES.values()] if form.needs_key.data else []
    current.session().commit()
    return _source_page(source, flow, made=made, status=201)


@bp.get("/<source:source_id>/edit")
@signed_in("owner", "editor")
def edit(source_id: UUID) -> Response:
    """Show the form for the terms of a source."""
    source, flow = source_called(source_id)
    return _form_page(SourceForm.of(source, flow), flow, source=source)


@bp.post("/<source:source_id>/edit")
@signed_in("owner", "editor")
def change(source_id: UUID) -> Response:
    """Change name and terms; or show the form again with everything that is wrong, or when its rule was changed."""
    source, flow = source_called(source_id)
    form = SourceForm.of(source, flow)
    _read_rule(form, flow)
    if is_built(request.values):
        return _form_page(form, flow, source=source)
    is_valid = form.validate()
    terms = _terms(form, flow)
    if not is_valid or terms is None:
        return _form_page(form, flow, source=source, status=422)
    operations.change_source(
        session=current.session(), actor=actor(), source=source, name=form.name.data, terms=terms,
        needs_key=form.needs_key.data, now=current.now(),
    )  # fmt: skip
    current.session().commit()
    return go_to(url_for("sources.show", source_id=source.id))


@bp.get("/<source:source_id>")
@signed_in()
def show(source_id: UUID) -> Response:
    """Show one source."""
    return _source_page(*source_called(source_id))


@bp.post("/<source:source_id>/keys")
@signed_in("owner", "editor")
def make_key(source_id: UUID) -> Response:
    """Make a key and show it, this once."""
    source, flow = source_called(source_id)
    mode: Mode = found(MODES.get(request.form.get("mode", "")))
    made = _new_key(source, mode)
    current.session().commit()
    return _source_page(source, flow, made=[made], status=201)


@bp.post("/<source:source_id>/keys/<any_id:key_id>/revoke")
@signed_in("owner", "editor")
def revoke_key(source_id: UUID, key_id: UUID) -> Response:
    """Revoke a key."""
    source, _ = source_called(source_id)
    key = found(queries.key_of(current.session(), source, key_id))
    operations.revoke_key(session=current.session(), actor=actor(), source=source, key=key, now=current.now())
    current.session().commit()
    return go_to(url_for("sources.show", source_id=source.id))


@bp.post("/<source:source_id>/pause")
@signed_in("owner", "editor", "publisher")
def pause(source_id: UUID) -> Response:
    """Pause the source."""
    return _change(source_id, operations.pause_source)


@bp.post("/<source:source_id>/resume")
@signed_in("owner", "editor", "publisher")
def resume(source_id: UUID) -> Response:
    """Resume the source."""
    return _change(source_id, operations.resume_source)


def source_called(source_id: UUID) -> tuple[Source, Flow]:
    """Return the visitor's source and its flow; 404 for anybody else's."""
    return found(queries.source_of(current.session(), visitor().account.id, source_id))


def _change(source_id: UUID, how: Callable[..., object]) -> Response:
    """Change the visitor's source by an operation, and show it."""
    source, _ = source_called(source_id)
    how(session=current.session(), actor=actor(), source=source, now=current.now())
    current.session().commit()
    return go_to(url_for("sources.show", source_id=source.id))


def _source_page(source: Source, flow: Flow, *, made: Sequence[NewKey] = (), status: int = 200) -> Response:
    session = current.session()
    live = flow_queries.live_version(session, flow)
    document: Mapping[str, Any] = live.document if live else flow.draft
    fields = posting.posted_fields(document)
    address = posting.address(flow, source)
    lead = first_lead(session, flow, document, current.now(), secret_key=current.settings().secret_key)
    return page(
        "sources/show.html",
        status=status,
        source=source,
        flow=flow,
        address=address,
        keys=queries.keys_of(session, source),
        made=made,
        your_key=YOUR_KEY,
        has_test_key=any(one.row.mode == "test" for one in made),
        fields=fields,
        types=TYPES,
        commands=posting.commands(address, lead, _key_to_show(source, made)),
        pinging=posting.ping_commands(address, lead, fields, _key_to_show(source, made)),
        pings_last=posting.pings_last(document),
        rule=posting.say_accepted(source, fields, list_names(session, flow.account_id)),
        refusals=queries.last_refusals(session, source),
        leads=queries.last_leads(session, source, current.now()),
        cost=say_cost(source.cost, document.get("currency", "USD")),
    )


def _terms(form: SourceForm, flow: Flow | None) -> Terms | None:
    """Return the terms that were typed, None when something is wrong with them, which the form says then."""
    terms, problems = posting.read_terms_for(flow, form.settings())
    form.show_problems(problems)
    return None if problems or form.refused else terms


def _read_rule(form: SourceForm, flow: Flow | None) -> None:
    """Let the form have the rule that was built in it, which goes by the fields of the flow."""
    if flow is not None:
        form.rule, form.refused = read_rule(request.form, form.rule, SourceDesk(current.session(), flow))


def _form_page(form: SourceForm, flow: Flow | None, *, source: Source | None = None, status: int = 200) -> Response:
    """Return the form of a source; for its rule builder the part with the rule alone."""
    built, mark, told = None, "", None
    if flow is not None:
        desk = SourceDesk(current.session(), flow, request.form)
        built = rule_view(form.rule, form.refused, desk, request.path)
        mark = mark_of_rule(form.rule, flow)
        told = try_rule(current.session(), flow, form.rule, source) if is_tried(request.values) else None
    return page(
        "sources/form.html",
        "rule",
        status=status,
        form=form,
        source=source,
        flow=flow,
        built=built,
        was=json_text.write(form.rule).decode(),
        redraws=f"{request.path}?{AS_IT_IS}",
        mark=mark,
        told=told,
        try_it=TRY,
        tries=f"{request.path}?do={TRY}",
    )


def _key_to_show(source: Source, made: Sequence[NewKey]) -> str | None:
    """Return the key for the command: a test key that was just made, a blank to fill in, or none where none is needed.

    A live key is never in it: whoever pastes the command would sell a lead that is made up.
    """
    test = next((one.text for one in made if one.row.mode == "test"), None)
    return test or (YOUR_KEY if source.needs_key else None)


def _new_key(source: Source, mode: Mode) -> NewKey:
    return operations.make_key(session=current.session(), actor=actor(), source=source, mode=mode, now=current.now())


def _flows() -> Sequence[Flow]:
    flows = flow_queries.flows_of(current.session(), visitor().account.id)
    return [flow for flow in flows if flow.archived_at is None]


def _flow_asked() -> Flow | None:
    text = request.args.get("flow")
    if not text:
        return None
    try:
        flow_id = ids.read(text, "flo")
    except ids.NotAnId:
        return found(None)
    return found(flow_queries.flow_of(current.session(), visitor().account.id, flow_id))
