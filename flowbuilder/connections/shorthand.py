"""Expressions and conditions as people write them in one line, and back: `lead.dob | date us`, `lead.state is CA`."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

ROOTS = "lead|raw|valid|parts|source|run|step|flow|offer"
NAME = re.compile(rf"(?:{ROOTS})(?:\.[A-Za-z0-9_-]+)+\Z")
# What a condition may be about: the same, and what stands in an answer.
ABOUT = rf"(?:(?:{ROOTS}|body|headers)(?:\.[A-Za-z0-9_@-]+)+|status|said|body)"
SUBJECT = re.compile(rf"{ABOUT}\Z")
PIPE = re.compile(r"\s+\|\s+")
ANOTHER = re.compile(rf" and (?={ABOUT} (?:is|contains|starts with) )")
NUMBER = re.compile(r"-?\d{1,15}\Z")

Read = Callable[[str], list[Any] | None]
Show = Callable[[list[Any]], str | None]


class Shape(NamedTuple):
    """How what follows an operator in a line is read into its further arguments, and shown again."""

    read: Read
    show: Show


def _no_rest(rest: str) -> list[Any] | None:
    return None if rest else []


def _whole_rest(rest: str) -> list[Any] | None:
    return [rest] if rest else []


def _date_rest(rest: str) -> list[Any] | None:
    """Return the format and, behind a comma, the zone, which alone has a slash between letters."""
    form, comma, zone = rest.rpartition(",")
    if comma and re.fullmatch(r"\s*[A-Za-z_]+/[A-Za-z_/+-]+\s*", zone):
        return [form.strip(), zone.strip()]
    return [rest] if rest else None


def _pair_rest(rest: str) -> list[Any] | None:
    return [part.strip() for part in rest.split(",")] if rest else []


def _other_rest(rest: str) -> list[Any] | None:
    return [{"var": rest} if NAME.match(rest) else rest] if rest else None


def _table_rest(rest: str) -> list[Any] | None:
    """Return the pairs of a table written as `solar = S, roofing = R, otherwise X`."""
    *pairs, last = [part.strip() for part in rest.split(",")]
    otherwise = [last.removeprefix("otherwise ").strip()] if last.startswith("otherwise ") else []
    rows = [[side.strip() for side in pair.split("=")] for pair in (pairs if otherwise else [*pairs, last])]
    return [rows, *otherwise] if rows and all(len(row) == 2 for row in rows) else None


def _shown_texts(arguments: list[Any]) -> str | None:
    return ", ".join(arguments) if all(isinstance(argument, str) for argument in arguments) else None


def _shown_other(arguments: list[Any]) -> str | None:
    match arguments:
        case [{"var": str(name)}] | [str(name)]:
            return name
    return None


def _shown_table(arguments: list[Any]) -> str | None:
    rows, *otherwise = arguments
    if not isinstance(rows, list) or not all(_is_pair(row) for row in rows):
        return None
    written = [" = ".join(row) for row in rows] + [f"otherwise {text}" for text in otherwise]
    return ", ".join(written)


def _is_pair(row: Any) -> bool:
    return isinstance(row, list) and len(row) == 2 and all(isinstance(side, str) for side in row)


_PLAIN = Shape(_no_rest, _shown_texts)
_ONE = Shape(_whole_rest, _shown_texts)
SHAPES: Mapping[str, Shape] = {
    **dict.fromkeys(
        ("upper", "lower", "title", "trim", "digits", "state_name", "country_code", "country_name"), _PLAIN
    ),
    **dict.fromkeys(("phone", "number", "hash"), _ONE),
    "date": Shape(_date_rest, _shown_texts),
    "yes_no": Shape(_pair_rest, _shown_texts),
    "default": Shape(_other_rest, _shown_other),
    "table": Shape(_table_rest, _shown_table),
}

COMPARISONS: Mapping[str, str] = {
    "is one of": "any_of",
    "is none of": "none_of",
    "is more than": "more_than",
    "is less than": "less_than",
    "is at least": "at_least",
    "is at most": "at_most",
    "is not": "is_not",
    "is": "is",
    "contains": "contains",
    "starts with": "starts_with",
}
STATES: Mapping[str, str] = {"is filled in": "filled", "is blank": "blank", "is yes": "yes", "is no": "no"}
_LISTS, _AMOUNTS = ("any_of", "none_of"), ("more_than", "less_than", "at_least", "at_most")


def read_shaped(text: str) -> Any | None:
    """Return the expression that a line like `lead.city | trim | upper` means, None when it is no such line."""
    base, *steps = PIPE.split(text.strip())
    if not steps or not NAME.match(base):
        return None
    expression: Any = {"var": base}
    for step in steps:
        operator, _, rest = step.strip().partition(" ")
        arguments = SHAPES[operator].read(rest.strip()) if operator in SHAPES else None
        if arguments is None:
            return None
        expression = {operator: [expression, *arguments]}
    return expression


def show_shaped(expression: Any) -> str | None:
    """Return the line that `read_shaped` reads as exactly this expression, None when there is none."""
    line = _shaped_line(expression)
    return line if line is not None and read_shaped(line) == expression else None


def _shaped_line(expression: Any) -> str | None:
    match expression:
        case {"var": str(name)} if len(expression) == 1:
            return name
        case {**used} if len(used) == 1:
            [(operator, arguments)] = used.items()
            if operator not in SHAPES or not isinstance(arguments, list) or not arguments:
                return None
            return _step_line(str(operator), arguments)
    return None


def _step_line(operator: str, arguments: list[Any]) -> str | None:
    before, rest = _shaped_line(arguments[0]), SHAPES[operator].show(arguments[1:]) if arguments[1:] else ""
    return None if before is None or rest is None else f"{before} | {operator} {rest}".strip()


def read_condition(text: str) -> Any | None:
    """Return the rule that a line like `lead.state is CA and lead.email is filled in` means, None when it is none."""
    conditions = [_read_comparison(part.strip()) for part in ANOTHER.split(text.strip())]
    if any(condition is None for condition in conditions):
        return None
    return conditions[0] if len(conditions) == 1 else {"and": conditions}


def show_condition(rule: Any) -> str | None:
    """Return the line that `read_condition` reads as exactly this rule, None when there is none."""
    joined = rule["and"] if isinstance(rule, dict) and list(rule) == ["and"] else [rule]
    said = [_show_comparison(condition) for condition in joined] if isinstance(joined, list) else [None]
    line = " and ".join(part for part in said if part)
    return line if all(said) and read_condition(line) == rule else None


def _read_comparison(text: str) -> dict[str, Any] | None:
    name, _, rest = text.partition(" ")
    rest = rest.strip()
    if not SUBJECT.match(name):
        return None
    if rest in STATES:
        return {STATES[rest]: [{"var": name}]}
    for words, operator in COMPARISONS.items():
        if rest.startswith(f"{words} ") and rest[len(words) :].strip():
            return {operator: [{"var": name}, _read_value(operator, rest[len(words) :].strip())]}
    return None


def _read_value(operator: str, text: str) -> Any:
    if operator in _LISTS:
        return [entry.strip() for entry in text.split(",")]
    return int(text) if operator in _AMOUNTS and NUMBER.match(text) else text


def _show_comparison(rule: Any) -> str | None:
    if not isinstance(rule, dict) or len(rule) != 1:
        return None
    [(operator, arguments)] = rule.items()
    match arguments:
        case [{"var": str(name)}] if operator in STATES.values():
            return f"{name} {_words(STATES, operator)}"
        case [{"var": str(name)}, beside] if operator in COMPARISONS.values():
            shown = ", ".join(map(str, beside)) if isinstance(beside, list) else str(beside)
            return f"{name} {_words(COMPARISONS, operator)} {shown}"
    return None


def _words(words: Mapping[str, str], operator: str) -> str:
    return next(said for said, meant in words.items() if meant == operator)
