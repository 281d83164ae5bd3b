"""Dry runs for programs: what a flow would do with a lead; nobody is called and nothing is kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args, get_type_hints
from uuid import UUID

from flask import Blueprint, Response

from flowbuilder.accounts.access import keyed
from flowbuilder.api import lead_shapes, shapes
from flowbuilder.api.auth import caller
from flowbuilder.api.bodies import Body, read_body
from flowbuilder.api.errors import Refusal
from flowbuilder.api.flows import flow_called
from flowbuilder.api.openapi import ANYTHING, MONEY, PROBLEMS, TEXT, describe, or_null, shape
from flowbuilder.flows.checks import check_document, connection_names
from flowbuilder.flows.dry_runs import Tried, try_lead
from flowbuilder.flows.worlds import CAPS, Asked, Caps, reached_by, world_of
from flowbuilder.lists.queries import contains, list_names
from flowbuilder.web import current
from rules.bounds import RuleError
from rules.dry_run import MadeUp, MadeUpFind
from rules.dry_world import InList
from rules.flow import Flow
from rules.flow_wording import Names
from rules.money import exponent_of, money
from rules.steps import LookUp
from rules.timeline import Entry

bp = Blueprint("dry_runs", __name__)

ANSWERS: tuple[str, ...] = get_args(get_type_hints(MadeUp)["answer"])
FINDS: tuple[str, ...] = get_args(get_type_hints(MadeUpFind)["answer"])
OUTCOMES = {**lead_shapes.OUTCOMES, "invalid": "failure", "waiting": "pending"}
CAPS_WORD = {"type": "string", "enum": list(CAPS)}
EVENT = shape(step=TEXT, kind=TEXT, outcome=or_null(TEXT), reason=or_null(TEXT), said=TEXT, buyers=lead_shapes.BUYERS)


@bp.post("/flows/<flow:flow_id>/dry-run")
@describe(
    "Say what would happen to a lead; nobody is called",
    takes=shape("lead", lead=ANYTHING, now=TEXT, answers=ANYTHING, lists=ANYTHING, document=ANYTHING, caps=CAPS_WORD),
    gives=shape(
        outcome=TEXT,
        status=TEXT,
        reason=or_null(TEXT),
        price=MONEY,
        events={"type": "array", "items": EVENT},
        problems=PROBLEMS,
    ),
)
@keyed
def create(flow_id: UUID) -> Response:
    """Run a lead through the draft, or the document sent, with the answers sent, by the ids of buyers and look-ups.

    Other buyers accept, and other services find the lead and add nothing. Of `lists`, `{"lst_…": true}` has every
    value in that list, others are really looked up. With caps as `now` buyers are paused, and people known, as well.
    """
    flow = flow_called(flow_id)
    body = read_body("lead", "now", "answers", "lists", "document", "caps")
    posted, document = body.document("lead"), body.optional_document("document")
    now, answers = read_moment(body), body.optional_document("answers") or {}
    body.refuse_problems()
    rules = rules_of(flow.draft if document is None else document)
    in_list, caps = _in_list(body), read_caps(body)
    of_services = {step: answer for step, answer in answers.items() if isinstance(rules.step(step), LookUp)}
    of_buyers = {buyer: answer for buyer, answer in answers.items() if buyer not in of_services}
    made_up = {buyer: _made_up(body, buyer, answer, rules.currency) for buyer, answer in of_buyers.items()}
    finds = {step: _made_up_find(body, step, answer) for step, answer in of_services.items()}
    body.refuse_problems()
    session, account_id = current.session(), caller().account.id
    names = Names(connection_names(session, account_id), lists=list_names(session, account_id))
    world = world_of(
        session, flow, rules, Asked(caps), now, reached=reached_by(session, account_id, rules, now),
        secret_key=current.settings().secret_key, in_list=in_list,
    )  # fmt: skip
    tried = try_lead(rules, posted, made_up, names=names, now=now, world=world, finds=finds)
    return shapes.answer(_shown(tried, rules.currency))


def rules_of(document: Mapping[str, Any]) -> Flow:
    """Return the flow that a document describes; refuses one that cannot be read."""
    rules, problems = check_document(session=current.session(), account_id=caller().account.id, document=document)
    if rules is None:
        raise Refusal(422, "flow_has_problems", problems=problems)
    return rules


def read_moment(body: Body) -> datetime:
    """Return the moment that the run is as of: the one that was sent, else this one."""
    text = body.settings.get("now")
    if text is None:
        return current.now()
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        body.report("now", "not_a_time", "“now” must be a time with its zone, like 2026-11-20T18:00:00Z.")
        return current.now()
    return moment


def read_caps(body: Body) -> Caps:
    """Return how full caps are: `empty` unless something else was sent."""
    caps = body.settings.get("caps", "empty")
    if caps not in CAPS:
        body.report("caps", "not_an_option", f"“caps” must be one of {', '.join(CAPS)}.")
    return caps if caps in CAPS else "empty"


def _in_list(body: Body) -> InList:
    """Return what answers for stored lists: what was sent, else the account's own lists."""
    given = body.optional_document("lists") or {}
    for list_id, answer in given.items():
        if not isinstance(answer, bool):
            body.report(f"lists.{list_id}", "not_yes_or_no", "Say true or false of each list.")
    session, account_id = current.session(), caller().account.id
    return lambda listed, text: given[listed] if listed in given else contains(session, account_id, listed, text)


def _made_up(body: Body, buyer: str, answer: Any, currency: str) -> MadeUp:
    """Return an answer written as a word, or as `{"answer", "price", "reason", "bid"}`."""
    settings = {"answer": answer} if isinstance(answer, str) else answer
    path = f"answers.{buyer}"
    if not isinstance(settings, dict) or settings.get("answer", "accepted") not in ANSWERS:
        body.report(path, "not_an_answer", f"An answer is one of {', '.join(ANSWERS)}.")
        return MadeUp()
    price, bid = (_minor(body, f"{path}.{key}", settings.get(key), currency) for key in ("price", "bid"))
    reason = settings.get("reason")
    return MadeUp(settings.get("answer", "accepted"), price, reason if isinstance(reason, str) else None, bid)


def _made_up_find(body: Body, step: str, answer: Any) -> MadeUpFind:
    """Return what a service says, written as a word, or as `{"answer", "values"}`."""
    settings = {"answer": answer} if isinstance(answer, str) else answer
    values = settings.get("values", {}) if isinstance(settings, dict) else None
    if not isinstance(settings, dict) or settings.get("answer", "found") not in FINDS or not isinstance(values, dict):
        message = f"An answer of a service is one of {', '.join(FINDS)}, with its values as an object."
        body.report(f"answers.{step}", "not_an_answer", message)
        return MadeUpFind()
    return MadeUpFind(settings.get("answer", "found"), values)


def _minor(body: Body, path: str, amount: Any, currency: str) -> int | None:
    """Return an amount of money in minor units, None where there is none to read."""
    try:
        return None if amount is None else money(amount, exponent_of(currency))
    except RuleError as error:
        body.report(path, error.code, error.message)
        return None


def _shown(tried: Tried, currency: str) -> dict[str, Any]:
    """Return a dry run; its price is what the buyers would pay."""
    return {
        "outcome": OUTCOMES[tried.status],
        "status": tried.status,
        "reason": tried.reason,
        "price": lead_shapes.amount(tried.revenue, currency),
        "events": [_event(entry) for entry in tried.entries],
        "problems": shapes.problems(tried.problems),
    }


def _event(entry: Entry) -> dict[str, Any]:
    return {
        "step": entry.step,
        "path": entry.path or entry.step,
        "kind": entry.kind,
        "outcome": entry.outcome,
        "reason": entry.reason,
        "said": entry.said,
        "buyers": lead_shapes.buyers(entry),
        "changes": [{"field": one.key, "before": one.before, "after": one.after} for one in entry.changes],
    }
