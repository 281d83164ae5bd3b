"""The empty state of the editor: a flow without steps begins with those of a starter."""

from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for

from flowbuilder.accounts.access import actor, signed_in
from flowbuilder.drafts import operations as drafts
from flowbuilder.editor import answers
from flowbuilder.editor.acting import page_sent
from flowbuilder.flows.pages import flow_called
from flowbuilder.web import current
from flowbuilder.web.fragments import go_to
from rules.editing import NotPossible
from rules.editing.starting import begin_with
from rules.starters import STARTER

bp = Blueprint("starting", __name__, url_prefix="/flows")


@bp.post("/<flow:flow_id>/draft/start")
@signed_in("owner", "editor")
def start(flow_id: UUID) -> Response:
    """Give the draft the steps of a `starter`, and open the first one; refused where it has steps already."""
    flow, session = flow_called(flow_id), current.session()
    starter = STARTER.get(request.form.get("starter", "")) or abort(404)
    try:
        made = drafts.change(
            session=session,
            actor=actor(),
            flow=flow,
            page=page_sent(),
            edit=begin_with(starter),
            now=current.now(),
        )
    except NotPossible as problem:
        return answers.refused(flow, str(problem), 409)
    session.commit()
    return go_to(url_for("editor.edit", flow_id=flow.id, step=made.edited.opens))
