"""How full caps are, for programs."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from flowbuilder.accounts.access import keyed
from flowbuilder.api import lead_shapes, paging, shapes
from flowbuilder.api.errors import Refusal
from flowbuilder.api.flows import flow_called
from flowbuilder.api.openapi import MOMENT, TEXT, WHOLE, YES_NO, describe, or_null, shape
from flowbuilder.flows import queries
from flowbuilder.flows.limits import Meter, meters_of_flows
from flowbuilder.web import current

bp = Blueprint("caps", __name__)

AMOUNT = {"type": "number", "description": "Leads, or money in the flow's currency when the cap is in money."}
METER = shape(
    id=TEXT, step=TEXT, per=TEXT, counts_by=TEXT, is_money=YES_NO, used=AMOUNT, limit=AMOUNT, resets_at=or_null(MOMENT)
)


@bp.get("/caps")
@describe(
    "Read how full the caps of a flow are now",
    gives=shape(flow=TEXT, version=or_null(WHOLE), caps={"type": "array", "items": METER}),
    query={"flow": "The flow; it must be given."},
    refuses=(404,),
)
@keyed
def index() -> Response:
    """Answer every cap of the flow's live version with the window of this moment; none while nothing is live."""
    flow = flow_called(_flow_asked())
    live = queries.live_version(current.session(), flow)
    document = live.document if live else {}
    meters = meters_of_flows(current.session(), {flow.id: document}, current.now())[flow.id]
    currency = str(document.get("currency", "USD"))
    shown = [_meter(meter, currency) for meter in meters]
    return shapes.answer({"flow": shapes.flow_id(flow.id), "version": flow.live_version, "caps": shown})


def _flow_asked() -> UUID:
    flow_id = paging.id_in_query("flow", "flo")
    if flow_id is None:
        raise Refusal(400, "no_flow", "Say which flow: ?flow=flo_…")
    return flow_id


def _meter(meter: Meter, currency: str) -> dict[str, Any]:
    line = meter.line
    in_money = [lead_shapes.amount(minor, currency) for minor in (meter.used, line.limit)]
    used, limit = in_money if line.spends else (meter.used, line.limit)
    return {
        "id": line.key,
        "step": line.key.split("/")[0],
        "per": line.per,
        "counts_by": meter.bucket,
        "is_money": line.spends,
        "used": used,
        "limit": limit,
        "resets_at": shapes.moment(meter.resets_at),
    }
