"""How a new flow begins: with a starter, with nothing, as a copy of another, or with a document."""

from typing import Any

from flask import Response, current_app, request, url_for

from flowbuilder import ids
from flowbuilder.accounts.access import visitor
from flowbuilder.flows import queries
from flowbuilder.flows.forms import START_WORDS, NewFlowForm
from flowbuilder.models import Flow
from flowbuilder.web import current
from flowbuilder.web.fragments import page
from rules.categories import CATEGORIES
from rules.starters import STARTERS, first_document

EDITOR = "editor.edit"


def asked() -> str:
    """Return what the address asks to begin with, one buyer unless it says otherwise."""
    start = request.args.get("start", "")
    return start if start in START_WORDS else STARTERS[0].key


def form_page(form: NewFlowForm, *, status: int = 200) -> Response:
    """Return the page of a new flow, with the account's flows to copy."""
    flows = _flows()
    form.copied.choices = [(ids.show(flow.id, "flo"), flow.name) for flow in flows]
    return page(
        "flows/new.html", form=form, starters=STARTERS, categories=CATEGORIES, can_copy=bool(flows), status=status
    )


def document_of(form: NewFlowForm) -> dict[str, Any] | None:
    """Return the document that a form asks for, None when there is none; what is wrong is noted on its field."""
    if form.start.data == "document":
        return form.document if form.read_document() else None
    if form.start.data == "copy":
        copied = next((flow for flow in _flows() if ids.show(flow.id, "flo") == form.copied.data), None)
        if copied is None:
            form.copied.errors = [*form.copied.errors, "Choose the flow to copy."]
        return dict(copied.draft) if copied else None
    account = visitor().account
    return first_document(
        currency=account.currency,
        time_zone=account.time_zone,
        category=form.category.data or "",
        starter=form.start.data or "",
    )


def address_of(flow: Flow) -> str:
    """Return where a new flow is worked on: the editor."""
    return url_for(EDITOR if EDITOR in current_app.view_functions else "flows.show", flow_id=flow.id)


def _flows() -> list[Flow]:
    found = queries.flows_of(current.session(), visitor().account.id)
    return sorted((flow for flow in found if flow.archived_at is None), key=lambda flow: flow.name.casefold())
