"""Backtests for programs: what a document would have done with the newest leads of its flow."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from flowbuilder import ids
from flowbuilder.accounts.access import keyed
from flowbuilder.api import shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import Body, read_body
from flowbuilder.api.errors import Refusal
from flowbuilder.api.flows import flow_called
from flowbuilder.api.lead_shapes import amount
from flowbuilder.api.openapi import ANYTHING, MOMENT, MONEY, PROBLEMS, TEXT, WHOLE, describe, or_null, shape
from flowbuilder.flows import queries
from flowbuilder.flows.checks import check_document
from flowbuilder.review.backtests import LEADS, MOST_LEADS, Impact, backtest
from flowbuilder.web import current
from rules.backtest import Assumed, Sums

bp = Blueprint("backtests", __name__)

TAKES = {
    "type": "object",
    "properties": {
        "document": ANYTHING,
        "last": WHOLE,
        "new_buyers": {"type": "string", "enum": ["accept", "decline"]},
    },
}
SUMS = shape(sold=WHOLE, rejected=WHOLE, waiting=WHOLE, duplicate=WHOLE, error=WHOLE, revenue=MONEY, margin=MONEY)
OF_BUYER = shape(sold=WHOLE, revenue=MONEY)
BUYERS = {"type": "array", "items": shape(buyer=TEXT, name=TEXT, before=OF_BUYER, after=OF_BUYER)}
DIFFERS = {"type": "array", "items": shape(lead=TEXT, before=TEXT, after=TEXT, why=TEXT)}


@bp.post("/flows/<flow:flow_id>/backtest")
@describe(
    "Say what a document would have done with the newest leads; nobody is called",
    takes=TAKES,
    body_needed=False,
    gives=shape(
        leads=WHOLE,
        since=or_null(MOMENT),
        assumed=WHOLE,
        before=SUMS,
        after=SUMS,
        buyers=BUYERS,
        differs=DIFFERS,
        problems=PROBLEMS,
    ),
    refuses=(409, 422),
)
@keyed
def create(flow_id: UUID) -> Response:
    """Run the newest leads through the draft, or the document sent, and through the live version.

    Buyers answer as they did. Those that no answer is recorded of accept, or decline where `new_buyers` says so.
    """
    flow = flow_called(flow_id)
    body = read_body("document", "last", "new_buyers", may_be_empty=True)
    sent, last, new_buyers = body.optional_document("document"), _last(body), _new_buyers(body)
    body.refuse_problems()
    document = flow.draft if sent is None else sent
    session = current.session()
    rules, problems = check_document(session=session, account_id=caller().account.id, document=document)
    if rules is None:
        raise Refusal(422, "flow_has_problems", problems=problems)
    if queries.live_version(session, flow) is None:
        raise Refusal(409, "never_published", "No lead has come yet: the flow was never published.")
    impact = backtest(session, flow, document, now=current.now(), last=last, new_buyers=new_buyers)
    if impact is None:
        raise Refusal(409, "live_unreadable", "The live version cannot be read by this release.")
    return shapes.answer({**_shown(impact), "problems": shapes.problems(problems)})


def _last(body: Body) -> int:
    last = body.settings.get("last", LEADS)
    if not isinstance(last, int) or isinstance(last, bool) or not 1 <= last <= MOST_LEADS:
        body.report("last", "out_of_bounds", f"“last” must be a whole number from 1 to {MOST_LEADS}.")
        return LEADS
    return last


def _new_buyers(body: Body) -> Assumed:
    chosen = body.settings.get("new_buyers", "accept")
    if chosen == "decline":
        return "decline"
    if chosen != "accept":
        body.report("new_buyers", "not_an_answer", "“new_buyers” must be accept or decline.")
    return "accept"


def _shown(impact: Impact) -> dict[str, Any]:
    found, currency = impact.backtest, impact.currency
    buyers = [
        {
            "buyer": one.connection,
            "name": impact.names.connections.get(one.connection, ""),
            "before": {"sold": one.sold[0], "revenue": amount(one.revenue[0], currency)},
            "after": {"sold": one.sold[1], "revenue": amount(one.revenue[1], currency)},
        }
        for one in found.buyers
    ]
    differs = [
        {"lead": ids.show(UUID(one.lead)), "before": one.before.status, "after": one.after.status, "why": one.why}
        for one in found.differs
    ]
    return {
        "leads": found.leads,
        "since": shapes.moment(impact.since),
        "assumed": found.assumed,
        "before": _sums(found.before, currency),
        "after": _sums(found.after, currency),
        "buyers": buyers,
        "differs": differs,
    }


def _sums(sums: Sums, currency: str) -> dict[str, Any]:
    counts = {status: sums.counts[status] for status in ("waiting", "duplicate", "error")}
    money = {"revenue": amount(sums.revenue, currency), "margin": amount(sums.margin, currency)}
    return {"sold": sums.sold, "rejected": sums.rejected, **counts, **money}
