"""Rules and expressions in plain words."""

from collections.abc import Mapping

from rules.conditions import Condition
from rules.fields import Field
from rules.saying import say_json, say_literal
from rules.speaker import Speaker
from rules.turned_off import counting

NO_NAMES: Mapping[str, str] = {}


def say_rule(
    rule: object,
    fields: Mapping[str, Field],
    *,
    names: Mapping[str, str] | None = None,
    currency: str = "USD",
    most_words: int | None = None,
) -> str:
    """Return a rule as a sentence without its full stop, cut after `most_words` to "… and 3 more rules".

    `names` are words for paths that no field describes, like `flow.min_score`. What is turned off is only counted.
    """
    try:
        said_of, off = counting(rule)
        said = begin(Speaker(fields, names or NO_NAMES, currency).rule(said_of, most_words))
    except RecursionError:
        return say_json(rule)
    return f"{said} ({off} rule{'' if off == 1 else 's'} off)" if off else said


def say_condition(condition: Condition, *, names: Mapping[str, str] | None = None, currency: str = "USD") -> str:
    """Return one condition of a trace as a sentence, in the direction in which its rule asks for it."""
    speaker = Speaker(condition.fields, names or NO_NAMES, currency)
    return begin(speaker.condition(condition.rule, negated=condition.negated))


def say_seen(condition: Condition, *, currency: str = "USD") -> str:
    """Return what a condition of a trace saw, like "lead has NV", or that it was not looked at."""
    if condition.verdict is None:
        return "not looked at"
    return f"lead has {say_literal(condition.value, condition.field, currency)}"


def say_value(
    expression: object,
    fields: Mapping[str, Field],
    currency: str | None = None,
    *,
    names: Mapping[str, str] | None = None,
) -> str:
    """Return an expression in words; with a currency its plain numbers are amounts of money."""
    try:
        return Speaker(fields, names or NO_NAMES, currency or "USD").value(expression, as_money=currency is not None)
    except RecursionError:
        return say_json(expression)


def begin(sentence: str) -> str:
    """Return a sentence with a capital letter at its beginning."""
    return sentence[:1].upper() + sentence[1:]
