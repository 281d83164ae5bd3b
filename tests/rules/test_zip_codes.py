"""Where ZIP codes are: points, states, distances."""

import subprocess
import sys

import pytest

from rules.zip_codes import KM_PER_MILE, kilometres_between, point_of, state_of


@pytest.mark.parametrize(
    ("one", "other", "miles"),
    [
        ("94105", "94105", 0),
        ("94105", "94607", 6),  # San Francisco and Oakland
        ("94105", "94301", 27),  # and Palo Alto
        ("10001", "94105", 2564),  # New York and San Francisco
        ("33101", "96813", 4857),  # Miami and Honolulu
    ],
)
def test_two_codes_are_so_many_miles_apart_either_way(one: str, other: str, miles: int) -> None:
    here, there = point_of(one), point_of(other)

    assert here
    assert there
    assert kilometres_between(here, there) / KM_PER_MILE == pytest.approx(miles, rel=0.03, abs=0.5)
    assert kilometres_between(here, there) == kilometres_between(there, here)


@pytest.mark.parametrize("code", ["00000", "99999", "09012", "34001"])
def test_what_is_no_code_and_what_is_military_is_nowhere(code: str) -> None:
    assert point_of(code) is None


@pytest.mark.parametrize(
    ("code", "state"),
    [("00501", "NY"), ("02134", "MA"), ("96910", "GU"), ("09012", "AE"), ("94199", "CA"), ("00000", None)],
)
def test_a_code_is_in_a_state_and_a_new_one_in_that_of_its_neighbours(code: str, state: str | None) -> None:
    assert state_of(code) == state


def test_nothing_is_loaded_before_somebody_asks() -> None:
    program = (
        "import rules.logic, rules.zip_codes as zips\n"
        "print(zips.load_zip_codes.cache_info().currsize)\n"
        "from rules.operators.table import OPERATORS\n"
        "rules.logic.compile_rule({'is': [{'var': 'lead.zip'}, '94105']})\n"
        "print(zips.load_zip_codes.cache_info().currsize, len(zips.load_zip_codes().codes))"
    )

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert told[:2] == ["0", "0"]
    assert int(told[2]) > 42_000
