"""Texts that strangers answered, made fit to be stored and shown."""

import re

from rules.delivery.wire import Reply
from rules.text import scalar_text

LONGEST_SAID = 300

# Control characters but tab and line feed (a database refuses U+0000, a terminal obeys the others), and those that
# turn the direction of what follows.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CHARSET = re.compile(r"charset=[\"']?([\w-]+)", re.IGNORECASE)
_CHARSETS = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "us-ascii": "cp1252", "windows-1252": "cp1252"}


def decode_text(reply: Reply, content_type: str = "") -> str:
    """Return the body as text: UTF-8, or Western European where the reply says so; what is neither is marked.

    `content_type` saves looking the header up again.
    """
    charset = _CHARSET.search(content_type or reply.header_map().get("content-type", ""))
    encoding = _CHARSETS.get(charset[1].lower(), "utf-8") if charset else "utf-8"
    return reply.body.decode(encoding, "replace").removeprefix("\ufeff")


def names_charset(content_type: str) -> bool:
    """Return whether a content type says in which character set the body is written."""
    return _CHARSET.search(content_type) is not None


def without_controls(text: str) -> str:
    """Return the text without control characters; lines stay lines."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n"))


def one_line(value: object, longest: int = LONGEST_SAID) -> str:
    """Return a scalar as one clean line of at most `longest` characters; lists and objects as nothing."""
    if value is None:
        return ""
    text = scalar_text(value) or ""
    shown = text if text.isprintable() else without_controls(text.replace("\r", " "))
    line = " ".join(shown.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
