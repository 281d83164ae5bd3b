"""A flow: read from its document, or refused with the full list of its problems."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules.caps import Cap, read_caps
from rules.fields import Field, parse_field
from rules.logic import Rule
from rules.problems import Problem
from rules.reading import Document, Part
from rules.steps import READERS, Buyer, Fallback, Step, read_fallback
from rules.steps.ways import Way

SCHEMA = 1
CURRENCIES = 3
MOST_STEPS = 200
DOOR = "intake"


@dataclass(frozen=True, slots=True)
class Duplicates:
    """A lead is a duplicate when one of these fields (or all) was seen within a time, in seconds."""

    by: tuple[str, ...]
    match_all: bool
    within: int

    def as_asked(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the claims that a lead makes: which fields are filled in, never their values."""
        filled = [key for key in self.by if fields.get(key) is not None]
        complete = not self.match_all or len(filled) == len(self.by)
        return {"by": filled if complete else [], "together": self.match_all, "within": self.within}


@dataclass(frozen=True, slots=True)
class Door:
    """What is asked of every lead before the first step."""

    accept_if: Rule | None = None
    reason: str = "Not accepted"
    duplicates: Duplicates | None = None
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow that can run. `document` is what was written; `buyers` are all that a way may name, by id."""

    document: Mapping[str, Any]
    currency: str
    time_zone: str
    fields: tuple[Field, ...]
    values: Mapping[str, Any]
    door: Door
    steps: tuple[Step, ...]
    fallback: Fallback
    by_key: Mapping[str, Field]
    buyers: Mapping[str, Buyer]
    positions: Mapping[str, int]

    @property
    def connections(self) -> tuple[tuple[str, str], ...]:
        """Return every (address in the document, connection id) that the flow names."""
        return tuple(_connections(self.document))


def parse_flow(document: object) -> tuple[Flow | None, list[Problem]]:
    """Return the flow, or None and every problem of the document at once."""
    reading = Document()
    part = reading.part(document, "", "a flow")
    if part is None:
        return None, reading.problems
    flow = _read_flow(part)
    return (None if reading.problems else flow), reading.problems


def _read_flow(part: Part) -> Flow | None:
    document = part.document
    if part.take("schema") != SCHEMA:
        part.report("schema", "unknown_schema", "“schema” must be 1.")
    document.currency = _read_currency(part)
    document.time_zone = part.zone(default="UTC")
    fields = _read_fields(part)
    document.fields = {field.key: field for field in fields}
    values = _read_values(part)
    door = _read_door(part)
    written = part.parts("steps", "a step")
    steps = tuple(step for step in map(_read_step, written[:MOST_STEPS]) if step)
    if len(written) > MOST_STEPS:
        part.report("steps", "too_many_steps", f"A flow has at most {MOST_STEPS} steps.")
    inner = part.inside("fallback", "the fallback")
    if inner is None:
        part.report("fallback", "missing_fallback", "A flow needs a fallback: what happens when nobody takes the lead.")
    part.finish()
    fallback = read_fallback(inner) if inner else None
    if fallback is None or len(steps) < len(written):
        return None
    buyers = [step for step in steps if isinstance(step, Buyer)] + ([fallback.buyer] if fallback.buyer else [])
    flow = Flow(
        document=part.settings,
        currency=document.currency,
        time_zone=document.time_zone,
        fields=fields,
        values=values,
        door=door,
        steps=steps,
        fallback=fallback,
        by_key=document.fields,
        buyers={buyer.common.id: buyer for buyer in buyers},
        positions={step.common.id: position for position, step in enumerate(steps)},
    )
    _check_targets(flow, part)
    return flow


def _read_currency(part: Part) -> str:
    currency = part.take("currency", "USD")
    if isinstance(currency, str) and len(currency) == CURRENCIES and currency.isascii() and currency.isupper():
        return currency
    part.report("currency", "unknown_currency", "“currency” must be three capital letters such as USD.")
    return "USD"


def _read_fields(part: Part) -> tuple[Field, ...]:
    written = part.take("fields", [])
    if not isinstance(written, list):
        part.report("fields", "not_a_list", "“fields” must be a list.")
        return ()
    found: dict[str, Field] = {}
    for position, document in enumerate(written):
        at = f"{part.at('fields')}[{position}]"
        field = parse_field(document, at, part.document.problems)
        if field and field.key in found:
            part.document.report(f"{at}.key", "key_used_twice", f"There are two fields “{field.key}”.")
        elif field:
            found[field.key] = field
    return tuple(found.values())


def _read_values(part: Part) -> Mapping[str, Any]:
    values = part.take("values", {})
    if isinstance(values, dict) and all(not isinstance(value, dict | list) for value in values.values()):
        return values
    part.report("values", "not_values", "“values” must be an object of names and single values.")
    return {}


def _read_door(part: Part) -> Door:
    inner = part.inside("intake", "the intake")
    if inner is None:
        return Door()
    door = Door(
        accept_if=inner.rule("accept_if"),
        reason=inner.text("reason", "Not accepted"),
        duplicates=_read_duplicates(inner),
        caps=read_caps(inner, "caps", DOOR, at_door=True),
    )
    inner.finish()
    return door


def _read_duplicates(part: Part) -> Duplicates | None:
    inner = part.inside("duplicates", "the duplicate check")
    if inner is None:
        return None
    by = inner.words("by", part.document.fields.__contains__, "The flow has no field “{}”.")
    if not by:
        inner.report("by", "no_fields", "Name at least one field to tell duplicates by.")
    match = inner.choice("match", ("any", "all"), "any")
    duplicates = Duplicates(by, match == "all", inner.duration("within", "30d"))
    inner.finish()
    return duplicates


def _read_step(part: Part) -> Step | None:
    """Return the step of a one-key object `{"<kind>": {settings}}`."""
    if len(part.settings) != 1:
        part.document.report(part.path, "not_a_step", 'A step is written {"<kind>": {settings}}, with one kind.')
        return None
    [(kind, settings)] = part.settings.items()
    if kind not in READERS:
        known = ", ".join(READERS)
        part.report(kind, "unknown_kind", f"“{kind}” is not a kind of step; there are {known}.")
        return None
    inner = part.document.part(settings, part.at(kind), f"a {kind} step")
    return READERS[kind](inner) if inner else None


def _check_targets(flow: Flow, part: Part) -> None:
    """Report ways that lead to no step, backwards, or to no buyer."""
    for position, step in enumerate(flow.steps):
        for key, way in _ways_of(step):
            at = f"steps[{position}].{step.kind}.{key}"
            if way.kind == "buyer" and way.target not in flow.buyers:
                part.document.report(at, "unknown_buyer", f"There is no buyer “{way.target}” in this flow.")
            if way.kind == "go_to" and way.target != "fallback" and flow.positions.get(way.target, -1) <= position:
                part.document.report(at, "not_a_later_step", f"“{way.target}” is not a later step of this flow.")
    start = flow.fallback.start
    if start and start not in flow.positions:
        part.document.report("fallback.from", "unknown_step", f"There is no step “{start}” in this flow.")


def _ways_of(step: Step) -> Iterator[tuple[str, Way]]:
    """Yield every way of a step with the name of its setting."""
    ways = getattr(step, "ways", step)
    for key in getattr(ways, "__dataclass_fields__", ()):
        value = getattr(ways, key)
        if isinstance(value, Way):
            yield key, value


def _connections(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for position, step in enumerate(document.get("steps", [])):
        for kind, settings in step.items():
            if "connection" in settings:
                yield f"steps[{position}].{kind}.connection", settings["connection"]
    last = document["fallback"].get("buyer")
    if last:
        yield "fallback.buyer.connection", last["connection"]


__all__ = ["DOOR", "Door", "Duplicates", "Flow", "parse_flow"]
