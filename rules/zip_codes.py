"""Where the ZIP codes of the United States are, on the earth and in which state: loaded once, when somebody first asks.

Coordinates: GeoNames (geonames.org), CC BY 4.0; states: United States Postal Service. `tools/zip_codes.py` writes the
file beside this module.
"""

import sys
import zlib
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("zip_codes.bin")
TABLES = 4
EARTH_IN_KM = 6371.0088  # Mean radius, International Union of Geodesy and Geophysics.
KM_PER_MILE = 1.609344  # The international mile of 1959.


class Point(NamedTuple):
    """A point on the earth, in radians."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class ZipCodes:
    """All codes in order and, beside each, its latitude, its longitude (thousandths of a degree) and its state."""

    codes: "array[int]"
    latitudes: "array[int]"
    longitudes: "array[int]"
    states: bytes
    state_codes: tuple[str, ...]


@cache
def load_zip_codes() -> ZipCodes:
    """Return the tables of all ZIP codes; they take 0.6 MB and a few milliseconds, once."""
    packed = zlib.decompress(FILE.read_bytes())
    count, width = int.from_bytes(packed[:4], "little"), 4
    ends = [width + number * count * width for number in range(TABLES + 1)]
    codes, latitudes, longitudes, states = (from_steps(packed[start:end]) for start, end in pairwise(ends))
    letters = packed[ends[-1] :].decode()
    names = tuple(letters[at : at + 2] for at in range(0, len(letters), 2))
    return ZipCodes(codes, latitudes, longitudes, bytes(states.tolist()), names)


def from_steps(packed: bytes) -> "array[int]":
    """Return the numbers whose differences are packed."""
    steps = array("i", packed)
    if sys.byteorder == "big":
        steps.byteswap()
    return array("i", accumulate(steps))


def position_of(code: str, table: ZipCodes) -> int:
    """Return where the last code up to a five-digit one stands, -1 before the first."""
    return bisect_right(table.codes, int(code)) - 1


def point_of(code: str) -> Point | None:
    """Return where a five-digit ZIP code is; None when it does not exist or is nowhere, as military ones are."""
    table = load_zip_codes()
    at = position_of(code, table)
    if at < 0 or table.codes[at] != int(code):
        return None
    latitude, longitude = table.latitudes[at], table.longitudes[at]
    return Point(radians(latitude / 1000), radians(longitude / 1000)) if latitude or longitude else None


def state_of(code: str) -> str | None:
    """Return the state of a five-digit ZIP code, of a new one that of its neighbours with the same three digits."""
    table = load_zip_codes()
    at = position_of(code, table)
    if at < 0 or table.codes[at] // 100 != int(code) // 100:
        return None
    return table.state_codes[table.states[at]]


def kilometres_between(one: Point, other: Point) -> float:
    """Return the distance of two points along a great circle, by the haversine formula."""
    across = sin((other.latitude - one.latitude) / 2) ** 2
    along = sin((other.longitude - one.longitude) / 2) ** 2
    chord = sqrt(across + cos(one.latitude) * cos(other.latitude) * along)
    return 2 * EARTH_IN_KM * asin(min(chord, 1.0))
