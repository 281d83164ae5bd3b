"""Identifiers: time-ordered UUIDs (RFC 9562, version 7), shown as 26 Crockford characters, and short public keys."""

import os
import re
import secrets
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
KINDS = ("con", "src", "flo", "lst", "chk")
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_LOW = (1 << 60) - 1
# As Python's own numbers to the base of 32 are written, so that it can read what we show; I, L and O look like digits.
_AS_BASE_32 = str.maketrans(ALPHABET + "ILO", "0123456789abcdefghijklmnopqrstuv" + "110")
_SHOWN = re.compile(r"[0-9A-HJKMNP-TV-Za-hjkmnp-tv-zILOilo]{26}\Z")

_lock = threading.Lock()
_last = [0, 0]
"""Millisecond and counter of the newest id of this process."""
_drawn: list[int] = []
os.register_at_fork(after_in_child=_drawn.clear)


class NotAnId(ValueError):
    """The text is not an identifier of this product."""


def new_id() -> UUID:
    """Return a new UUIDv7; ids made by one process are strictly increasing, also within a millisecond."""
    with _lock:
        chance = _draw()
        millis, counter = time.time_ns() // 1_000_000, chance & 0x7FF
        if millis <= _last[0]:
            millis, counter = _last[0], _last[1] + 1
            if counter > 0xFFF:
                millis, counter = millis + 1, 0
        _last[:] = millis, counter
    return _compose(millis, counter, chance >> 11)


def first_id_at(moment: datetime) -> UUID:
    """Return the smallest UUIDv7 of a moment: the bound of a monthly partition."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def made_at(identifier: UUID) -> datetime:
    """Return the moment (UTC, to the millisecond) at which an id was made."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


def show(identifier: UUID, kind: str | None = None) -> str:
    """Return an id as people and programs see it: 26 characters, with `con_`, `src_` or `flo_` in front for a kind."""
    number = identifier.int
    pairs, high, low = _PAIRS, number >> 60, number & _LOW
    # Written out, on halves that a processor takes whole, it costs half: every lead shows some ids.
    first = f"{pairs[high >> 60]}{pairs[high >> 50 & 1023]}{pairs[high >> 40 & 1023]}{pairs[high >> 30 & 1023]}"
    second = f"{pairs[high >> 20 & 1023]}{pairs[high >> 10 & 1023]}{pairs[high & 1023]}"
    third = f"{pairs[low >> 50]}{pairs[low >> 40 & 1023]}{pairs[low >> 30 & 1023]}"
    text = f"{first}{second}{third}{pairs[low >> 20 & 1023]}{pairs[low >> 10 & 1023]}{pairs[low & 1023]}"
    return f"{kind}_{text}" if kind else text


def read(text: str, kind: str | None = None) -> UUID:
    """Return the id that a text shows; raises NotAnId for anything else, also for an id of another kind."""
    bare = text.removeprefix(f"{kind}_") if kind else text
    if (kind and bare == text) or not _SHOWN.match(bare):
        raise NotAnId(text)
    number = int(bare.upper().translate(_AS_BASE_32), 32)
    if number >> 128:
        raise NotAnId(text)
    return UUID(int=number)


def new_key(length: int = 10) -> str:
    """Return a short public key for an address; not a secret."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length)).lower()


def _draw() -> int:
    """Return 73 random bits; the system is asked for many at once, because other threads take over whenever it is."""
    if not _drawn:
        block = os.urandom(10 * 256)
        _drawn.extend(int.from_bytes(block[start : start + 10]) >> 7 for start in range(0, len(block), 10))
    return _drawn.pop()


def _compose(millis: int, counter: int, tail: int) -> UUID:
    return UUID(int=millis << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | tail)
