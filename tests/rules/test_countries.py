"""Which country is meant by what."""

import pytest

from rules.countries import BY_WRITTEN, COUNTRIES, OTHER_NAMES, THREE_LETTERS, country_of_text, written


def test_every_country_has_one_code_of_three_letters() -> None:
    assert sorted(THREE_LETTERS.values()) == sorted(COUNTRIES)
    assert len(COUNTRIES) == 250  # The 249 of ISO 3166-1, and Kosovo.


@pytest.mark.parametrize("code", COUNTRIES)
def test_a_country_is_found_by_its_codes_and_its_name(code: str) -> None:
    three = next(letters for letters, meant in THREE_LETTERS.items() if meant == code)

    assert {country_of_text(text) for text in (code, code.lower(), three, COUNTRIES[code])} == {code}


def test_other_names_take_no_country_its_own() -> None:
    names = {written(name): code for code, name in COUNTRIES.items()}

    assert all(names.get(written(name), code) == code for name, code in OTHER_NAMES.items())
    assert all(BY_WRITTEN[written(name)] == code for name, code in OTHER_NAMES.items())


@pytest.mark.parametrize("text", ["", "XX", "EU", "ZZ", "SUN", "DDR", "Europe", "United", "U S A"])
def test_what_is_no_country_is_none(text: str) -> None:
    assert country_of_text(text) is None
