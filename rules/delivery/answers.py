"""What a destination says about the buyer's answers: what a yes is, what a no means, and where the rest stands."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from rules.delivery.expressions import ANSWER_NAMES, read_rule
from rules.delivery.presets import IS_2XX, REASON_PATTERNS, AnswerFormat
from rules.logic import Rule, compile_rule
from rules.operators.variables import keys_of
from rules.reading import Part

FORMATS = ("auto", "json", "xml", "form", "text")
MOST_REASONS = 100
LONGEST_PATH = 200

# Why a buyer that was asked can have said no.
REASONS = (
    "rejected", "duplicate", "cap_reached", "outside_hours", "missing_field", "rule_not_met", "outside_area",
    "suppressed", "compliance_missing", "below_floor", "no_funds", "paused", "credentials_expired",
)  # fmt: skip

_PATH = re.compile(r"(?:body|headers)(?:\.[^.\s]+)+|body|status")

Path = tuple[str, ...]
"""The keys that lead to a place in an answer."""


@dataclass(frozen=True, slots=True)
class Answers:
    """How answers are read; all of it is optional in a document. `needs_body` if the rule for a yes reads the body."""

    format: AnswerFormat
    accepted_if: Rule
    needs_body: bool
    price_path: Path | None
    reason_path: Path | None
    reference_path: Path | None
    errors: frozenset[int]
    reasons: tuple[tuple[Rule, str], ...]
    price_from: Literal["step", "answer"]


def read_answers(part: Part) -> Answers:
    """Return how a destination reads answers."""
    rule = _read_accepted_if(part)
    settings: Any = {
        "format": part.choice("answer", FORMATS, "auto"),
        **{key: read_path(part, key) for key in ("price_path", "reason_path", "reference_path")},
        "errors": _read_statuses(part),
        "reasons": _read_reasons(part),
        "price_from": part.choice("price_from", ("step", "answer"), "step"),
    }
    return Answers(accepted_if=rule, needs_body=may_read_body(rule.document), **settings)


def read_path(part: Part, key: str) -> Path | None:
    """Return the keys of a place in an answer, None when it is not written."""
    path = part.text(key, "", longest=LONGEST_PATH)
    if path and parse_path(path) is None:
        part.report(key, "bad_path", f"“{key}” names a place in the answer, such as body.price or headers.x-price.")
    return keys_of(path) if path else None


def parse_path(path: str) -> Path | None:
    """Return the keys of a place in an answer, None for a text that names none."""
    return keys_of(path) if len(path) <= LONGEST_PATH and _PATH.fullmatch(path) else None


def _read_accepted_if(part: Part) -> Rule:
    written = part.take("accepted_if", IS_2XX)
    return read_rule(part.document, written, part.at("accepted_if"), ANSWER_NAMES) or compile_rule(IS_2XX)


def _read_statuses(part: Part) -> frozenset[int]:
    written = part.take("errors", [])
    if isinstance(written, list) and all(type(status) is int and 200 <= status <= 599 for status in written):
        return frozenset(written)
    part.report("errors", "bad_statuses", "“errors” must be a list of HTTP statuses from 200 to 599.")
    return frozenset()


def _read_reasons(part: Part) -> tuple[tuple[Rule, str], ...]:
    written = part.take("reasons", [])
    if not isinstance(written, list) or len(written) > MOST_REASONS:
        message = f"“reasons” must be a list of at most {MOST_REASONS} pairs [rule, reason] or ready patterns."
        part.report("reasons", "not_a_list", message)
        return ()
    read = [_read_reason(part, entry, f"reasons[{position}]") for position, entry in enumerate(written)]
    return tuple(pair for pair in read if pair)


def _read_reason(part: Part, entry: Any, place: str) -> tuple[Rule, str] | None:
    """Return a rule and the reason that it means, from such a pair or from the name of a ready pattern."""
    if isinstance(entry, str) and entry in REASON_PATTERNS:
        ready = REASON_PATTERNS[entry]
        return compile_rule(ready.rule), ready.reason
    if not isinstance(entry, list) or len(entry) != 2 or entry[1] not in REASONS:
        part.report(
            place,
            "bad_reason",
            f"A reason is one of the ready patterns {', '.join(REASON_PATTERNS)}, or [rule, reason] with a reason out"
            f" of {', '.join(REASONS)}.",
        )
        return None
    rule = read_rule(part.document, entry[0], part.at(f"{place}[0]"), ANSWER_NAMES)
    return None if rule is None else (rule, entry[1])


def may_read_body(rule: object) -> bool:
    """Return True unless every path that the rule names is written out and leads to the status or a header."""
    if isinstance(rule, list):
        return any(may_read_body(inner) for inner in rule)
    if not isinstance(rule, dict):
        return False
    for operator, inner in rule.items():
        path, *rest = inner if isinstance(inner, list) and inner else [inner]
        if operator in _READERS and not (operator == "var" and _is_beside_body(path)):
            return True
        if may_read_body([path, *rest]):
            return True
    return False


_READERS = frozenset({"var", "val", "exists", "missing", "missing_some"})


def _is_beside_body(path: object) -> bool:
    return isinstance(path, str) and path.partition(".")[0] in ("status", "headers")
