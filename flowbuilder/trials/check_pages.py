"""The page of a flow's checks: all are run on its draft, changed and deleted."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from flowbuilder.accounts.access import actor, signed_in, visitor
from flowbuilder.models import Flow, FlowCheck
from flowbuilder.trials import operations, queries
from flowbuilder.trials.checks import run_checks
from flowbuilder.trials.inputs import read_inputs
from flowbuilder.trials.pages import KEEPS, bench_for, flow_called
from flowbuilder.trials.running import LeadGone, run_trial
from flowbuilder.web import current
from flowbuilder.web.found import found
from flowbuilder.web.fragments import go_to, page
from rules.flow import parse_flow

bp = Blueprint("checks", __name__, url_prefix="/flows")


@bp.get("/<flow:flow_id>/checks")
@signed_in()
def index(flow_id: UUID) -> Response:
    """Run all checks of the flow on its draft, and show what became of each."""
    flow = flow_called(flow_id)
    checked = run_checks(current.session(), flow, flow.draft, current.now())
    passed = sum(one.passed for one in checked)
    may_keep = visitor().role in KEEPS
    return page("trials/checks.html", flow=flow, checks=checked, passed=passed, may_keep=may_keep)


@bp.post("/<flow:flow_id>/checks/<check:check_id>")
@signed_in(*KEEPS)
def change(flow_id: UUID, check_id: UUID) -> Response:
    """Delete a check, have it expect what the draft gives, or say whether it has to pass."""
    flow = flow_called(flow_id)
    row = found(queries.check_of(current.session(), flow, check_id))
    how: dict[str, Any] = {"session": current.session(), "actor": actor(), "check": row, "now": current.now()}
    match request.form.get("do"):
        case "delete":
            operations.delete_check(**how)
        case "expect":
            _expect_what_comes(flow, row, how)
        case "must-pass" | "may-fail" as word:
            operations.set_must_pass(**how, must_pass=word == "must-pass")
    current.session().commit()
    return go_to(url_for("checks.index", flow_id=flow.id))


def _expect_what_comes(flow: Flow, row: FlowCheck, how: Mapping[str, Any]) -> None:
    rules = parse_flow(flow.draft)[0]
    if rules:
        with suppress(LeadGone):
            end = run_trial(bench_for(flow, rules), read_inputs(row.inputs), current.now()).end
            operations.expect(**how, end=end)
