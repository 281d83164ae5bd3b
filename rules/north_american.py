"""The short way for phone numbers of North America: what the library for all the world says, asked once for each kind.

Most numbers that are posted are ten digits with common punctuation. Which of them exist stands in the patterns of the
library's own metadata; here they are put together into one for each region.
"""

import re
from functools import cache
from typing import NamedTuple

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberDesc

PREFIX = "+1"
PLAIN_REGIONS = ("US", "CA")
"""Regions in which ten digits, or eleven with a 1 before them, are a number as it stands."""
DIGITS = 10
# An area code begins with 2 to 9. What has an extension or letters, or begins otherwise, goes the long way.
WRITTEN = re.compile(r"(?:(\+)?1[-. ]?)?(?:\(([2-9]\d\d)\) ?|([2-9]\d\d)[-. ]?)(\d{3})[-. ]?(\d{4})", re.ASCII)


class Region(NamedTuple):
    """One region: which numbers are surely its own, if its metadata say so, and which of its numbers exist."""

    leading: re.Pattern[str] | None
    existing: re.Pattern[str]


def read_plain(text: str, region: str | None) -> str | None:
    """Return the ten digits of a number of North America that is plainly written; None for all others."""
    form = WRITTEN.fullmatch(text)
    if form is None:
        return None
    plus, bracketed, area, exchange, line = form.groups()
    return (bracketed or area) + exchange + line if plus or region in PLAIN_REGIONS else None


def exists(digits: str) -> bool:
    """Say whether ten digits are a valid number of the region that they belong to, as `is_valid_number` does."""
    for leading, existing in regions():
        if leading is None and existing.fullmatch(digits):
            return True
        if leading is not None and leading.match(digits):
            return existing.fullmatch(digits) is not None
    return False


@cache
def regions() -> tuple[Region, ...]:
    """Return the regions that share the prefix, in the library's order: the first that knows a number has it."""
    codes = COUNTRY_CODE_TO_REGION_CODE[1]
    return tuple(_read_region(found) for code in codes if (found := PhoneMetadata.metadata_for_region(code, None)))


def _read_region(metadata: PhoneMetadata) -> Region:
    kinds = (
        *(metadata.premium_rate, metadata.toll_free, metadata.shared_cost, metadata.voip, metadata.personal_number),
        *(metadata.pager, metadata.uan, metadata.voicemail, metadata.fixed_line, metadata.mobile),
    )
    every = _pattern(metadata.general_desc) or "(?!)"
    some = "|".join(pattern for kind in kinds if (pattern := _pattern(kind)))
    leading = re.compile(metadata.leading_digits) if metadata.leading_digits else None
    return Region(leading, re.compile(f"(?=(?:{every})$)(?:{some})", re.ASCII))


def _pattern(kind: PhoneNumberDesc | None) -> str | None:
    """Return the pattern of a kind of number, if it has one and ten digits are a length of it."""
    if kind is None or (kind.possible_length and DIGITS not in kind.possible_length):
        return None
    return kind.national_number_pattern
