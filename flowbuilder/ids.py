"""Identifiers: time-ordered UUIDs (RFC 9562, version 7), shown as 26 Crockford characters, and short public keys."""

import os
import re
import secrets
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
KINDS = ("con", "src", "flo")
_VALUES = {char: value for value, char in enumerate(ALPHABET)} | {"I": 1, "L": 1, "O": 0}
_SHOWN = re.compile(r"[0-9A-HJKMNP-TV-Za-hjkmnp-tv-zILOilo]{26}\Z")

_lock = threading.Lock()
_last = [0, 0]
"""Millisecond and counter of the newest id of this process."""


class NotAnId(ValueError):
    """The text is not an identifier of this product."""


def new_id() -> UUID:
    """Return a new UUIDv7; ids made by one process are strictly increasing, also within a millisecond."""
    with _lock:
        millis, counter = time.time_ns() // 1_000_000, secrets.randbits(11)
        if millis <= _last[0]:
            millis, counter = _last[0], _last[1] + 1
            if counter > 0xFFF:
                millis, counter = millis + 1, 0
        _last[:] = millis, counter
    return _compose(millis, counter, int.from_bytes(os.urandom(8)) >> 2)


def first_id_at(moment: datetime) -> UUID:
    """Return the smallest UUIDv7 of a moment: the bound of a monthly partition."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def made_at(identifier: UUID) -> datetime:
    """Return the moment (UTC, to the millisecond) at which an id was made."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


def show(identifier: UUID, kind: str | None = None) -> str:
    """Return an id as people and programs see it: 26 characters, with `con_`, `src_` or `flo_` in front for a kind."""
    number = identifier.int
    text = "".join(ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
    return f"{kind}_{text}" if kind else text


def read(text: str, kind: str | None = None) -> UUID:
    """Return the id that a text shows; raises NotAnId for anything else, also for an id of another kind."""
    bare = text.removeprefix(f"{kind}_") if kind else text
    if (kind and bare == text) or not _SHOWN.match(bare):
        raise NotAnId(text)
    number = 0
    for char in bare.upper():
        number = number << 5 | _VALUES[char]
    if number >> 128:
        raise NotAnId(text)
    return UUID(int=number)


def new_key(length: int = 10) -> str:
    """Return a short public key for an address; not a secret."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length)).lower()


def _compose(millis: int, counter: int, tail: int) -> UUID:
    return UUID(int=millis << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | tail)
