"""Made-up personal data that can be recognised anywhere, and places in which it must not be found.

Every value holds a mark with its number, in a form that survives upper case, percent signs and JSON; phones are known
by their digits, however they are written.
"""

import base64
import binascii
import re
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, cast

from redis import Redis

from tests.support.processes import processes_of

MARK = re.compile(rb"cnry[a-z](?:[a-z]{4})", re.IGNORECASE)
# Two digits before it are no country's code: 1795909646.3912947 is a moment.
PHONE = re.compile(rb"(?<!\d\d)646\D{0,3}(300)\D{0,3}(\d{4})(?!\d)")
ZLIB = (b"x\x9c", b"x\x01", b"x\xda")
BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")


@dataclass
class Canaries:
    """Makes values that were never used before and remembers them."""

    made: list[str] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))

    def email(self) -> str:
        """Return an address."""
        return self._keep(f"{self._mark('e')}@example.com")

    def phone(self) -> str:
        """Return a number in New York."""
        number = 3_000_000 + next(self._numbers)
        return self._keep(f"(646) {number // 10_000}-{number % 10_000:04}")

    def name(self) -> str:
        """Return a first or last name."""
        return self._keep(self._mark("n").title())

    def text(self) -> str:
        """Return an address, a remark, or whatever else people write."""
        return self._keep(f"17 {self._mark('t').title()} Street, Apt. 4")

    def url(self) -> str:
        """Return an address of a page about somebody."""
        return self._keep(f"https://example.com/{self._mark('u')}?who={self._mark('u')}")

    def word(self) -> str:
        """Return one word without spaces, for headers and keys."""
        return self._keep(self._mark("w"))

    def _mark(self, kind: str) -> str:
        number, letters = next(self._numbers), ""
        for _ in range(4):
            number, rest = divmod(number, 26)
            letters = chr(ord("a") + rest) + letters
        return f"cnry{kind}{letters}"

    def _keep(self, text: str) -> str:
        self.made.append(text)
        return text


def found_in(raw: bytes | str) -> set[str]:
    """Return the marks and phones that stand in some bytes, also inside what is compressed or in base64 in them."""
    whole = raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else raw
    found = set[str]()
    decoded = b"\n".join(_decoded(whole))
    for text in (whole, decoded, *_inflated(whole), *_inflated(decoded)):
        found |= {mark.decode().lower() for mark in MARK.findall(text)}
        found |= {f"646{middle.decode()}{last.decode()}" for middle, last in PHONE.findall(text)}
    return found


def found_in_valkey(redis: Redis) -> set[str]:
    """Return what stands in any key of Valkey: its name, and what it holds, of whatever type."""
    return set().union(*(found_in(text) for key in redis.scan_iter(count=1000) for text in (key, *_held(redis, key))))


def found_in_files(folder: Path) -> set[str]:
    """Return what stands in any file of a folder."""
    return set().union(*(found_in(path.read_bytes()) for path in folder.rglob("*") if path.is_file()))


def found_in_processes(home: Path) -> set[str]:
    """Return what stands in the titles of the processes of a home."""
    return found_in("\n".join(processes_of(home).values()))


class Commands(threading.Thread):
    """Hears every command that Valkey is given."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(daemon=True)
        self.heard: list[str] = []
        self._monitor = redis.monitor()
        self._monitor.__enter__()

    def run(self) -> None:
        """Listen until the connection is closed."""
        try:
            for command in self._monitor.listen():
                self.heard.append(str(command["command"]))
        except Exception:  # noqa: BLE001 - however the connection ends, nothing more is heard
            return

    def close(self) -> None:
        """Hear no more."""
        connection = self._monitor.connection
        if connection is not None and connection._sock is not None:
            connection._sock.shutdown(2)
        self.join(60)


def _held(redis: Redis, key: bytes) -> Iterator[bytes]:
    kind = cast("bytes", redis.type(key))
    match kind:
        case b"string":
            yield cast("bytes", redis.get(key)) or b""
        case b"hash":
            yield from _flat(cast("dict[bytes, bytes]", redis.hgetall(key)).items())
        case b"list":
            yield from cast("list[bytes]", redis.lrange(key, 0, -1))
        case b"set":
            yield from cast("set[bytes]", redis.smembers(key))
        case b"zset":
            yield from cast("list[bytes]", redis.zrange(key, 0, -1))
        case b"stream":
            for _, entry in cast("list[Any]", redis.xrange(key)):
                yield from _flat(entry.items())


def _flat(pairs: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for pair in pairs:
        yield from pair


def _decoded(raw: bytes) -> Iterator[bytes]:
    for run in BASE64.findall(raw):
        with suppress(binascii.Error):
            yield base64.b64decode(run + b"=" * (-len(run) % 4))


def _inflated(raw: bytes) -> Iterator[bytes]:
    for start in ZLIB:
        at = raw.find(start)
        while at >= 0:
            with suppress(zlib.error):
                yield zlib.decompressobj().decompress(raw[at:], 10_000_000)
            at = raw.find(start, at + 1)
