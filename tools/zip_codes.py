"""Writes rules/zip_codes.bin, where the ZIP codes of the United States are, from the PyPI package `zipcodes`.

The file is zlib-compressed: how many codes there are and then five tables of little-endian integers, each but the last
as steps from one code to the next: the codes themselves, latitudes and longitudes in thousandths of a degree, which
state of the state list a code is in, and the state list, two letters each. A code that is nowhere has 0, 0.
"""

import sys
import zlib
from array import array
from pathlib import Path

import zipcodes

TARGET = Path(__file__).resolve().parent.parent / "rules" / "zip_codes.bin"


def main() -> None:
    """Write the file and say what is in it."""
    rows = sorted(zipcodes.list_all(), key=lambda row: row["zip_code"])
    states = sorted({row["state"] for row in rows})
    tables = (
        [int(row["zip_code"]) for row in rows],
        [thousandths(row["lat"]) for row in rows],
        [thousandths(row["long"]) for row in rows],
        [states.index(row["state"]) for row in rows],
    )
    packed = b"".join(map(in_steps, ([len(rows)], *tables))) + "".join(states).encode()
    TARGET.write_bytes(zlib.compress(packed, 9))
    print(f"{len(rows):,} ZIP codes of {len(states)} states, {TARGET.stat().st_size:,} bytes.")


def thousandths(degrees: str) -> int:
    """Return degrees as whole thousandths, about a hundred metres."""
    return round(float(degrees) * 1000)


def in_steps(numbers: list[int]) -> bytes:
    """Return numbers as 32-bit differences between each and the one before it, the first from zero."""
    steps = array("i", [after - before for before, after in zip([0, *numbers], numbers, strict=False)])
    if sys.byteorder == "big":
        steps.byteswap()
    return steps.tobytes()


if __name__ == "__main__":
    main()
