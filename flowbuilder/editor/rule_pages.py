"""What a rule of the draft makes of the flow's newest leads, and of one of them: a part of the panel, or a page."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from flowbuilder.accounts.access import signed_in, visitor
from flowbuilder.editor.trying import OneLead, Trial, Tried, what_counts
from flowbuilder.flows import queries
from flowbuilder.leads import listing
from flowbuilder.leads import queries as lead_queries
from flowbuilder.models import Flow
from flowbuilder.web import current
from flowbuilder.web.found import found
from flowbuilder.web.fragments import page
from flowbuilder.web.url_ids import asked_id
from rules.builder.finding import rule_at, stops_at
from rules.logic import RuleError

bp = Blueprint("rule_trials", __name__, url_prefix="/flows")

MOST_SHOWN = 50
WHICH = {"yes": "matching", "no": "other", "none": "undecided"}


@bp.get("/<flow:flow_id>/draft/tried")
@signed_in()
def tried(flow_id: UUID) -> Response:
    """Show how many of the newest leads a rule is true for, and what the chosen one makes of it."""
    flow = flow_called(flow_id)
    trial, problem = _trial(flow)
    counts = trial.on_newest() if trial else None
    step, name = (request.args.get(key, "") for key in ("step", "name"))
    return page(
        "editor/tried.html",
        "tried",
        flow=flow,
        tried=counts,
        problem=problem,
        one=_one(trial, counts),
        step=step,
        name=name,
        stops=stops_at(flow.draft, step, name),
    )


@bp.get("/<flow:flow_id>/draft/tried/leads")
@signed_in()
def leads(flow_id: UUID) -> Response:
    """Show which of the newest leads a rule is true for, or not."""
    flow = flow_called(flow_id)
    which = request.args.get("which", "yes")
    trial, problem = _trial(flow)
    counts = trial.on_newest() if trial else Tried((), (), ())
    chosen: tuple[UUID, ...] = getattr(counts, WHICH.get(which, "matching"))
    session, account_id = current.session(), visitor().account.id
    named = lead_queries.named_leads(session, account_id, chosen[:MOST_SHOWN])
    return page(
        "editor/tried_leads.html",
        flow=flow,
        tried=counts,
        problem=problem,
        which=which if which in WHICH else "yes",
        chosen=chosen,
        rows=listing.rows_of(session, named),
        step=request.args.get("step", ""),
        name=request.args.get("name", ""),
    )


def flow_called(flow_id: UUID) -> Flow:
    """Return the account's flow; one that it does not have is not found."""
    return found(queries.flow_of(current.session(), visitor().account.id, flow_id))


def _trial(flow: Flow) -> tuple[Trial | None, str]:
    """Return the rule that the address names, to be tried; or why it cannot be."""
    document: Mapping[str, Any] = flow.draft
    rule = what_counts(rule_at(document, request.args.get("step", ""), request.args.get("name", "")), document)
    if rule is None:
        return None, "There is no rule to try yet."
    try:
        return Trial(current.session(), flow, document, rule), ""
    except RuleError:
        return None, "It is tried on your leads as soon as there is nothing to put right in it."


def _one(trial: Trial | None, counts: Tried | None) -> OneLead | None:
    """Return what the chosen lead makes of the rule, the newest one when none is chosen."""
    if trial is None or counts is None or not counts.newest:
        return None
    return trial.on_one(asked_id("lead") or counts.newest[0])
