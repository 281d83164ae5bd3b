"""A buyer's request from a lead: mapped, written, authorised and signed; the same bytes are signed and sent."""

import base64
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from rules.bounds import RuleError
from rules.delivery.auth import header_credential
from rules.delivery.destination import Destination
from rules.delivery.feedback import MAPPING
from rules.delivery.formats import Format, Mapped, NotWritable
from rules.delivery.headers import HeaderRefused, check_value
from rules.delivery.mapping import Entry
from rules.delivery.ping import seen_before_buying
from rules.delivery.signing import BadSecret, sign
from rules.delivery.tokens import token_request
from rules.delivery.url import BadUrl
from rules.delivery.web_address import WebAddress, with_query
from rules.delivery.wire import USER_AGENT, Headers, HttpRequest
from rules.fields import Field
from rules.logic import truthy
from rules.text import scalar_text

__all__ = ["CannotBuild", "HttpRequest", "MissingField", "Pings", "build_ping", "build_request"]

Credentials = Mapping[str, str]
View = Mapping[str, Any]
Pairs = list[tuple[str, str]]
Asked = tuple[WebAddress | None, Callable[[View], bytes]]
"""Where a request goes, and what writes its body, or its query, from what expressions may read."""


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
    (a decimal number), received_at and sent_at (ISO 8601 with milliseconds and Z), flow_name, source_name and buyer;
    after a ping also bid (a decimal number) and bid_id.
    Raises MissingField for a required field that is blank, and CannotBuild if an expression, a value, a header, the
    address or a credential prevents the request.
    """
    write = partial(_write, destination, destination.mapping, credentials)
    return _build(destination, (destination.url, write), data, offer, credentials)


def _build(destination: Destination, asked: Asked, data: View, offer: View, credentials: Credentials) -> HttpRequest:
    """Return the request that goes to an address with what is written for it."""
    view = {**data, "offer": offer}
    try:
        url, body = _address_and_body(destination, asked, view, credentials)
        headers = _headers(destination, view, offer, credentials)
        if destination.is_signed:
            secrets = _signing_secrets(destination, credentials, _moment(offer["sent_at"]))
            headers += sign(secrets, str(offer["id"]), _moment(offer["sent_at"]), body)
        return HttpRequest(destination.method, url, headers, body, _grant(destination, credentials))
    except (RuleError, NotWritable, HeaderRefused, BadSecret, BadUrl) as error:
        raise CannotBuild(str(error)) from error


def build_ping(
    destination: Destination, fields: Iterable[Field], data: View, offer: View, credentials: Credentials
) -> HttpRequest:
    """Return the request that asks a buyer for a bid; raises as `build_request` does.

    It is authorised and signed like an offer, and holds what the ping's own mapping says; without one it holds of the
    flow's `fields` those that may be seen before buying.
    """
    return Pings(fields, data, {}).build(destination, offer, credentials)


class Pings:
    """The requests that ask buyers for a bid on one lead.

    `told` is what `offer` says to all of them. What those see that have no mapping of their own is written once in each
    format: it says nothing of the offer.
    """

    def __init__(self, fields: Iterable[Field], data: View, told: View) -> None:
        self._seen, self._data, self._told = seen_before_buying(tuple(fields)), data, told
        self._written: dict[Format, bytes] = {}

    def build(self, destination: Destination, offer: View, credentials: Credentials) -> HttpRequest:
        """Return the request for one buyer, as `build_ping` does; `offer` holds what only that buyer is told."""
        ping = destination.ping
        if ping is None:
            raise CannotBuild("This connection does not say how it is asked for bids.")
        if ping.mapping is None and not _has_key_in_body(destination):
            write = partial(self._write_alike, destination.writing)
        else:
            mapping = self._seen if ping.mapping is None else ping.mapping
            write = partial(_write, destination, mapping, credentials)
        return _build(destination, (ping.url, write), self._data, {**self._told, **offer}, credentials)

    def _write_alike(self, writing: Format, view: View) -> bytes:
        """Return what was written before in this format, or write it."""
        written = self._written.get(writing)
        if written is None:
            written = self._written[writing] = writing.write(mapped_by(self._seen, view))
        return written


def build_feedback(destination: Destination, offer: View, credentials: Credentials) -> HttpRequest:
    """Return the request that tells a buyer that it lost; it holds nothing of the lead. Raises CannotBuild.

    `offer` is what `rules.delivery.feedback.told_loser` returns.
    """
    if destination.feedback is None:
        raise CannotBuild("This connection does not say where losers are told.")
    write = partial(_write, destination, MAPPING, credentials)
    return _build(destination, (destination.feedback.url, write), {}, offer, credentials)


def map_fields(destination: Destination, view: View) -> Mapped:
    """Return the buyer's fields with their values, in order; what is blank (null) is left out.

    Raises MissingField and RuleError.
    """
    return mapped_by(destination.mapping, view)


def mapped_by(mapping: Iterable[Entry], view: View) -> Mapped:
    """Return the fields that a mapping fills, as `map_fields` does."""
    mapped = []
    for entry in mapping:
        if entry.when is not None and not truthy(entry.when(view)):
            continue
        value = entry.value(view)
        if entry.is_required and _is_blank(value):
            raise MissingField(entry.name)
        if value is not None:
            mapped.append((entry.name, value))
    return mapped


def _address_and_body(
    destination: Destination, asked: Asked, view: View, credentials: Credentials
) -> tuple[str, bytes]:
    """Return where the request goes and what is in it; a key may stand in either."""
    address, write = asked
    if address is None:
        raise CannotBuild("The connection has no address that a request could go to.")
    url, written, auth = address.fill(view), write(view), destination.auth
    if destination.writing.is_query:
        url, written = with_query(url, written.decode()), b""
    if auth.kind == "key" and auth.place == "query":
        url = with_query(url, urlencode({auth.name: _credential(credentials, "key")}))
    return url, written


def _write(destination: Destination, mapping: Iterable[Entry], credentials: Credentials, view: View) -> bytes:
    """Return what a mapping fills, and a key that stands beside it, in the destination's format."""
    mapped = mapped_by(mapping, view)
    if _has_key_in_body(destination):
        mapped = [*mapped, (destination.auth.name, _credential(credentials, "key"))]
    return destination.writing.write(mapped)


def _has_key_in_body(destination: Destination) -> bool:
    return destination.auth.kind == "key" and destination.auth.place == "body"


def _headers(destination: Destination, view: View, offer: View, credentials: Credentials) -> Headers:
    """Return all headers but the signature; a destination's own Content-Type and User-Agent replace ours."""
    content_type = destination.writing.content_type
    ours = [("Content-Type", content_type)] if content_type else []
    ours += [
        ("User-Agent", USER_AGENT),
        ("Idempotency-Key", str(offer["id"])),
        ("X-Lead-Id", str(offer["lead_id"])),
    ]
    if offer["is_test"]:
        ours.append(("X-Test", "true"))
    if offer["attempt"] > 1:
        ours.append(("Lead-Attempt", str(offer["attempt"])))
    own = [(name, _header_text(value(view))) for name, value in destination.headers]
    theirs = own + _authorisation(destination, credentials)
    # Their names were checked when they were saved.
    for name, text in theirs:
        check_value(name, text)
    if own:
        taken = {name.lower() for name, _ in own}
        ours = [header for header in ours if header[0].lower() not in taken]
    return (*ours, *theirs)


def _authorisation(destination: Destination, credentials: Credentials) -> Pairs:
    """Return the headers that show who is calling; an access token is only added when the request is sent."""
    auth = destination.auth
    match auth.kind:
        case "bearer":
            return [("Authorization", f"Bearer {_credential(credentials, 'token')}")]
        case "basic":
            # RFC 7617, with the character set that it asks for.
            named = f"{auth.name}:{_credential(credentials, 'password')}"
            return [("Authorization", f"Basic {base64.b64encode(named.encode()).decode()}")]
        case "key" if auth.place == "header":
            return [(auth.name, _credential(credentials, "key"))]
    return [(name, _credential(credentials, header_credential(name))) for name in auth.headers]


def _grant(destination: Destination, credentials: Credentials) -> HttpRequest | None:
    grant = destination.auth.grant
    return token_request(grant, _credential(credentials, "client_secret")) if grant else None


def _credential(credentials: Credentials, name: str) -> str:
    secret = credentials.get(name)
    if not secret:
        shown = name.replace("header:", "secret for the header ").replace("_", " ")
        raise CannotBuild(f"The connection has no {shown}; it must be entered again.")
    return secret


def _signing_secrets(destination: Destination, credentials: Credentials, now: datetime) -> list[str]:
    """Return the secret to sign with, and after it the one that it replaces, while both are in use."""
    old, until = credentials.get("old_signing_secret"), destination.old_secret_until
    is_in_use = old and (until is None or now < until)
    return [_credential(credentials, "signing_secret"), *([old] if old and is_in_use else [])]


def _header_text(value: object) -> str:
    text = scalar_text(value)
    if text is None:
        raise HeaderRefused("The value of a header must be text, and not a list or an object.")
    return text.strip(" \t")


def _is_blank(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _moment(iso: str) -> datetime:
    return datetime.fromisoformat(iso)
