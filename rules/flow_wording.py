"""Says a whole flow: the cards of its rail, and the flow in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.caps import Cap
from rules.durations import say_duration
from rules.flow import Flow
from rules.steps import Buyer, CapStep, Fallback, Filter, Step
from rules.steps.base import Exit, Words
from rules.wording import say_rule


@dataclass(frozen=True, slots=True)
class CapLine:
    """One cap as a card shows it; `key` finds its windows, `limit` is in leads or minor units."""

    key: str
    text: str
    limit: int
    per: str
    time_zone: str
    spends: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One stop on the rail; `number` is None for the fixed first and last one."""

    id: str
    number: int | None
    kind: str
    label: str
    name: str
    sentence: str
    exits: tuple[Exit, ...]
    note: str
    is_off: bool
    caps: tuple[CapLine, ...]
    connection: str | None


@dataclass(frozen=True, slots=True)
class Names:
    """What only the database knows: connections by id, and how many sources a flow has (None: not told)."""

    connections: Mapping[str, str]
    sources: int | None = None


def words_of(flow: Flow, names: Names) -> Words:
    """Return the words that sentences of a flow need."""
    steps = {step.common.id: f"step {position + 1}" for position, step in enumerate(flow.steps)}
    steps |= {step.common.id: names.connections.get(step.connection, "") for step in flow.buyers.values()}
    steps["fallback"] = "the last step"
    return Words(flow.by_key, flow.currency, names.connections, steps)


def rail(flow: Flow, names: Names) -> list[Card]:
    """Return the cards from “Leads arrive” to “When nobody takes the lead”."""
    words = words_of(flow, names)
    cards = [_card(step, words, position + 1) for position, step in enumerate(flow.steps)]
    return [_door_card(flow, names), *cards, _card(flow.fallback, words, None)]


def say_flow(flow: Flow, names: Names) -> str:
    """Return the flow in plain words, one sentence for each thing that can happen."""
    words = words_of(flow, names)
    sentences = [_say_door(flow), *(_say_step(step, words) for step in flow.steps if not step.common.off)]
    if not any(isinstance(step, Buyer) and not step.common.off for step in flow.steps):
        sentences.append("Nobody is set to take the leads.")
    return " ".join(sentence for sentence in [*sentences, _say_fallback(flow.fallback, words)] if sentence)


def _card(step: Step, words: Words, number: int | None) -> Card:
    return Card(
        id=step.common.id,
        number=number,
        kind=step.kind,
        label=step.label,
        name=step.common.name,
        sentence=step.sentence(words),
        exits=step.exits(words),
        note=step.common.note,
        is_off=step.common.off,
        caps=tuple(_cap_line(cap, words.currency) for cap in _caps_of(step)),
        connection=step.connection if isinstance(step, Buyer) else None,
    )


def _door_card(flow: Flow, names: Names) -> Card:
    fields = f"{len(flow.fields)} field{'' if len(flow.fields) == 1 else 's'} checked"
    exits = [Exit("nxt", "Passes the checks: first step")]
    if any(field.required for field in flow.fields):
        exits.append(Exit("bad", "A required field is missing: refused"))
    if flow.door.accept_if:
        exits.append(Exit("bad", f"Otherwise: reject “{flow.door.reason}”"))
    if flow.door.duplicates:
        exits.append(Exit("que", "Seen before: duplicate"))
    return Card(
        id="intake",
        number=None,
        kind="intake",
        label="Leads arrive",
        name="",
        sentence=f"{_count_sources(names.sources)}{fields}".capitalize(),
        exits=tuple(exits),
        note="",
        is_off=False,
        caps=tuple(_cap_line(cap, flow.currency) for cap in flow.door.caps),
        connection=None,
    )


def _count_sources(sources: int | None) -> str:
    if sources is None:
        return ""
    return f"from {sources or 'no'} source{'' if sources == 1 else 's'}, "


def _caps_of(step: Step) -> tuple[Cap, ...]:
    match step:
        case CapStep():
            return (step.cap,)
        case Buyer():
            return step.caps
    return ()


def _cap_line(cap: Cap, currency: str) -> CapLine:
    return CapLine(cap.key, cap.say(currency), cap.limit, cap.per, cap.zone, cap.spends)


def _say_door(flow: Flow) -> str:
    said = [f"At most {cap.say(flow.currency)} come in." for cap in flow.door.caps]
    if flow.door.accept_if:
        said.insert(0, f"Leads come in if {say_rule(flow.door.accept_if.document, flow.by_key)}.")
    if flow.door.duplicates:
        said.append(f"A lead seen in the last {_days(flow.door.duplicates.within)} is a duplicate.")
    return " ".join(said)


def _days(length: int) -> str:
    return say_duration(f"{length // 86400}d" if length % 86400 == 0 else f"{length // 60}m")


def _say_step(step: Step, words: Words) -> str:
    match step:
        case Filter():
            rule = say_rule(step.rule.document, words.fields)
            told = step.otherwise.say(words) + (f" “{step.reason}”" if step.otherwise.kind == "reject" else "")
            return f"Leads where {rule}: {told}." if step.stops else f"Only leads where {rule} go on; others: {told}."
        case Buyer():
            after = "After a no" if not step.caps else "After that, or after a no"
            return f"{step.sentence(words)}. {after}: {step.ways.on_declined.say(words)}."
        case CapStep():
            return f"{step.sentence(words)}; then: {step.when_full.say(words)}."
    return f"{step.sentence(words)}."


def _say_fallback(fallback: Fallback, words: Words) -> str:
    match fallback.do:
        case "hold":
            held = fallback.sentence(words).replace("Wait", "wait").replace("offer again", "are offered again")
            return f"Leads that nobody takes {held}, then are rejected with “{fallback.reason}”."
        case "buyer":
            return f"Leads that nobody takes: {fallback.sentence(words)}, otherwise rejected with “{fallback.reason}”."
    return f"Leads that nobody takes are rejected with “{fallback.reason}”."
