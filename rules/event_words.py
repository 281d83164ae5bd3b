"""Says one event of a lead's journal: of what kind of step it is, its title, and what came of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rules.flow import Flow
from rules.flow_wording import words_of
from rules.money import say_money
from rules.offer_words import say_await, say_by_hand, say_offer, say_quote
from rules.reasons import say_reason
from rules.saying import say_list
from rules.selling_words import say_check, say_join, say_ping, say_settle
from rules.steps import Filter, Group, LookUp, Split, Step
from rules.steps.group.campaign import Joining
from rules.telling import EventLike, Telling

LABELS = {
    "intake": "Arrived",
    "reserve": "Cap",
    "lists": "Stored lists",
    "join": "Buyers of a campaign",
    "check": "Who can be asked",
    "ping": "Bids",
    "quote": "Price told",
    "look_up": "Look up",
    "offer": "Buyer",
    "await": "Waiting for answers",
    "settle": "What became of the others",
    "hold": "Waiting",
    "close": "Ended",
    "replaced": "Began again",
    "start_again": "Began again",
    "by_hand": "Settled by hand",
}
KINDS = {
    "reserve": "cap",
    **dict.fromkeys(("offer", "await", "quote", "by_hand"), "buyer"),
    **dict.fromkeys(("join", "check", "ping", "settle"), "group"),
}
"""The kinds of the steps that ask for some effects."""
TITLES = {
    "filter": "Filter",
    "group": "Buyer group",
    "transform": "Change fields",
    "look_up": "Look up",
    "fallback": "When nobody takes the lead",
}


def kind_of(telling: Telling, event: EventLike) -> str:
    """Return the kind of the step that an event belongs to; a row of a group is a buyer."""
    flow = telling.flow
    if event.effect != "note":
        return KINDS.get(event.effect, event.effect)
    step = flow.step(event.step) if flow else None
    if step:
        return step.kind
    if telling.connection_of(event.step) is not None:
        return "buyer"
    return "fallback" if flow and event.step == flow.fallback.common.id else "note"


def title_of(telling: Telling, event: EventLike, kind: str) -> str:
    """Return what stands over an event: the buyer's name, or of what kind its step is, with what the seller calls it.

    A wait is no buyer's doing, nor are the beginning and the end of a run a step's.
    """
    buyer = _buyer(telling, event) if event.effect != "hold" else None
    if not buyer and event.effect in LABELS and event.effect not in KINDS:
        return LABELS[event.effect]
    title = buyer or LABELS.get(event.effect) or TITLES.get(kind, kind.capitalize())
    name = telling.name_of(_whose(event))
    return f"{title} ({name})" if name else title


def _whose(event: EventLike) -> str:
    """Return the step or the row that an event is about: of an answer that a group waited for, its buyer."""
    return str((event.result or {}).get("buyer", event.step)) if event.effect == "await" else event.step


def _buyer(telling: Telling, event: EventLike) -> str | None:
    """Return the name of the buyer that an event is about, if it is about one."""
    connection = event.asks.get("connection") or telling.connection_of(_whose(event))
    return telling.names.called(connection) if connection else None


def say_event(telling: Telling, event: EventLike) -> str:
    """Return what came of an event, as one sentence without a full stop."""
    say = SAYERS.get(event.effect)
    said = say(telling, event) if say else _say_note(telling, event)
    told = (event.result or {}).get("told")
    return f"{said}; {_say_told(telling, told)}" if told and told["do"] != "start_again" else said


def _say_told(telling: Telling, told: Any) -> str:
    """Return what a person had done with a lead that waited, to follow what it waited for."""
    if told["do"] == "reject":
        return "a person rejected the lead"
    connection = telling.connection_of(told["buyer"]) or ""
    return f"a person had it offered to {telling.names.connections.get(connection, connection or 'another buyer')}"


def _say_intake(telling: Telling, event: EventLike) -> str:
    if event.outcome == "passed":
        count = len(telling.flow.fields) if telling.flow else 0
        return f"Taken in, {count} field{'' if count == 1 else 's'} checked" if count else "Taken in"
    said = {
        "paused": "The flow or its source is paused",
        "suppressed": "On a suppression list that holds for all flows",
        "duplicate": "Seen before",
        "full": "Full",
    }
    return said.get((event.result or {}).get("outcome", ""), event.reason or "Not accepted")


def _say_look_up(telling: Telling, event: EventLike) -> str:
    """Return `Found Line type`; why not where nothing was found."""
    result = event.result
    if result is None:
        return "Asked; no answer yet"
    match result["answer"]:
        case "found":
            return f"Found {_labels(telling, result['set'])}" if result["set"] else "Found, with nothing to add"
        case "not_found":
            return "Nothing was found"
        case "not_asked":
            return f"Not asked: {say_reason(event.reason or 'error')}"
    return f"Could not be looked up: {say_reason(event.reason or 'error')}"


def _labels(telling: Telling, keys: Sequence[str]) -> str:
    known = telling.flow.by_key if telling.flow else {}
    return say_list([known[key].label if key in known else key for key in keys], "and")


def _say_reserve(_telling: Telling, event: EventLike) -> str:
    return "There was room" if event.outcome == "passed" else "Full"


def _say_replaced(_telling: Telling, _event: EventLike) -> str:
    return "The flow would not take this road any more, so that the lead began again"


def _say_start_again(telling: Telling, event: EventLike) -> str:
    """Return `Started again in version 8, asked for by Dana`."""
    asks = event.asks
    by = f"by {telling.names.people.get(asks['by'], 'somebody who is gone')}" if asks["by"] else "through the API"
    return f"Started again in version {asks['version']}, asked for {by}"


def _say_join(telling: Telling, event: EventLike) -> str:
    left_out = joining_of(telling.flow, event).left_out if telling.flow else ()
    return say_join(event.result, len(left_out))


def joining_of(flow: Flow, event: EventLike) -> Joining:
    """Return which rows of a campaign joined a group, and which could not and why."""
    step, rows = flow.step(event.step), (event.result or {}).get("rows", ())
    campaign = step.deal.campaign if isinstance(step, Group) else None
    return campaign.read(rows) if campaign else Joining((), ())


def _say_check(_telling: Telling, event: EventLike) -> str:
    """Return `2 of 3 buyers can be asked`; of one that a way led to only its mix is looked at."""
    if any(row["buyer"] == event.step for row in event.asks["rows"]):
        return "Its mix was looked at"
    return say_check(event.asks, event.result)


def _say_ping(telling: Telling, event: EventLike) -> str:
    return say_ping(event.asks, event.result, telling.currency)


def _say_settle(telling: Telling, event: EventLike) -> str:
    return say_settle(event.asks, telling.currency)


def _say_lists(telling: Telling, event: EventLike) -> str:
    """Return `Looked up: in “Do not contact”, not in “Old customers”`."""
    if event.result is None:
        return "Being looked up"
    named = [f"“{telling.names.lists.get(one['list'], one['list'])}”" for one in event.asks["lists"]]
    answers = list(zip(named, event.result["in"], strict=True))
    found = list(dict.fromkeys(name for name, is_in in answers if is_in))
    others = [name for name in dict.fromkeys(name for name, is_in in answers if is_in is False) if name not in found]
    gone = list(dict.fromkeys(name for name, is_in in answers if is_in is None))
    said = [
        f"{word} {say_list(names, link)}"
        for word, names, link in (("in", found, "and"), ("not in", others, "or"), ("there is no", gone, "or"))
        if names
    ]
    return f"Looked up: {', '.join(said)}"


def _say_hold(_telling: Telling, event: EventLike) -> str:
    waiting = {
        "cap": "for room in a cap",
        "hours": "until the buyer opens",
        "person": "for a person to decide",
        "answer": "for a buyer's answer",
    }
    return f"Waits {waiting.get(event.asks['for'], 'to be offered again')}"


def _say_close(telling: Telling, event: EventLike) -> str:
    asks = event.asks
    if asks["outcome"] == "sold":
        return f"Sold for {say_money(asks['revenue'], telling.currency)}"
    word = asks["outcome"].capitalize()
    return f"{word}: {asks['reason']}" if asks["reason"] not in (None, word) else word


def _say_note(telling: Telling, event: EventLike) -> str:
    flow = telling.flow
    step = flow.step(event.step) if flow else None
    if event.outcome == "error":
        return f"Could not be decided: {event.reason}"
    if event.outcome == "skipped":
        return f"Skipped: {say_reason(event.reason or '')}"
    said = _say_step(telling, flow, step, event) if flow and step else ""
    return said or event.reason or (event.outcome or "").capitalize()


def _say_step(telling: Telling, flow: Flow, step: Step, event: EventLike) -> str:
    """Return what a filter, a split, a transform or a look-up did; nothing for steps whose events say it themselves."""
    match step:
        case Filter():
            polarity = "Stop if" if step.stops else "Continue only if"
            return f"{polarity} {words_of(flow, telling.names).whole_rule(step.rule.document)}"
        case Split():
            lane = step.lane_named(event.asks.get("lane", ""))
            return f"Lane: {lane.say(words_of(flow, telling.names))}" if lane else ""
    keys = event.asks.get("fields")
    if keys is None:
        return ""
    if isinstance(step, LookUp):
        return f"Set {_labels(telling, keys)}" if keys else "Nothing changed"
    return f"Changed {_labels(telling, keys)}" if keys else "Nothing changed"


SAYERS: Mapping[str, Callable[[Telling, EventLike], str]] = {
    "intake": _say_intake,
    "reserve": _say_reserve,
    "join": _say_join,
    "check": _say_check,
    "ping": _say_ping,
    "offer": say_offer,
    "await": say_await,
    "look_up": _say_look_up,
    "settle": _say_settle,
    "quote": say_quote,
    "lists": _say_lists,
    "hold": _say_hold,
    "close": _say_close,
    "replaced": _say_replaced,
    "start_again": _say_start_again,
    "by_hand": say_by_hand,
}
"""What says each effect; a note is said by its step."""
