"""Finds values that make a rule true or false: for made-up leads that pass a flow, and for those that fail it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice, product
from typing import Any

from flowbuilder.flows.dry_runs import NOBODY, SOURCE
from flowbuilder.sources.samples import sample_value
from rules.bounds import RuleError
from rules.conditions import Condition
from rules.fields import Field, normalise
from rules.flow import Flow
from rules.interpreter import begin
from rules.logic import Rule, truthy
from rules.numbers import as_number
from rules.running import Lead

MOST_TRIED = 256
MOST_VALUES = 8
STATES = ("CA", "NV", "TX")
AMOUNTS = ("number", "money")

Posted = Mapping[str, Any]


def steered(flow: Flow, rule: Rule, posted: Posted, now: datetime, *, to: bool, step: str) -> dict[str, Any] | None:
    """Return a lead like the given one for which a rule is true (or false), None where none was found.

    As few fields are changed as can be. What a rule asks of stored lists is not known here, and so never changed.
    """
    fields = {field.key: field for field in flow.fields}
    base = {key: normalise(posted.get(key), field) for key, field in fields.items()}
    choices = _choices(rule, flow, posted, now, step=step)
    for values in islice(_by_effort(choices), MOST_TRIED):
        changed = {key: normalise(value, fields[key]) for key, value in values.items()}
        normals = {**base, **changed}
        lead = Lead(
            NOBODY,
            {key: normal.value for key, normal in normals.items() if normal.value is not None},
            {**posted, **values},
            SOURCE,
            now,
            frozenset(key for key, normal in normals.items() if normal.value is not None and not normal.valid),
        )
        if _verdict(flow, rule, lead, now, step) is to:
            return {**posted, **values}
    return None


def asked_about(rule: Rule, flow: Flow, now: datetime, *, step: str) -> list[Field]:
    """Return the posted fields that a rule looks at, in the order in which it names them."""
    own = {field.key: field for field in flow.fields}
    lead = Lead(NOBODY, {}, {}, SOURCE, now)
    found = [
        own[one.field.key] for one in _conditions(rule, flow, lead, now, step) if one.field and one.field.key in own
    ]
    return list(dict.fromkeys(found))


def _verdict(flow: Flow, rule: Rule, lead: Lead, now: datetime, step: str) -> bool | None:
    try:
        return truthy(rule(begin(flow, lead, now).at(step)))
    except (RuleError, KeyError):
        return None


def _conditions(rule: Rule, flow: Flow, lead: Lead, now: datetime, step: str) -> Sequence[Condition]:
    try:
        return rule.trace(begin(flow, lead, now).at(step)).conditions
    except (RuleError, KeyError):
        return ()


def _choices(rule: Rule, flow: Flow, posted: Posted, now: datetime, *, step: str) -> dict[str, list[Any]]:
    """Return values worth trying for each posted field that a rule looks at, the one that it has first."""
    own = {field.key: field for field in flow.fields}
    choices: dict[str, list[Any]] = {}
    for condition in _conditions(rule, flow, Lead(NOBODY, {}, {}, SOURCE, now), now, step):
        field = own.get(condition.field.key) if condition.field else None
        if field is None:
            continue
        values = choices.setdefault(field.key, [posted.get(field.key, "")])
        for value in _worth_trying(condition, field, flow):
            if value not in values and len(values) < MOST_VALUES:
                values.append(value)
    return choices


def _worth_trying(condition: Condition, field: Field, flow: Flow) -> Iterator[Any]:
    """Yield what a condition itself names, values beside that, and usual ones of the field."""
    for literal in _literals(condition.arguments, flow):
        number = as_number(literal)
        yield literal
        if field.type in AMOUNTS and number is not None:
            yield number + 1
            yield number - 1
    yield from field.options[:3]
    yield from STATES if field.type == "state" else (True, False) if field.type == "boolean" else ()
    yield sample_value(field)
    yield ""


def _literals(arguments: Sequence[object], flow: Flow) -> Iterator[Any]:
    for argument in arguments:
        if isinstance(argument, list):
            yield from _literals(argument[:3], flow)
        elif isinstance(argument, dict):
            path = argument.get("var")
            if isinstance(path, str) and path.startswith("flow."):
                yield flow.values.get(path.removeprefix("flow."))
        elif argument is not None:
            yield argument


def _by_effort(choices: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Yield ways to choose a value for each field: nothing changed, then one field, then any of them."""
    yield {}
    for key, values in choices.items():
        for value in values[1:]:
            yield {key: value}
    for chosen in product(*choices.values()):
        yield dict(zip(choices, chosen, strict=True))
