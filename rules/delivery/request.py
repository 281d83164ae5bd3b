"""A buyer's request from a lead: mapped, written, authorised and signed; the same bytes are signed and sent."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rules.bounds import RuleError
from rules.delivery.destination import Destination
from rules.delivery.formats import FORMATS, Mapped
from rules.delivery.headers import HeaderRefused, check_header
from rules.delivery.signing import BadSecret, sign
from rules.delivery.url import BadUrl
from rules.delivery.wire import Headers, HttpRequest
from rules.text import scalar_text

__all__ = ["CannotBuild", "HttpRequest", "MissingField", "build_request"]

Credentials = Mapping[str, str]
View = Mapping[str, Any]

USER_AGENT = "Flowbuilder"


class CannotBuild(Exception):
    """No request can be made from this lead; the buyer is not asked. The message says what stands in the way."""


class MissingField(CannotBuild):
    """A field that the buyer requires is blank; `field` is the buyer's name for it."""

    def __init__(self, field: str) -> None:
        super().__init__(f"The buyer requires “{field}”, which is blank for this lead.")
        self.field = field


def build_request(destination: Destination, data: View, offer: View, credentials: Credentials) -> HttpRequest:
    """Return the request for one offer.

    `data` holds the namespaces of the run (lead, source, flow …). `offer` holds id, lead_id, attempt, is_test, price
    (a decimal number), received_at and sent_at (ISO 8601 with milliseconds and Z), flow_name, source_name and buyer.
    Raises MissingField for a required field that is blank, and CannotBuild if an expression, a header, the address or
    a credential prevents the request.
    """
    view = {**data, "offer": offer}
    try:
        form = FORMATS[destination.format]
        body = form.write(map_fields(destination, view))
        own = {name: _header_text(value(view)) for name, value in destination.headers}
        headers = _headers(destination, form.content_type, own, offer, credentials)
        if destination.is_signed:
            headers += sign(_signing_secrets(credentials), str(offer["id"]), _moment(offer["sent_at"]), body)
        return HttpRequest(destination.method, destination.url.fill(view), headers, body)
    except (RuleError, HeaderRefused, BadSecret, BadUrl) as error:
        raise CannotBuild(str(error)) from error


def map_fields(destination: Destination, view: View) -> Mapped:
    """Return the buyer's fields with their values, in order; what is blank (null) is left out.

    Raises MissingField and RuleError.
    """
    mapped = []
    for entry in destination.mapping:
        if not entry.is_sent(view):
            continue
        value = entry.value(view)
        if entry.is_required and _is_blank(value):
            raise MissingField(entry.name)
        if value is not None:
            mapped.append((entry.name, value))
    return mapped


def _headers(
    destination: Destination, content_type: str, own: Mapping[str, str], offer: View, credentials: Credentials
) -> Headers:
    """Return all headers but the signature; a destination's own Content-Type and User-Agent replace ours."""
    taken = {name.lower() for name in own}
    ours = [
        ("Content-Type", content_type),
        ("User-Agent", USER_AGENT),
        ("Idempotency-Key", str(offer["id"])),
        ("X-Lead-Id", str(offer["lead_id"])),
    ]
    if offer["is_test"]:
        ours.append(("X-Test", "true"))
    if offer["attempt"] > 1:
        ours.append(("Lead-Attempt", str(offer["attempt"])))
    theirs = [*own.items(), *_authorisation(destination, credentials)]
    for name, text in theirs:
        check_header(name, text)
    return tuple([(name, text) for name, text in ours if name.lower() not in taken] + theirs)


def _authorisation(destination: Destination, credentials: Credentials) -> list[tuple[str, str]]:
    auth = destination.auth
    if auth.credential is None:
        return []
    secret = _credential(credentials, auth.credential)
    if auth.kind == "basic":
        # RFC 7617, with the character set that it asks for.
        return [("Authorization", f"Basic {base64.b64encode(f'{auth.name}:{secret}'.encode()).decode()}")]
    return [("Authorization", f"Bearer {secret}") if auth.kind == "bearer" else (auth.name, secret)]


def _credential(credentials: Credentials, name: str) -> str:
    secret = credentials.get(name)
    if not secret:
        raise CannotBuild(f"The connection has no {name.replace('_', ' ')}; it must be entered again.")
    return secret


def _signing_secrets(credentials: Credentials) -> list[str]:
    """Return the secret to sign with, and after it the one that it replaces, while both are in use."""
    old = credentials.get("old_signing_secret")
    return [_credential(credentials, "signing_secret"), *([old] if old else [])]


def _header_text(value: object) -> str:
    text = scalar_text(value)
    if text is None:
        raise HeaderRefused("The value of a header must be text, and not a list or an object.")
    return text.strip(" \t")


def _is_blank(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _moment(iso: str) -> datetime:
    return datetime.fromisoformat(iso)
