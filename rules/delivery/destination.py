"""What a connection says about one buyer: where leads go, how they are written, and how the answer is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from rules.breaker import Limits, read_limits
from rules.delivery.answers import REASONS, Answers, read_answers
from rules.delivery.auth import Auth, read_auth, read_signing, split_secrets
from rules.delivery.consent import Consent, read_consent
from rules.delivery.expressions import read_value
from rules.delivery.feedback import Feedback, read_feedback
from rules.delivery.formats import FORMATS, Format, xml
from rules.delivery.headers import HeaderRefused, check_header, seems_secret
from rules.delivery.mail import MailSettings, read_mail
from rules.delivery.mapping import Entry, read_mapping
from rules.delivery.methods import DELIVERY_METHODS, Method, read_methods, read_notice, report_methods
from rules.delivery.ping import Ping, read_ping
from rules.delivery.presets import IS_2XX
from rules.delivery.web_address import WebAddress, read_web_address
from rules.fields import Field
from rules.fields.moment import read_moment
from rules.problems import Problem
from rules.reading import Document, Part
from rules.retry import OnAmbiguous
from rules.suppressing import read_pairs
from rules.values import Value

__all__ = ["IS_2XX", "METHODS", "REASONS", "Destination", "Ping", "parse_destination", "split_secrets"]

METHODS = ("POST", "PUT", "PATCH", "GET")
DEFAULT_TIMEOUT_MS = 30_000
MOST_AT_ONCE = 256
"""How many calls of a worker may be on their way to a buyer at the same time; a connection may say fewer."""
MOST_HEADERS = 50


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination whose document has no problem; without secrets, `credentials` names those it needs.

    The first method of `deliver_by` decides an offer, the others get copies. `url` is there where one is a webhook,
    `mail` where one is email; `concurrency` is how many calls go there at once, `notice` who is told of leads in the
    inbox, if anybody is.
    """

    url: WebAddress | None
    method: str
    format: str
    writing: Format
    timeout_ms: int
    concurrency: int
    auth: Auth
    is_signed: bool
    old_secret_until: datetime | None
    """Until when an older signing secret signs beside the new one."""
    headers: tuple[tuple[str, Value], ...]
    mapping: tuple[Entry, ...]
    answers: Answers
    on_ambiguous: OnAmbiguous
    duplicate_is_accepted: bool
    """A "duplicate" answer after an ambiguous attempt with the same key means that the first attempt was taken."""
    breaker: Limits | None
    """When leads stop going there because too many calls failed; None never."""
    ping: Ping | None = field(default=None)
    feedback: Feedback | None = None
    deliver_by: tuple[Method, ...] = ("webhook",)
    mail: MailSettings | None = None
    notice: str = ""
    time_zone: str | None = None
    """Where the buyer is: its hours are read by this clock where they name no other."""
    consent: Consent | None = None
    suppress: tuple[tuple[str, str], ...] = ()
    """Stored lists of people that it must not be offered, each with the field that is looked for in it."""

    @property
    def decides_by(self) -> Method:
        """Return the method whose answer decides an offer."""
        return self.deliver_by[0]

    @property
    def copies(self) -> tuple[Method, ...]:
        """Return the methods that get a copy of what was taken."""
        return self.deliver_by[1:]

    @property
    def credentials(self) -> frozenset[str]:
        """Return the names of the credentials that a request needs."""
        return frozenset([*self.auth.credentials, *(["signing_secret"] if self.is_signed else [])])

    @property
    def price_from(self) -> Literal["step", "answer"]:
        """Return whether the step or the buyer's answer sets the price."""
        return self.answers.price_from


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


def _read_breaker(part: Part, methods: Sequence[Method]) -> Limits | None:
    """Return when a buyer is left alone: one that is called itself, as mails go to the mail server of the house."""
    limits = read_limits(part)
    return limits if methods[:1] == ("webhook",) or part.has("ping") else None


def _read_destination(part: Part) -> Destination | None:
    """Read every setting, so that all problems are found at once."""
    form, writing = _read_format(part)
    methods, mail = read_methods(part, form), read_mail(part)
    url = read_web_address(part) if "webhook" in methods or part.has("url") else None
    auth = read_auth(part)
    in_body = [auth.name] if auth.kind == "key" and auth.place == "body" else []
    mapping = read_mapping(part, writing, in_body)
    _report_method(part, writing, auth)
    _report_query_clashes(part, [entry.name for entry in mapping], url, writing, auth)
    settings: dict[str, Any] = {
        "method": part.choice("method", METHODS, "POST"),
        "timeout_ms": part.whole("timeout_ms", least=1000, most=60_000, default=DEFAULT_TIMEOUT_MS),
        "concurrency": part.whole("concurrency", least=1, most=MOST_AT_ONCE, default=MOST_AT_ONCE),
        "is_signed": read_signing(part),
        "old_secret_until": _read_until(part),
        "headers": _read_headers(part, auth),
        "answers": read_answers(part),
        "on_ambiguous": part.choice("on_ambiguous", get_args(OnAmbiguous), "retry_same"),
        "duplicate_is_accepted": part.flag("duplicate_after_ambiguous_is_accepted"),
        "breaker": _read_breaker(part, methods),
        "ping": read_ping(part, writing, in_body),
        "feedback": read_feedback(part),
        "deliver_by": methods,
        "mail": mail,
        "notice": read_notice(part),
        "time_zone": part.zone() if part.has("time_zone") else None,
        "consent": read_consent(part),
        "suppress": tuple(read_pairs(part, part.document.fields or None)),
    }
    report_methods(part, methods, mail)
    part.finish()
    if url is None and "webhook" in methods:
        return None
    return Destination(url=url, format=form, writing=writing, auth=auth, mapping=mapping, **settings)


def _read_format(part: Part) -> tuple[str, Format]:
    """Return the name of the format, and the format with the settings that only it has."""
    form = part.choice("format", (*FORMATS, *(method for method in DELIVERY_METHODS if method != "webhook")), "json")
    root = part.text("xml_root", xml.DEFAULT_ROOT, longest=200)
    if not xml.ELEMENT.fullmatch(root):
        message = "The root element begins with a letter or _ and holds only letters, digits, - and _."
        part.report("xml_root", "bad_name", message)
    elif form == "xml":
        return form, xml.below(root)
    return form, FORMATS.get(form, FORMATS["form"])


def _report_method(part: Part, writing: Format, auth: Auth) -> None:
    method = part.settings.get("method", "POST")
    if method == "GET" and not writing.is_query:
        part.report("method", "needs_query", "GET has no body: choose the format query, or another method.")
    if method in ("PUT", "PATCH") and writing.is_query:
        part.report("method", "needs_body", f"{method} needs a body: choose another format, or GET or POST.")
    if auth.kind == "key" and auth.place == "body" and writing.is_query:
        part.report("auth.in", "no_body", "There is no body to put the key in: put it in the query or in a header.")


def _report_query_clashes(part: Part, names: list[str], url: WebAddress | None, writing: Format, auth: Auth) -> None:
    """Report what would stand in the query twice."""
    there = url.query_names if url else frozenset()
    mapped = {*names} if writing.is_query else set()
    for name in sorted(mapped & there):
        part.report("mapping", "mapped_twice", f"Their field “{name}” already stands in the query of the address.")
    if auth.kind == "key" and auth.place == "query" and auth.name in mapped | there:
        part.report("auth.name", "mapped_twice", f"“{auth.name}” already stands in the query.")


def _read_until(part: Part) -> datetime | None:
    written = part.take("old_secret_until")
    until = read_moment(written)
    if written is not None and until is None:
        part.report("old_secret_until", "not_a_time", "“old_secret_until” must be a time with its zone.")
    return until


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
    if name.lower() in auth.header_names:
        part.report(path, "set_twice", f"The header {name} is already set by the authentication.")
    elif seems_secret(name, text):
        message = f"The header {name} looks like a credential. Set it under Authentication, where it is kept encrypted."
        part.document.problems.append(Problem(part.at(path), "looks_secret", message, "warning"))
    return read_value(part.document, text, part.at(path))
