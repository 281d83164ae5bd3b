"""The page of test runs: a lead goes through the draft, and the run is kept as a check or sent for real."""

from dataclasses import dataclass, field, replace
from time import perf_counter
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for

from flowbuilder import ids
from flowbuilder.accounts.access import Role, actor, signed_in, visitor
from flowbuilder.connections import operations as connections
from flowbuilder.connections.operations import Revoked
from flowbuilder.flows import views
from flowbuilder.flows.checks import check_document
from flowbuilder.flows.queries import flow_of
from flowbuilder.leads.operations import note_showing
from flowbuilder.leads.pages import SHOW_PEOPLE
from flowbuilder.models import Flow
from flowbuilder.trials import operations, queries
from flowbuilder.trials.forms import CAPS_WORDS, filled, read_form, read_id
from flowbuilder.trials.inputs import Inputs, read_inputs
from flowbuilder.trials.keeping import EndsOtherwise
from flowbuilder.trials.making import Maker
from flowbuilder.trials.operations import TooManyChecks
from flowbuilder.trials.pasting import CannotRead, read_pasted
from flowbuilder.trials.path import offered_fields
from flowbuilder.trials.running import Bench, LeadGone, Trial, bench_of, lead_called, run_trial
from flowbuilder.trials.showing import shown
from flowbuilder.trials.steering import asked_about
from flowbuilder.web import current
from flowbuilder.web.found import found
from flowbuilder.web.fragments import go_to, page
from flowbuilder.web.url_ids import asked_id
from rules.flow import DOOR, parse_flow
from rules.flow import Flow as Rules
from rules.steps import Filter

bp = Blueprint("trials", __name__, url_prefix="/flows")

KEEPS: tuple[Role, ...] = ("owner", "editor", "publisher")
EDITS: tuple[Role, ...] = ("owner", "editor")
GONE = "That lead is not there any more. Choose another one."
NOT_TICKED = "Tick that it is to be sent for real first."
NO_BUYER = "Choose a buyer whose connection is in use."
NOT_TAKEN = "A lead that is refused cannot be sent: put right what is wrong with it first."
NOT_A_PERSON = "A lead that came in is of a real person: a test may only be sent with one that is made up or pasted."
MANY = f"A flow has at most {operations.MOST_CHECKS} checks. Delete one first."


@dataclass
class Desk:
    """What one request works on: the flow and its bench, the inputs, and what has to be said beside them."""

    flow: Flow
    bench: Bench
    inputs: Inputs
    problems: dict[str, str] = field(default_factory=dict)
    in_full: bool = False
    pasted: str = ""
    status: int = 200

    @property
    def maker(self) -> Maker:
        """Return what makes leads up for the flow."""
        return Maker(self.bench, current.now())


@bp.get("/<flow:flow_id>/test")
@signed_in()
def show(flow_id: UUID) -> Response:
    """Show the test run of a made-up lead, of one that came in (`?lead=`), or of a check (`?check=`)."""
    flow, rules = _flow_and_rules(flow_id)
    if rules is None:
        return _unreadable(flow)
    desk = _desk(flow, rules, Inputs())
    lead_id, check_id = asked_id("lead"), asked_id("check", operations.KIND)
    if check_id:
        desk.inputs = read_inputs(found(queries.check_of(current.session(), flow, check_id)).inputs)
    elif lead_id:
        desk.inputs = Inputs(source_lead=lead_id, source=_first_source(flow))
    else:
        desk.inputs = Inputs(lead=desk.maker.passing(), source=_first_source(flow))
    return _shown(desk)


@bp.post("/<flow:flow_id>/test")
@signed_in()
def run(flow_id: UUID) -> Response:
    """Run what the form says; its buttons fill it with another lead first, keep it as a check, or send it for real."""
    flow, rules = _flow_and_rules(flow_id)
    if rules is None:
        return _unreadable(flow)
    desk = _desk(flow, rules, Inputs())
    try:
        source_lead = lead_called(current.session(), flow.account_id, read_id(request.form.get("source_lead", "")))
    except LeadGone:
        source_lead, desk.problems = None, {"source_lead": GONE}
    desk.inputs, unread = read_form(request.form, rules, source_lead, _zone())
    desk.problems |= unread
    verb, _, about = request.form.get("do", "run").partition(":")
    if unread and verb in ("run", "save", "send"):
        desk.status = 422
        return _shown(desk)
    return DOING.get(verb, _run)(desk, about)


def flow_called(flow_id: UUID) -> Flow:
    """Return the visitor's flow; 404 for anybody else's."""
    return found(flow_of(current.session(), visitor().account.id, flow_id))


def _run(desk: Desk, _about: str) -> Response:
    return _shown(desk)


def _use_sample(desk: Desk, about: str) -> Response:
    samples = desk.maker.samples(_fresh(desk))
    number = int(about) if about.isdecimal() and len(about) < 3 else 0
    desk.inputs = replace(_fresh(desk), lead=samples[min(number, len(samples) - 1)].posted)
    return _shown(desk)


def _make(desk: Desk, about: str) -> Response:
    desk.inputs = desk.maker.made(about, desk.inputs)
    return _shown(desk)


def _use_recent(desk: Desk, _about: str) -> Response:
    lead_id = read_id(request.form.get("recent", ""))
    if lead_id:
        desk.inputs = replace(_fresh(desk), source_lead=lead_id)
    return _shown(desk)


def _paste(desk: Desk, _about: str) -> Response:
    desk.pasted = request.form.get("pasted", "")
    try:
        posted = read_pasted(desk.pasted, [field.key for field in desk.bench.rules.fields])
    except CannotRead as why:
        desk.problems["pasted"], desk.status = str(why), 422
        return _shown(desk)
    desk.inputs, desk.pasted = replace(_fresh(desk), lead=posted), ""
    return _shown(desk)


def _reveal(desk: Desk, _about: str) -> Response:
    """Show the run with the personal data of the lead that came in, and write down who asked for it."""
    if visitor().role in SHOW_PEOPLE and desk.inputs.source_lead:
        lead_id = desk.inputs.source_lead
        note_showing(session=current.session(), visitor=visitor(), lead_id=lead_id, now=current.now())
        desk.in_full = True
    return _shown(desk)


def _save(desk: Desk, _about: str) -> Response:
    if visitor().role not in KEEPS:
        return _shown(desk)
    try:
        operations.create_check(
            session=current.session(), actor=actor(), bench=desk.bench, inputs=desk.inputs, now=current.now(),
            name=request.form.get("check_name", ""), must_pass="must_pass" in request.form,
        )  # fmt: skip
    except TooManyChecks:
        desk.problems["check_name"], desk.status = MANY, 409
        return _shown(desk)
    except EndsOtherwise as why:
        desk.problems["check_name"], desk.status = why.say(desk.bench.names.connections), 422
        return _shown(desk)
    except LeadGone:
        return _shown(desk)
    current.session().commit()
    return go_to(url_for("checks.index", flow_id=desk.flow.id, done="saved"))


def _send(desk: Desk, _about: str) -> Response:
    """Send the lead to a buyer's address through the test of its connection: marked as a test, counted nowhere."""
    connection = desk.bench.reached.rows.get(request.form.get("send_to", ""))
    desk.problems |= _why_not_sent(desk, is_there=connection is not None)
    trial = None if desk.problems else run_trial(desk.bench, desk.inputs, current.now())
    fields = offered_fields(trial, desk.bench, ids.show(connection.id, "con")) if trial and connection else None
    if trial and fields is None:
        desk.problems["send"] = NOT_TAKEN
    if connection is None or fields is None:
        desk.status = 422
        return _shown(desk)
    try:
        test = connections.start_test(
            session=current.session(),
            redis=current.queue(),
            connection=connection,
            fields=fields,
            known=desk.bench.rules.by_key.values(),
            now=current.now(),
        )
    except Revoked:
        desk.problems["send"], desk.status = NO_BUYER, 409
        return _shown(desk)
    current.session().commit()
    return go_to(url_for("connections.show_test", connection_id=connection.id, test_id=test.id))


def _why_not_sent(desk: Desk, *, is_there: bool) -> dict[str, str]:
    if visitor().role not in EDITS or not is_there:
        return {"send": NO_BUYER}
    if desk.inputs.source_lead:
        return {"send": NOT_A_PERSON}
    return {} if "really" in request.form else {"send": NOT_TICKED}


DOING = {
    "sample": _use_sample,
    "make": _make,
    "recent": _use_recent,
    "paste": _paste,
    "reveal": _reveal,
    "save": _save,
    "send": _send,
}
"""What each button of the form does before the run is shown; any other only runs it."""


def _shown(desk: Desk) -> Response:
    """Run the test and show it with its form."""
    began, trial = perf_counter(), _trial(desk)
    maker = desk.maker
    source_lead = trial.source_lead
    flow, rules = desk.flow, desk.bench.rules
    return page(
        "trials/show.html",
        "trial",
        status=desk.status,
        flow=flow,
        inputs=desk.inputs,
        problems=desk.problems,
        pasted=desk.pasted,
        form=filled(desk.bench, desk.inputs, source_lead, _looked_at(rules), _zone()),
        result=shown(desk.bench, trial, in_full=desk.in_full),
        ms=round((perf_counter() - began) * 1000),
        samples=maker.samples(_fresh(desk)),
        ways=maker.ways(),
        recent=queries.recent_leads(current.session(), flow),
        sources=queries.sources_of(current.session(), flow),
        checks=queries.checks_of(current.session(), flow),
        buyers={shown_id: row for shown_id, row in desk.bench.reached.rows.items() if row.state == "active"},
        caps_words=CAPS_WORDS,
        in_full=desk.in_full,
        may_keep=visitor().role in KEEPS,
        may_send=visitor().role in EDITS,
        may_show_people=visitor().role in SHOW_PEOPLE,
        check_name=_name_for(desk, trial),
        edit_address=_edit_address(flow),
    )


def _trial(desk: Desk) -> Trial:
    """Return the run; one whose lead is gone is told so, and made with a made-up lead."""
    try:
        return run_trial(desk.bench, desk.inputs, current.now())
    except LeadGone:
        desk.problems["source_lead"] = GONE
        desk.inputs = replace(_fresh(desk), lead=desk.maker.passing())
        return run_trial(desk.bench, desk.inputs, current.now())


def _edit_address(flow: Flow) -> str:
    """Return where the draft is edited, "" for who may not."""
    return url_for("editor.edit", flow_id=flow.id) if visitor().role in EDITS else ""


def _name_for(desk: Desk, trial: Trial) -> str:
    end = trial.end.say(desk.bench.names.connections)
    return f"A lead is {end}"[: operations.LONGEST_NAME]


def _looked_at(rules: Rules) -> list[str]:
    """Return the fields that the door and the filters look at, in the order of the road."""
    now = current.now()
    asked = [(DOOR, rules.door.accept_if)] if rules.door.accept_if else []
    steps = [spot.step for spot in rules.spots]
    asked += [(step.common.id, step.rule) for step in steps if isinstance(step, Filter)]
    return [one.key for step, rule in asked for one in asked_about(rule, rules, now, step=step)]


def _unreadable(flow: Flow) -> Response:
    _, problems = check_document(session=current.session(), account_id=flow.account_id, document=flow.draft)
    return page("trials/unreadable.html", flow=flow, findings=views.findings(flow.draft, problems))


def _flow_and_rules(flow_id: UUID) -> tuple[Flow, Rules | None]:
    flow = flow_called(flow_id)
    return flow, parse_flow(flow.draft)[0]


def _desk(flow: Flow, rules: Rules, inputs: Inputs) -> Desk:
    return Desk(flow, bench_for(flow, rules), inputs)


def bench_for(flow: Flow, rules: Rules) -> Bench:
    """Return what runs of a document of the flow need now."""
    return bench_of(current.session(), flow, rules, current.now(), secret_key=current.settings().secret_key)


def _fresh(desk: Desk) -> Inputs:
    """Return inputs with another lead to come: the clock, the caps and the source stay as they are."""
    kept = desk.inputs
    return Inputs(as_of=kept.as_of, caps=kept.caps, source=kept.source)


def _first_source(flow: Flow) -> UUID | None:
    rows = queries.sources_of(current.session(), flow)
    return rows[0].id if rows else None


def _zone() -> ZoneInfo:
    return ZoneInfo(visitor().account.time_zone)
