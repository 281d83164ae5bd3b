"""Which country is meant by what."""

import pytest
from babel import Locale

from rules.countries import (
    CODES,
    OTHER_NAMES,
    codes_by_three_letters,
    codes_by_written,
    countries,
    country_of_text,
    written,
)

# Two-letter codes of the repository that are no countries: groups of them, islands without a code, made-up places.
NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}


def test_the_codes_are_those_of_the_repository() -> None:
    two_letters = {code for code in Locale("en").territories if len(code) == 2 and code.isalpha()}
    assert two_letters - NO_COUNTRIES == CODES


def test_every_country_has_one_code_of_three_letters() -> None:
    assert sorted(codes_by_three_letters().values()) == list(countries())
    assert len(CODES) == 250  # The 249 of ISO 3166-1, and Kosovo.


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_country_is_found_by_its_codes_and_its_name(code: str) -> None:
    three = next(letters for letters, meant in codes_by_three_letters().items() if meant == code)

    assert {country_of_text(text) for text in (code, code.lower(), three, countries()[code])} == {code}


def test_other_names_take_no_country_its_own() -> None:
    names = {written(name): code for code, name in countries().items()}

    assert all(names.get(written(name), code) == code for name, code in OTHER_NAMES.items())
    assert all(codes_by_written()[written(name)] == code for name, code in OTHER_NAMES.items())


@pytest.mark.parametrize("text", ["", "XX", "EU", "ZZ", "SUN", "DDR", "Europe", "United", "U S A"])
def test_what_is_no_country_is_none(text: str) -> None:
    assert country_of_text(text) is None
