"""A panel at its desk, without the page around it."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, render_template
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.editor.panels.base import Desk, Panel, Reading
from flowbuilder.flows.around import Around, connections_by_id
from flowbuilder.lists.queries import list_names
from flowbuilder.models import Account, Flow
from rules.fields import parse_field
from rules.made_fields import made_fields
from tests.support.page_forms import untouched


def desk_for(session: Session, account: Account, document: dict[str, Any], step: str, **more: Any) -> Desk:
    """Return what the panel of a step of a document has at hand."""
    connections = connections_by_id(session, account.id)
    flow = Flow(id=ids.new_id(), account_id=account.id, name="A flow", draft=document, draft_revision=1)
    around = Around(flow, connections, 1, list_names(session, account.id))
    written = (parse_field(one, "", []) for one in document.get("fields", []))
    declared = {field.key: field for field in written if field}
    fields = {**declared, **made_fields(document.get("steps")), **declared}
    return Desk(session, flow, document, step, fields, around, **more)


def drawn(app: Flask, panel: Panel, settings: dict[str, Any], desk: Desk) -> str:
    """Return the panel of a step as HTML."""
    with app.test_request_context():
        return render_template(panel.template, panel=panel.view(settings, desk))


def seen(app: Flask, panel: Panel, settings: dict[str, Any], desk: Desk) -> Mapping[str, Any]:
    """Return what a panel gives its template."""
    with app.test_request_context():
        return panel.view(settings, desk)


def read(app: Flask, panel: Panel, settings: dict[str, Any], desk: Desk, **typed: Any) -> Reading:
    """Return what a panel reads from its form once some fields were typed into, or a button was pressed (`do`)."""
    posted = untouched(drawn(app, panel, settings, desk))
    for name, value in typed.items():
        posted.setlist(name, value if isinstance(value, list) else [value])
    with app.test_request_context():
        return panel.read(posted, settings, desk)
