"""What the pages of flows show: gathered from queries and the language, nothing decided here."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, abort, request
from sqlalchemy.orm import Session

from flowbuilder import db
from flowbuilder.flows import queries
from flowbuilder.flows.around import around
from flowbuilder.flows.checks import check_document
from flowbuilder.flows.counts import counts_of
from flowbuilder.flows.rails import rail_of
from flowbuilder.models import Flow, FlowVersion
from rules.differences import differences
from rules.flow import parse_flow
from rules.places import DOOR, Place, numbers, place_of
from rules.problems import Problem

FIXED_CARDS = {DOOR: "Leads arrive"}


@dataclass(frozen=True)
class Finding:
    """One problem on the page of a flow: the card it is about, by id and as it is called, and which of its settings."""

    problem: Problem
    step: str
    setting: str
    called: str


def live_view(session: Session, flow: Flow, period: str, now: datetime) -> dict[str, Any] | None:
    """Return what the page of a flow shows of its live version, with how far leads came; None where there is none."""
    live = queries.live_version(session, flow)
    rules = parse_flow(live.document)[0] if live else None
    if live is None or rules is None:
        return None
    known = around(session, flow)
    _, problems = check_document(session=session, account_id=flow.account_id, document=flow.draft, around=known)
    counts = counts_of(session, flow, rules, period, now)
    return {
        "flow": flow,
        "live": live,
        "draft_differs": live.document != flow.draft,
        "changes": len(differences(live.document, flow.draft, known.names)),
        "errors": sum(problem.severity == "error" for problem in problems),
        "counts": counts,
        "period": period,
        "rail": rail_of(session, known, rules, now, live=None, passed=counts.passed),
        "waiting": queries.waiting_count(session, flow),
        "sources": known.sources,
        "json": pretty(live.document),
    }


def draft_view(session: Session, flow: Flow, now: datetime) -> dict[str, Any]:
    """Return what the page of a flow shows of its draft, and how that differs from what is live."""
    live = queries.live_version(session, flow)
    known = around(session, flow)
    rules, problems = check_document(session=session, account_id=flow.account_id, document=flow.draft, around=known)
    live_document = live.document if live else None
    return {
        "flow": flow,
        "live": live,
        "draft_differs": live_document is not None and live_document != flow.draft,
        "findings": findings(flow.draft, problems),
        "has_errors": has_errors(problems),
        "rail": rail_of(session, known, rules, now, live=live_document) if rules else None,
        "waiting": queries.waiting_count(session, flow),
        "json": pretty(flow.draft),
    }


def version_view(session: Session, flow: Flow, version: FlowVersion, now: datetime) -> dict[str, Any]:
    """Return what the page of a published version shows."""
    known = around(session, flow)
    rules, problems = check_document(
        session=session, account_id=flow.account_id, document=version.document, around=known
    )
    return {
        "flow": flow,
        "version": version,
        "is_live": flow.live_version == version.number,
        "findings": findings(version.document, problems),
        "has_errors": has_errors(problems),
        "rail": rail_of(session, known, rules, now, live=None) if rules else None,
        "next_number": queries.last_number(session, flow) + 1,
        "json": pretty(version.document),
    }


def findings(document: Mapping[str, Any], problems: Sequence[Problem]) -> list[Finding]:
    """Return problems, those that stand in the way of publishing first, each with the card that it is about."""
    known = numbers(document)
    ordered = sorted(problems, key=lambda problem: problem.severity != "error")
    return [_finding(problem, place_of(document, problem.path), known) for problem in ordered]


def _finding(problem: Problem, place: Place, known: Mapping[str, int]) -> Finding:
    called = f"Step {known[place.step]}" if place.step in known else FIXED_CARDS.get(place.step, "The end")
    return Finding(problem, place.step, place.setting, called if place.step else "")


def has_errors(problems: Sequence[Problem]) -> bool:
    """Return whether one of the problems stands in the way of publishing."""
    return any(problem.severity == "error" for problem in problems)


def pretty(document: Mapping[str, Any]) -> str:
    """Return a document as people read it: indented, decimals as they were written."""
    numbers: list[str] = []
    text = json.dumps(document, indent=2, ensure_ascii=False, default=lambda value: _mark(value, numbers))
    return re.sub(r'"\\u0000(\d+)"', lambda found: numbers[int(found[1])], text)


def as_file(flow: Flow, document: Mapping[str, Any], number: int | None) -> Response:
    """Return a document as a file to save."""
    plain = unicodedata.normalize("NFKD", flow.name).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower() or "flow"
    response = Response(pretty(document) + "\n", mimetype="application/json")
    suffix = f"-v{number}" if number else "-draft"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}{suffix}.json"'
    return response


def version_asked(name: str = "version") -> int | None:
    """Return the number of a version that the address has under a name; None for none, 404 for what is no number."""
    text = request.args.get(name)
    if text is None:
        return None
    return int(text) if text.isdecimal() and 0 < len(text) < 9 else abort(404)


def revision_sent() -> int:
    """Return the revision of the draft that the form was made from; one that never was, when it is not there."""
    text = request.form.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _mark(value: Any, numbers: list[str]) -> str:
    numbers.append(db.write_json(value))
    return f"\0{len(numbers) - 1}"
