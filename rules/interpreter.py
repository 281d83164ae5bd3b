"""Runs a flow: a generator that yields effects and takes their results; and rebuilds a run from its journal."""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rules.asking_lists import ask_lists
from rules.awaiting import await_all
from rules.earnings import supplier_cost
from rules.effects import Asks, Close, Effect, Hold, Intake, Note, Reserve, Result, StartAgain, Stored, put_together
from rules.flow import DOOR, Flow
from rules.logic import RuleError, truthy
from rules.pinging import as_ping
from rules.running import End, GoTo, Lead, Leave, Next, Run, Send, Verdict, Wait
from rules.steps.buyer import MAYBE
from rules.steps.cap import CapStep, reset_of
from rules.steps.ways import LONGEST_HOLD, LONGEST_IN_VAIN, as_told

Running = Generator[Effect, Result, End]

TEST_WAIT = timedelta(minutes=10)
TEST_REASON = "The test asked for this answer"
TEST_ENDS = {
    "sold": End("sold", None, None),
    "rejected": End("rejected", "test_outcome", TEST_REASON),
    "duplicate": End("duplicate", "test_outcome", TEST_REASON),
    "error": End("error", "test_outcome", TEST_REASON),
}
"""How a test lead ends that asks for it and would have ended otherwise."""

REFUSALS = {
    "paused": ("paused", "The flow or its source is paused"),
    "suppressed": ("suppressed", "On a suppression list"),
    "duplicate": ("duplicate", "Duplicate"),
    "full": ("cap_reached", "Cap reached"),
}


def run(flow: Flow, lead: Lead, now: datetime) -> Running:
    """Yield what the lead's run asks of the world, take each result, and return how it ended.

    `now` (UTC) is the run's clock until a Hold answers with a later one. The same flow, lead, clock and results
    always give the same effects.
    """
    return (yield from _walk(flow, begin(flow, lead, now)))


def begin(flow: Flow, lead: Lead, now: datetime) -> Run:
    """Return the state of a run that has not asked for anything yet."""
    return Run(lead, now, flow.time_zone, flow.currency, flow.by_key, flow.values, flow.buyers, flow.deals)


def _walk(flow: Flow, state: Run) -> Running:
    return _from_ping(flow, state) if state.lead.is_ping else _steps(flow, state)


def _from_ping(flow: Flow, state: Run) -> Running:
    """Go as a ping first, and with the data of the post once there is one."""
    ended = yield from as_ping(_steps(flow, state), state, flow.door.pings_last)
    if ended is not None:
        return (yield from _close(state, ended))
    return (yield from _steps(flow, state))


def _steps(flow: Flow, state: Run) -> Running:
    """Go from the door through the steps to the end."""
    position = 0
    verdict = yield from _guarded(flow, state, DOOR, _enter(flow, state))
    while True:
        match verdict:
            case Next():
                pass
            case End() | Leave():
                return (yield from _close(state, verdict))
            case Wait() if state.lead.test_outcome:
                return (yield from _close(state, End("rejected", "expired", verdict.reason)))
            case Wait():
                position = flow.resumes_at(verdict.resume)
                verdict = yield from _hold(flow, state, verdict, position)
                continue
            case Send():
                verdict = yield from _send(flow, state, verdict.buyer)
                continue
            case GoTo():
                position = flow.positions.get(verdict.target, len(flow.spots))
        verdict, position = yield from _step(flow, state, position)


def _step(flow: Flow, state: Run, position: int) -> Generator[Effect, Result, tuple[Verdict, int]]:
    """Interpret the step at a position, the fallback past the last one; return the verdict and the next position."""
    if position >= len(flow.spots):
        if state.sales:
            return End("sold", None, None), position
        return (yield from _guarded(flow, state, flow.fallback.common.id, flow.fallback.interpret(state))), position
    spot = flow.spots[position]
    identifier = spot.step.common.id
    if spot.step.common.off:
        yield Note(identifier, "skipped", "off")
        return Next(), spot.after
    return (yield from _guarded(flow, state, identifier, spot.step.interpret(state))), spot.after


def _guarded(
    flow: Flow, state: Run, step: str, interpreting: Generator[Effect, Result, Verdict]
) -> Generator[Effect, Result, Verdict]:
    """Look up what the step asks of stored lists, and interpret it.

    A rule that cannot be evaluated is an error of the lead: it is neither a yes nor a no. Buyers that are being asked
    by then may take it all the same.
    """
    try:
        if step in flow.questions:
            yield from ask_lists(step, flow.questions[step], state)
        return (yield from interpreting)
    except RuleError as error:
        yield Note(step, "error", error.message)
        told = yield from await_all(step, state)
        return told or End("error", "rule_error", error.message)


def _enter(flow: Flow, state: Run) -> Generator[Effect, Result, Verdict]:
    """Ask to be taken in; the flow's own rule is decided here, the rest by the world."""
    door, view = flow.door, state.at(DOOR)
    accepted = door.accept_if is None or truthy(door.accept_if(view))
    result = yield Intake(
        DOOR,
        accepted=accepted,
        reason=None if accepted else door.reason,
        caps=tuple(cap.ask(view, state.now) for cap in door.caps),
        duplicates=door.duplicates.as_asked(state.lead.fields) if door.duplicates else None,
    )
    state.learn_zones(result)
    outcome = result["outcome"]
    if outcome == "passed":
        return Next()
    if outcome == "error":
        return End("error", "rule_error", result["reason"])
    code, words = REFUSALS.get(outcome, ("not_accepted", "Not accepted"))
    reason = result.get("reason") or words
    if outcome == "full":
        return _full_at_door(flow, state, result, reason)
    return End("duplicate" if outcome == "duplicate" else "rejected", code, reason)


def _full_at_door(flow: Flow, state: Run, result: Result, reason: str) -> Verdict:
    """Return where a lead goes for which a cap of the flow or of its source has no place.

    The flow does not know the caps of its sources, so that the result says of them what happens and until when.
    """
    cap = next((cap for cap in flow.door.caps if cap.key == result["full"]), None)
    when_full = cap.when_full if cap else result.get("when_full", "reject")
    if when_full == "reject":
        return End("rejected", "cap_reached", reason)
    if when_full == "fallback":
        return GoTo("fallback")
    return Wait(reset_of(cap.ask(state.view, state.now) if cap else result), "cap", DOOR, reason, has_end=True)


def _hold(flow: Flow, state: Run, wait: Wait, position: int) -> Generator[Effect, Result, Verdict]:
    """Hold the lead and begin a new round, unless it has been held too long or a person says otherwise.

    The places of caps before the point where it goes on are taken again first; caps after it are met on the way.
    """
    state.first_held = state.first_held or state.now
    longest = LONGEST_HOLD if wait.has_end else LONGEST_IN_VAIN
    if wait.until is not None and wait.until > state.first_held + longest:
        return End("rejected", "expired", flow.fallback.reason)
    until = wait.until.isoformat() if wait.until else None
    is_sold = bool(state.sales)
    result = yield Hold(wait.resume or DOOR, until, wait.waiting_for, wait.reason, keeps=is_sold)
    state.round += 1
    state.learn_zones(result)
    state.move_to(datetime.fromisoformat(result["now"]))
    state.keep_changes(lambda step: flow.positions[step] < position)
    told = as_told(result["told"]) if result.get("told") else None
    if isinstance(told, End | Leave):
        return told
    goes_on = GoTo(wait.resume) if is_sold else (yield from _wake(flow, state, wait, position))
    verdict: Verdict = told if told and isinstance(goes_on, Next | GoTo) else Next()
    while isinstance(verdict, Send):
        verdict = yield from _send(flow, state, verdict.buyer)
    return goes_on if isinstance(verdict, Next) else verdict


def _wake(flow: Flow, state: Run, wait: Wait, position: int) -> Generator[Effect, Result, Verdict]:
    """Take again what was given back, and return where the lead goes on."""
    if wait.resume == DOOR:
        return (yield from _guarded(flow, state, DOOR, _enter(flow, state)))
    return (yield from _guarded(flow, state, DOOR, _take_again(flow, state, position)))


def _send(flow: Flow, state: Run, buyer: str) -> Generator[Effect, Result, Verdict]:
    """Offer the lead once to the buyer that a person chose; unless that ends it, the run goes on as it would have."""

    def offering() -> Generator[Effect, Result, Verdict]:
        verdict, _why = yield from state.buyers[buyer].offer(state)
        return verdict if isinstance(verdict, End | Send) else Next()

    return (yield from _guarded(flow, state, buyer, offering()))


def _take_again(flow: Flow, state: Run, position: int) -> Generator[Effect, Result, Verdict]:
    """Reserve again what was given back while the lead was held; a full cap sends the lead its own way."""
    kept = {key: cap for key, cap in state.held_caps.items() if flow.positions[key] < position}
    state.held_caps = dict(kept)
    again = [cap for cap in flow.door.caps if not cap.received] + list(kept.values())
    result = yield Reserve(DOOR, tuple(cap.ask(state.at(cap.owner), state.now) for cap in again), with_source=True)
    full = result["full"]
    if not full:
        return GoTo(flow.spots[position].step.common.id) if position < len(flow.spots) else GoTo("fallback")
    if "unknown" in state.asked.values():
        return MAYBE
    owner = next((cap.owner for cap in kept.values() if cap.key == full), None)
    step = flow.step(owner) if owner else None
    return step.turn_away(state) if isinstance(step, CapStep) else _full_at_door(flow, state, result, "Cap reached")


def _close(state: Run, end: End | Leave) -> Running:
    """Yield the end; what was sold is sold, whatever a later step said. A run that is left has not ended its lead.

    A lead that a buyer may have ends as an error, whatever others said of it: nobody knows yet whether it is a no.
    """
    if isinstance(end, Leave):
        yield StartAgain(DOOR, end.version, end.by)
        return End("left", None, None)
    ended = End("sold", None, None) if state.sales else end
    if ended.outcome in ("rejected", "duplicate") and "unknown" in state.asked.values():
        ended = MAYBE
    if state.lead.test_outcome:
        ended = yield from _as_test_asks(state, ended)
    revenue = state.revenue if ended.outcome == "sold" else 0
    cost = supplier_cost(state.lead.source, revenue, state.currency) if ended.outcome == "sold" else 0
    yield Close(DOOR, ended.outcome, ended.code, ended.reason, revenue, cost)
    return ended


def _as_test_asks(state: Run, end: End) -> Running:
    """Return the end that a test lead asks for, whatever the flow said; one that asks to wait ends a while later."""
    asked = state.lead.test_outcome
    if asked == "waiting":
        result = yield Hold(DOOR, (state.now + TEST_WAIT).isoformat(), "answer", TEST_REASON)
        state.move_to(datetime.fromisoformat(result["now"]))
    return end if asked == end.outcome else TEST_ENDS.get(asked or "", end)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event of a journal; `result` is None while it is unfinished."""

    seq: int
    effect: str
    step: str
    asks: Mapping[str, Any]
    result: Mapping[str, Any] | None


def recorded(event: Stored) -> Recorded:
    """Return a stored event as a replay takes it: its result with the values that the event keeps apart."""
    result = put_together(event.effect, event.result, event.detail)
    return Recorded(event.seq, event.effect, event.step, event.asks, result)


class Diverged(Exception):
    """The flow asks for something else than the journal says it did."""

    def __init__(self, seq: int, recorded: str, asked: str) -> None:
        super().__init__(f"Event {seq}: the journal has {recorded}, the flow asks for {asked}.")
        self.seq, self.recorded, self.asked = seq, recorded, asked


class Walk:
    """A run in progress: the effect that waits for its result, and its number in the journal."""

    def __init__(self, flow: Flow, lead: Lead, now: datetime) -> None:
        self.state = begin(flow, lead, now)
        self._running = _walk(flow, self.state)
        self.effect: Effect | None = next(self._running)
        self.seq = 1
        self.ended: End | None = None

    def answer(self, result: Result) -> None:
        """Give the waiting effect its result, and go on to the next one or to the end."""
        try:
            self.effect = self._running.send(result)
            self.seq += 1
        except StopIteration as stop:
            self.effect, self.ended = None, stop.value


def replay(flow: Flow, lead: Lead, now: datetime, events: Iterable[Recorded]) -> Walk:
    """Return the run as its journal left it, at its first unfinished effect or at its end.

    `now` is when the run began. Raises Diverged at the first event that the flow would not have asked for.
    """
    walk = Walk(flow, lead, now)
    for event in events:
        confirm(event, walk)
        if event.result is None:
            break
        walk.answer(event.result)
    return walk


def confirm(event: Recorded, walk: Walk) -> None:
    """Raise Diverged unless a recorded event is what the run asks for now."""
    effect = walk.effect
    if effect is None:
        raise Diverged(event.seq, event.effect, "nothing more")
    recorded, asked = (event.effect, event.step, event.asks), (effect.name, effect.step, effect.asks())
    is_same = recorded == asked or recorded == (*asked[:2], _as_before(asked[2]))
    if event.seq != walk.seq or not is_same:
        raise Diverged(event.seq, f"{recorded}", f"{asked}")


def _as_before(asks: Asks) -> Asks:
    """Return what an offer, or the one in a quote, asked for before groups could leave offers open."""
    asks = {key: value for key, value in asks.items() if key != "leaves"}
    return asks | {"offer": _as_before(asks["offer"])} if isinstance(asks.get("offer"), dict) else asks
