"""A buyer's answer from its reply: accepted, declined, an error, or ambiguous, and why."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import parse_qsl

from rules import json_text
from rules.bounds import RuleError
from rules.delivery.destination import Destination
from rules.delivery.texts import decode_text, one_line
from rules.delivery.wire import Reply
from rules.logic import truthy
from rules.money import LARGEST
from rules.numbers import as_number
from rules.operators.variables import keys_of, look_up

__all__ = ["Answer", "Reply", "read_answer"]

Kind = Literal["accepted", "declined", "error", "ambiguous"]

# Statuses of a server that surely did not take the lead, and may later.
ERRORS = frozenset({408, 425, 429, 500, 503})
# Statuses of a gateway that heard nothing in time from the server behind it, which may have taken the lead. Those
# above 511 are in no registry and in wide use by one large gateway.
AMBIGUOUS = frozenset({502, 504, 520, 522, 524})
UNREADABLE = "could not read the answer"
LONGEST_RETRY_AFTER = 3600


class UnreadableAnswer(Exception):
    """The body is not in the format that it should be in."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reply means. `reason` is a code, `said` one line of text; `price` is what the buyer says it pays."""

    kind: Kind
    reason: str | None = None
    said: str = ""
    price: Decimal | None = None
    reference: str | None = None
    retry_after: int | None = None
    """Seconds for which the buyer asks not to be asked again, at most an hour."""
    notes: tuple[str, ...] = ()
    """Sentences about parts of the answer that were not used."""


def read_answer(destination: Destination, reply: Reply) -> Answer:
    """Return what a reply means to this destination. Never raises.

    First the status: errors, gateways and redirects are what they are. Then `accepted_if` decides over status,
    headers and body: a body that cannot be read and is needed is a no, a rule that cannot be decided is ambiguous.
    """
    if reply.status in ERRORS | destination.errors:
        return Answer("error", "error", f"the server answered {reply.status}", retry_after=read_retry_after(reply))
    if reply.status in AMBIGUOUS:
        return Answer("ambiguous", "unknown", f"a gateway answered {reply.status}")
    if 300 <= reply.status < 400:
        return Answer("declined", "rejected", f"redirects are not followed ({reply.status})")
    try:
        return _judge(destination, reply)
    except RuleError as error:
        # The lead may have been taken: neither a yes nor a no can be made of a rule that failed.
        return Answer("ambiguous", "unknown", one_line(f"{UNREADABLE}: {error.message}"))


def read_body(reply: Reply, answer: str) -> object:
    """Return the body as a rule sees it: JSON as its value, a form as an object, anything else as text.

    Raises UnreadableAnswer for a body that is not in the format that `answer` or its own content type names.
    """
    text = decode_text(reply)
    if answer == "auto":
        return _read_by_content(text, reply.header_map().get("content-type", "").lower())
    return _READERS[answer](text)


def read_retry_after(reply: Reply) -> int | None:
    """Return the seconds that Retry-After asks for (RFC 9110, 10.2.3), at most 3600; None if it says none.

    A date counts from the reply's own Date, so that two clocks need not agree.
    """
    headers = reply.header_map()
    asked = headers.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,12}", asked):
        return min(int(asked), LONGEST_RETRY_AFTER)
    until, now = _http_date(asked), _http_date(headers.get("date", ""))
    if until is None or now is None:
        return None
    return min(max(0, round((until - now).total_seconds())), LONGEST_RETRY_AFTER)


def _judge(destination: Destination, reply: Reply) -> Answer:
    seen: dict[str, Any] = {"status": reply.status, "headers": reply.header_map(), "body": None}
    try:
        seen["body"] = read_body(reply, destination.answer)
    except UnreadableAnswer as error:
        if _may_read_body(destination.accepted_if.document):
            return Answer("declined", "rejected", UNREADABLE, notes=(one_line(error),))
    said = one_line(_at(seen, destination.reason_path))
    reference = one_line(_at(seen, destination.reference_path), longest=200) or None
    if reply.status < 500 and truthy(destination.accepted_if(seen)):
        price, notes = read_price(_at(seen, destination.price_path))
        return Answer("accepted", None, said, price, reference, notes=notes)
    return Answer("declined", _reason(destination, seen), said or _say_status(reply.status), reference=reference)


def read_price(value: object) -> tuple[Decimal | None, tuple[str, ...]]:
    """Return the price that a value says, and what has to be said about one that is not used."""
    if value is None or value == "":
        return None, ()
    number = as_number(value)
    if number is None or not 0 <= number < LARGEST:
        return None, (f"The price in the answer was not used: {one_line(value, 60) or 'not a number'}.",)
    return Decimal(number), ()


def _may_read_body(rule: object) -> bool:
    """Return True unless every path that the rule names is written out and leads to the status or a header."""
    if isinstance(rule, list):
        return any(_may_read_body(inner) for inner in rule)
    if not isinstance(rule, dict):
        return False
    for operator, inner in rule.items():
        path, *rest = inner if isinstance(inner, list) and inner else [inner]
        if operator in ("missing", "missing_some") or (operator == "var" and not _is_beside_body(path)):
            return True
        if _may_read_body([path, *rest]):
            return True
    return False


def _is_beside_body(path: object) -> bool:
    return isinstance(path, str) and path.partition(".")[0] in ("status", "headers")


def _reason(destination: Destination, seen: Mapping[str, Any]) -> str:
    """Return the code of the first reason whose rule is true; a rule that fails does not undo a clear no."""
    for rule, reason in destination.reasons:
        with suppress(RuleError):
            if truthy(rule(seen)):
                return reason
    return "rejected"


def _say_status(status: int) -> str:
    if status in (401, 403):
        return f"your key was not accepted ({status})"
    return f"the server answered {status}"


def _at(seen: Mapping[str, Any], path: str | None) -> object:
    return look_up(seen, keys_of(path)) if path else None


def _read_by_content(text: str, content_type: str) -> object:
    if "json" in content_type:
        return _read_json(text)
    if "x-www-form-urlencoded" in content_type:
        return _read_form(text)
    # Many servers send JSON under the name of text or HTML.
    try:
        return _read_json(text) if text.lstrip()[:1] in ("{", "[") else text
    except UnreadableAnswer:
        return text


def _read_json(text: str) -> object:
    try:
        return json_text.read(text) if text.strip() else None
    except json_text.JsonProblem as error:
        raise UnreadableAnswer(error.message) from error


def _read_form(text: str) -> object:
    try:
        return dict(parse_qsl(text.strip(), keep_blank_values=True, max_num_fields=1000))
    except ValueError as error:
        raise UnreadableAnswer("The form has more than 1000 fields.") from error


_READERS: Mapping[str, Callable[[str], object]] = {"json": _read_json, "form": _read_form, "text": str}


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else None
