"""Checks for programs: test runs of a flow that are kept with the end that they expect."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from flowbuilder import ids
from flowbuilder.accounts.access import keyed
from flowbuilder.api import shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import Body, read_body
from flowbuilder.api.dry_runs import CAPS_WORD, read_caps, read_moment, rules_of
from flowbuilder.api.errors import Refusal
from flowbuilder.api.flows import flow_called
from flowbuilder.api.openapi import ANYTHING, MOMENT, TEXT, WHOLE, YES_NO, Schema, describe, or_null, shape
from flowbuilder.models import FlowCheck
from flowbuilder.trials import operations, queries
from flowbuilder.trials.answering import OF_BUYERS, OF_SERVICES
from flowbuilder.trials.checks import Checked, run_checks
from flowbuilder.trials.inputs import Inputs, Said
from flowbuilder.trials.keeping import EndsOtherwise
from flowbuilder.trials.operations import KIND, TooManyChecks
from flowbuilder.trials.running import Bench, End, LeadGone, bench_of
from flowbuilder.web import current
from flowbuilder.web.found import found
from rules.flow import Flow
from rules.steps import LookUp

bp = Blueprint("checks", __name__)

STATUSES = ("sold", "rejected", "duplicate", "error", "waiting", "invalid")
TEXTS: Schema = {"type": "array", "items": TEXT}
STATUS: Schema = {"type": "string", "enum": list(STATUSES)}
END = shape("status", status=STATUS, buyers={**TEXTS, "description": "Connections, by id."}, reason=or_null(TEXT))
CHECK = shape(id=TEXT, name=TEXT, must_pass=YES_NO, expected=END, created_at=MOMENT)
ASKED = ("lead", "source_lead", "now", "caps", "full", "seen", "source", "answers")
TAKES = shape(
    *(), name=TEXT, lead=ANYTHING, source_lead=TEXT, now=MOMENT, caps=CAPS_WORD, full=TEXTS, seen=YES_NO, source=TEXT,
    answers=ANYTHING, expected=END, must_pass=YES_NO,
)  # fmt: skip
CHECKED = shape(
    "id", "name", "must_pass", "passed", "expected", "got", id=TEXT, name=TEXT, must_pass=YES_NO, passed=YES_NO,
    expected=TEXT, got=TEXT, problem=TEXT,
)  # fmt: skip
RUN = shape(passed=WHOLE, of=WHOLE, checks={"type": "array", "items": CHECKED})


@bp.get("/flows/<flow:flow_id>/checks")
@describe("List the checks of a flow", gives=shape(checks={"type": "array", "items": CHECK}))
@keyed
def index(flow_id: UUID) -> Response:
    """List the checks, oldest first."""
    rows = queries.checks_of(current.session(), flow_called(flow_id))
    return shapes.answer({"checks": [summary(row) for row in rows]})


@bp.post("/flows/<flow:flow_id>/checks")
@describe(
    "Keep a test run of the draft as a check, with made-up values in place of personal ones; without “expected” it "
    "expects the end that the draft gives now",
    status=201,
    takes={**TAKES, "required": []},
    gives=CHECK,
    refuses=(409,),
)
@keyed
def create(flow_id: UUID) -> Response:
    """Create a check from what a dry run takes: the lead, or the id of one that came in as `source_lead`.

    Of a lead that is sent personal values are not kept: made-up ones stand there, with which it ends as it did.
    """
    flow, body = flow_called(flow_id), read_body(*ASKED, "name", "expected", "must_pass")
    rules = rules_of(flow.draft)
    inputs, expected = _inputs(body, rules), _expected(body)
    name = body.name() if "name" in body.settings else ""
    must_pass = body.flag("must_pass", default=False)
    body.refuse_problems()
    bench: Bench = bench_of(current.session(), flow, rules, current.now(), secret_key=current.settings().secret_key)
    try:
        row = operations.create_check(
            session=current.session(), actor=caller().actor, bench=bench, inputs=inputs, now=current.now(), name=name,
            expected=expected, must_pass=must_pass,
        )  # fmt: skip
    except LeadGone:
        body.report("source_lead", "unknown_lead", "This account has no such lead.")
        raise Refusal(422, problems=body.problems) from None
    except EndsOtherwise as why:
        body.report("lead", "tells_who", why.say(bench.names.connections))
        raise Refusal(422, problems=body.problems) from None
    except TooManyChecks:
        raise Refusal(409, "too_many_checks", f"A flow has at most {operations.MOST_CHECKS} checks.") from None
    current.session().commit()
    return shapes.answer(summary(row), 201)


@bp.post("/flows/<flow:flow_id>/checks/run")
@describe(
    "Run all checks on the draft, or on a document that is sent",
    takes={**shape(document=ANYTHING), "required": []},
    body_needed=False,
    gives=RUN,
)
@keyed
def run(flow_id: UUID) -> Response:
    """Answer what became of each check; nobody is called and nothing is kept."""
    flow, body = flow_called(flow_id), read_body("document", may_be_empty=True)
    document = body.optional_document("document")
    body.refuse_problems()
    checked = run_checks(current.session(), flow, flow.draft if document is None else document, current.now())
    passed = sum(one.passed for one in checked)
    return shapes.answer({"passed": passed, "of": len(checked), "checks": [_checked(one) for one in checked]})


@bp.delete("/flows/<flow:flow_id>/checks/<check:check_id>")
@describe("Delete a check", gives=shape(id=TEXT))
@keyed
def delete(flow_id: UUID, check_id: UUID) -> Response:
    """Delete a check for good."""
    row = found(queries.check_of(current.session(), flow_called(flow_id), check_id))
    operations.delete_check(session=current.session(), actor=caller().actor, check=row, now=current.now())
    current.session().commit()
    return shapes.answer({"id": ids.show(check_id, KIND)})


def summary(row: FlowCheck) -> dict[str, Any]:
    """Return a check as lists of them show it; never the lead that it is run with."""
    return {
        "id": ids.show(row.id, KIND),
        "name": row.name,
        "must_pass": row.must_pass,
        "expected": {"status": row.status, "buyers": row.buyers, "reason": row.reason},
        "created_at": shapes.moment(row.created_at),
    }


def _checked(one: Checked) -> dict[str, Any]:
    return {
        "id": ids.show(one.id, KIND),
        "name": one.name,
        "must_pass": one.must_pass,
        "passed": one.passed,
        "expected": one.expected,
        "got": one.got,
        "problem": one.problem,
    }


def _inputs(body: Body, rules: Flow) -> Inputs:
    lead, source_lead = body.optional_document("lead"), _id(body, "source_lead", None)
    if lead is None and source_lead is None:
        body.report("lead", "missing_lead", "A check needs a “lead”, or the id of one that came in as “source_lead”.")
    as_of: datetime | None = read_moment(body) if body.settings.get("now") is not None else None
    return Inputs(
        lead=lead or {},
        source_lead=source_lead,
        as_of=as_of,
        caps=read_caps(body),
        full=frozenset(_texts(body, "full", body.settings.get("full", []))),
        is_seen=body.flag("seen", default=False),
        source=_id(body, "source", "src"),
        said=_said(body, rules),
    )


def _said(body: Body, rules: Flow) -> dict[str, Said]:
    """Return the answers of buyers and services, each a word, or an object with its price, bid, reason or values."""
    said = {}
    for step, answer in (body.optional_document("answers") or {}).items():
        settings = {"answer": answer} if isinstance(answer, str) else answer
        words = OF_SERVICES if isinstance(rules.step(step), LookUp) else OF_BUYERS
        if not isinstance(settings, dict) or settings.get("answer", words[0]) not in words:
            body.report(f"answers.{step}", "not_an_answer", f"An answer is one of {', '.join(words)}.")
            continue
        texts = {
            key: str(settings[key]) for key in ("answer", "price", "bid", "reason") if settings.get(key) is not None
        }
        values = settings.get("values")
        said[step] = Said(**texts, values=values if isinstance(values, dict) else {})
    return said


def _expected(body: Body) -> End | None:
    written = body.optional_document("expected")
    if written is None:
        return None
    status, reason = written.get("status"), written.get("reason")
    if status not in STATUSES:
        body.report("expected.status", "not_an_option", f"“status” must be one of {', '.join(STATUSES)}.")
    buyers = _texts(body, "expected.buyers", written.get("buyers", []))
    return End(str(status), tuple(buyers), reason if isinstance(reason, str) else None)


def _texts(body: Body, path: str, value: object) -> Sequence[str]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    body.report(path, "not_texts", f"“{path}” must be a list of texts.")
    return []


def _id(body: Body, key: str, kind: str | None) -> UUID | None:
    text = body.settings.get(key)
    if text is None:
        return None
    try:
        return ids.read(text if isinstance(text, str) else "", kind)
    except ids.NotAnId:
        body.report(key, "not_an_id", f"“{key}” is not such an id.")
        return None
