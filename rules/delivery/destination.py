"""What a connection says about one buyer: where leads go, how they are written, and how the answer is read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rules.delivery.auth import Auth, read_auth, read_signing, split_secrets
from rules.delivery.expressions import ANSWER_NAMES, read_rule, read_value
from rules.delivery.formats import FORMATS
from rules.delivery.headers import HeaderRefused, check_header, seems_secret
from rules.delivery.mapping import Entry, read_mapping
from rules.delivery.web_address import WebAddress, read_web_address
from rules.fields import Field
from rules.logic import Rule, compile_rule
from rules.problems import Problem
from rules.reading import Document, Part
from rules.values import Value

__all__ = ["REASONS", "Destination", "Ping", "parse_destination", "split_secrets"]

METHODS = ("POST", "PUT", "PATCH")
ANSWERS = ("auto", "json", "form", "text")
DEFAULT_TIMEOUT_MS = 30_000
DEFAULT_PING_TIMEOUT_MS = 3_000
MOST_HEADERS = 50

IS_2XX = {"and": [{">=": [{"var": "status"}, 200]}, {"<": [{"var": "status"}, 300]}]}

# Why a buyer that was asked can have said no.
REASONS = (
    "rejected", "duplicate", "cap_reached", "outside_hours", "missing_field", "rule_not_met", "outside_area",
    "suppressed", "compliance_missing", "below_floor", "no_funds", "paused", "credentials_expired",
)  # fmt: skip

_PATH = re.compile(r"(?:body|headers)(?:\.[^.\s]+)+|body|status")

AnswerFormat = Literal["auto", "json", "form", "text"]


@dataclass(frozen=True, slots=True)
class Ping:
    """Where a buyer is asked for a bid, and where its answer says it."""

    url: WebAddress
    mapping: tuple[Entry, ...]
    bid_path: str
    bid_id_path: str | None
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination whose document has no problem; without secrets, `credentials` names those it needs."""

    url: WebAddress
    method: str
    format: str
    timeout_ms: int
    auth: Auth
    is_signed: bool
    headers: tuple[tuple[str, Value], ...]
    mapping: tuple[Entry, ...]
    accepted_if: Rule
    price_path: str | None
    reason_path: str | None
    reference_path: str | None
    errors: frozenset[int]
    reasons: tuple[tuple[Rule, str], ...]
    answer: AnswerFormat
    price_from: Literal["step", "answer"]
    on_ambiguous: Literal["retry_same", "hold", "treat_as_declined"]
    duplicate_is_accepted: bool
    """A "duplicate" answer after an ambiguous attempt with the same key means that the first attempt was taken."""
    ping: Ping | None = field(default=None)

    @property
    def credentials(self) -> frozenset[str]:
        """Return the names of the credentials that a request needs."""
        needed = {self.auth.credential, "signing_secret" if self.is_signed else None}
        return frozenset(name for name in needed if name)


def parse_destination(
    document: object, at: str, problems: list[Problem], fields: Mapping[str, Field] | None = None
) -> Destination | None:
    """Return the destination, or None after adding every problem, with its path below `at`, to `problems`.

    `fields` are those of the flow that the mapping is for, where it is known. Problems that are warnings only do not
    prevent a destination.
    """
    reading = Document(fields=fields or {})
    part = reading.part(document, at, "a destination")
    destination = _read_destination(part) if part else None
    problems.extend(reading.problems)
    return None if any(problem.severity == "error" for problem in reading.problems) else destination


def _read_destination(part: Part) -> Destination | None:
    """Read every setting, so that all problems are found at once."""
    url, form = read_web_address(part), part.choice("format", FORMATS, "json")
    auth = read_auth(part)
    settings: dict[str, Any] = {
        "method": part.choice("method", METHODS, "POST"),
        "format": form,
        "timeout_ms": part.whole("timeout_ms", least=1000, most=60_000, default=DEFAULT_TIMEOUT_MS),
        "auth": auth,
        "is_signed": read_signing(part),
        "headers": _read_headers(part, auth),
        "mapping": read_mapping(part, nests=FORMATS[form].nests),
        "accepted_if": _read_accepted_if(part),
        **{key: _read_path(part, key) for key in ("price_path", "reason_path", "reference_path")},
        "errors": _read_statuses(part),
        "reasons": _read_reasons(part),
        "answer": part.choice("answer", ANSWERS, "auto"),
        "price_from": part.choice("price_from", ("step", "answer"), "step"),
        "on_ambiguous": part.choice("on_ambiguous", ("retry_same", "hold", "treat_as_declined"), "retry_same"),
        "duplicate_is_accepted": part.flag("duplicate_after_ambiguous_is_accepted"),
        "ping": _read_ping(part, nests=FORMATS[form].nests),
    }
    part.finish()
    return None if url is None else Destination(url=url, **settings)


def _read_accepted_if(part: Part) -> Rule:
    written = part.take("accepted_if", IS_2XX)
    return read_rule(part.document, written, part.at("accepted_if"), ANSWER_NAMES) or compile_rule(IS_2XX)


def _read_headers(part: Part, auth: Auth) -> tuple[tuple[str, Value], ...]:
    written = part.take("headers", {})
    if not isinstance(written, dict) or len(written) > MOST_HEADERS:
        part.report("headers", "not_an_object", f"“headers” must be an object of at most {MOST_HEADERS} headers.")
        return ()
    read = [(name, _read_header(part, name, text, auth)) for name, text in written.items()]
    return tuple((name, value) for name, value in read if value)


def _read_header(part: Part, name: str, text: object, auth: Auth) -> Value | None:
    path = f"headers.{name}"
    if not isinstance(text, str):
        part.report(path, "not_text", f"The value of the header {name} must be text.")
        return None
    try:
        check_header(name, text)
    except HeaderRefused as error:
        part.report(path, "bad_header", str(error))
        return None
    if name.lower() == auth.header:
        part.report(path, "set_twice", f"The header {name} is already set by the authentication.")
    elif seems_secret(name, text):
        message = f"The header {name} looks like a credential. Set it under Authentication, where it is kept encrypted."
        part.document.problems.append(Problem(part.at(path), "looks_secret", message, "warning"))
    return read_value(part.document, text, part.at(path))


def _read_path(part: Part, key: str) -> str | None:
    path = part.text(key, "", longest=200)
    if path and not _PATH.fullmatch(path):
        part.report(key, "bad_path", f"“{key}” names a place in the answer, such as body.price or headers.x-price.")
    return path or None


def _read_statuses(part: Part) -> frozenset[int]:
    written = part.take("errors", [])
    if isinstance(written, list) and all(type(status) is int and 200 <= status <= 599 for status in written):
        return frozenset(written)
    part.report("errors", "bad_statuses", "“errors” must be a list of HTTP statuses from 200 to 599.")
    return frozenset()


def _read_reasons(part: Part) -> tuple[tuple[Rule, str], ...]:
    written = part.take("reasons", [])
    if not isinstance(written, list) or len(written) > 100:
        part.report("reasons", "not_a_list", "“reasons” must be a list of at most 100 pairs [rule, reason].")
        return ()
    read = [_read_reason(part, pair, f"reasons[{position}]") for position, pair in enumerate(written)]
    return tuple(pair for pair in read if pair)


def _read_reason(part: Part, pair: Any, place: str) -> tuple[Rule, str] | None:
    if not isinstance(pair, list) or len(pair) != 2 or pair[1] not in REASONS:
        part.report(place, "bad_reason", f"A reason is [rule, reason], the reason one of {', '.join(REASONS)}.")
        return None
    rule = read_rule(part.document, pair[0], part.at(f"{place}[0]"), ANSWER_NAMES)
    return None if rule is None else (rule, pair[1])


def _read_ping(part: Part, *, nests: bool) -> Ping | None:
    inner = part.inside("ping", "a ping")
    if inner is None:
        return None
    url, mapping = read_web_address(inner), read_mapping(inner, nests=nests)
    bid_path, bid_id_path = _read_path(inner, "bid_path"), _read_path(inner, "bid_id_path")
    timeout_ms = inner.whole("timeout_ms", least=1000, most=60_000, default=DEFAULT_PING_TIMEOUT_MS)
    if bid_path is None:
        inner.report("bid_path", "missing_text", "A ping needs “bid_path”, the place of the bid in the answer.")
    inner.finish()
    return Ping(url, mapping, bid_path, bid_id_path, timeout_ms) if url and bid_path else None
