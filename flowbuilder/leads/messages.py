"""Requests to buyers and their answers as a page shows them: a first line, headers, and the body if it may be seen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flowbuilder.leads.people import HIDDEN

MAIL, INBOX = "MAIL", "INBOX"
"""What is kept as the method of what was no web request."""


@dataclass(frozen=True)
class Message:
    """One request or answer; `body` is None where it is hidden, because it may hold personal data."""

    first_line: str
    headers: tuple[str, ...]
    body: str | None


def request_shown(stored: Mapping[str, Any] | None, *, in_full: bool) -> Message | None:
    """Return a stored request; its secrets were masked when it was stored."""
    if not stored:
        return None
    address, method = str(stored.get("url", "")), stored.get("method", "POST")
    if method == MAIL:
        # Its subject is made of the lead's values.
        headers = {name: text if in_full else HIDDEN for name, text in stored.get("headers") or ()}
        return Message(f"Mail to {address}", _header_lines({"headers": headers}), _body(stored, in_full))
    if method == INBOX:
        return Message("In the inbox", (), _body(stored, in_full))
    first_line = f"{method} {address if in_full else address.partition('?')[0]}"
    return Message(first_line, _header_lines(stored), _body(stored, in_full))


def reply_shown(stored: Mapping[str, Any] | None, *, in_full: bool) -> Message | None:
    """Return a stored answer."""
    if not stored:
        return None
    return Message(str(stored.get("status", "")), _header_lines(stored), _body(stored, in_full))


def _body(stored: Mapping[str, Any], in_full: bool) -> str | None:
    body = stored.get("body")
    if not body:
        return ""
    return str(body) if in_full else None


def _header_lines(stored: Mapping[str, Any]) -> tuple[str, ...]:
    headers = stored.get("headers") or {}
    pairs: Iterable[tuple[str, str]] = headers.items() if isinstance(headers, Mapping) else headers
    return tuple(f"{name}: {value}" for name, value in pairs)
