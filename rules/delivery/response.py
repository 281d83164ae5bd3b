"""A buyer's answer from its reply: accepted, declined, an error, or ambiguous, and why."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from rules.bounds import RuleError
from rules.delivery.answers import Answers, Path
from rules.delivery.bodies import UnreadableAnswer, read_body, read_text
from rules.delivery.destination import Destination
from rules.delivery.masking import mask
from rules.delivery.texts import decode_text, one_line
from rules.delivery.wire import Reply
from rules.logic import truthy
from rules.money import LARGEST
from rules.numbers import as_number
from rules.operators.variables import look_up

__all__ = ["Answer", "Reply", "read_answer", "read_body"]

Kind = Literal["accepted", "declined", "error", "ambiguous"]

# Statuses of a server that surely did not take the lead, and may later. Those above 511, here and below, are in no
# registry and in wide use by one large gateway: with these it says that it did not reach the server behind it.
ERRORS = frozenset({408, 425, 429, 500, 503, 521, 523, 525, 526})
# Statuses of a gateway that heard nothing in time from the server behind it, which may have taken the lead.
AMBIGUOUS = frozenset({502, 504, 520, 522, 524})
UNREADABLE = "could not read the answer"
LONGEST_RETRY_AFTER = 3600
LONGEST_SEARCHED = 4000
"""Characters of a body in which the words of a reason are looked for."""


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
    status = reply.status
    if status in ERRORS or status in destination.answers.errors:
        return Answer("error", "error", f"the server answered {status}", retry_after=read_retry_after(reply))
    if status in AMBIGUOUS:
        return Answer("ambiguous", "unknown", f"a gateway answered {status}")
    if 300 <= status < 400:
        return Answer("declined", "rejected", f"redirects are not followed ({status})")
    try:
        return _judge(destination.answers, reply)
    except RuleError as error:
        # The lead may have been taken: neither a yes nor a no can be made of a rule that failed.
        return Answer("ambiguous", "unknown", one_line(f"{UNREADABLE}: {error.message}"))


def without_secrets(answer: Answer, secrets: Mapping[str, str]) -> Answer:
    """Return the answer with every secret masked that the buyer's words repeat."""
    if not secrets or not (answer.said or answer.reference or answer.notes):
        return answer
    said, reference, *notes = (mask(text, secrets) for text in (answer.said, answer.reference or "", *answer.notes))
    return replace(answer, said=said, reference=reference or None, notes=tuple(notes))


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


def _judge(answers: Answers, reply: Reply) -> Answer:
    seen, text, unreadable = look_into(reply, answers.format)
    if unreadable and answers.needs_body:
        return Answer("declined", "rejected", UNREADABLE, notes=(unreadable,))
    said = one_line(at(seen, answers.reason_path))
    reference = one_line(at(seen, answers.reference_path), longest=200) or None
    seen["said"] = said or text[:LONGEST_SEARCHED]
    if reply.status < 500 and truthy(answers.accepted_if(seen)):
        price, notes = read_price(at(seen, answers.price_path))
        return Answer("accepted", None, said, price, reference, notes=notes)
    return Answer("declined", _reason(answers, seen), said or say_status(reply.status), reference=reference)


def look_into(reply: Reply, form: str) -> tuple[dict[str, Any], str, str]:
    """Return what paths and rules see of a reply, its text, and why its body cannot be read if it cannot."""
    headers = reply.header_map()
    seen: dict[str, Any] = {"status": reply.status, "headers": headers, "body": None, "said": ""}
    content_type = headers.get("content-type", "").lower()
    text = decode_text(reply, content_type)
    try:
        seen["body"] = read_text(reply, text, content_type, form)
    except UnreadableAnswer as error:
        return seen, text, one_line(error) or UNREADABLE
    return seen, text, ""


def read_price(value: object) -> tuple[Decimal | None, tuple[str, ...]]:
    """Return the price that a value says, and what has to be said about one that is not used."""
    if value is None or value == "":
        return None, ()
    number = as_number(value)
    if number is None or not 0 <= number < LARGEST:
        return None, (f"The price in the answer was not used: {one_line(value, 60) or 'not a number'}.",)
    return Decimal(number), ()


def _reason(answers: Answers, seen: Mapping[str, Any]) -> str:
    """Return the code of the first reason whose rule is true; a rule that fails does not undo a clear no."""
    for rule, reason in answers.reasons:
        with suppress(RuleError):
            if truthy(rule(seen)):
                return reason
    return "rejected"


def say_status(status: int) -> str:
    """Return in words that a server answered with a status that is no yes."""
    if status in (401, 403):
        return f"your key was not accepted ({status})"
    return f"the server answered {status}"


def at(seen: Mapping[str, Any], path: Path | None) -> object:
    """Return what stands at a path in a reply, None for no path and where nothing stands."""
    return look_up(seen, path) if path else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else None
