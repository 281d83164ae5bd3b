"""Which header names and values a destination may set by itself."""

import re

# What frames a message, belongs to one hop, or would speak for somebody else; and what every request carries anyway.
RESERVED = frozenset({
    "accept-encoding", "connection", "content-encoding", "content-length", "cookie", "expect", "forwarded", "host",
    "idempotency-key", "keep-alive", "lead-attempt", "te", "trailer", "transfer-encoding", "upgrade", "via",
    "webhook-id", "webhook-signature", "webhook-timestamp", "x-lead-id", "x-real-ip", "x-test", "x-webhook-signature",
})  # fmt: skip
RESERVED_PREFIXES = ("proxy-", "x-forwarded-")
LONGEST_VALUE = 4096

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SECRET_NAME = re.compile(r"auth|api-?key|secret|token|password", re.IGNORECASE)


class HeaderRefused(ValueError):
    """The header may not be sent; its message says why."""


def check_header(name: str, value: str) -> None:
    """Raise HeaderRefused for a name that is reserved or no name (RFC 9110), or a value that could begin a new line."""
    check_name(name)
    check_value(name, value)


def check_value(name: str, value: str) -> None:
    """Raise HeaderRefused for a value that could begin a new line, or is too long."""
    if _CONTROL.search(value):
        raise HeaderRefused(f"The value of the header {name} holds a line break or another control character.")
    if len(value) > LONGEST_VALUE:
        raise HeaderRefused(f"The value of the header {name} is longer than {LONGEST_VALUE} characters.")


def check_name(name: str) -> None:
    """Raise HeaderRefused for a header name that a destination may not set."""
    if not _NAME.fullmatch(name):
        raise HeaderRefused("A header name holds only letters, digits and - and is at most 100 characters long.")
    if name.lower() in RESERVED or name.lower().startswith(RESERVED_PREFIXES):
        raise HeaderRefused(f"The header {name} is set by Flowbuilder or by the connection itself.")


def seems_secret(name: str, value: str) -> bool:
    """Return True if a fixed value under such a name is probably a credential."""
    return bool(_SECRET_NAME.search(name)) and bool(value.strip()) and "{{" not in value
