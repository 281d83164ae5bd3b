"""Amounts of money in minor units, and in words."""

from decimal import Decimal
from typing import Any

import pytest

from rules.durations import DurationError, say_duration, seconds
from rules.logic import RuleError
from rules.money import exponent_of, money, price_in_minor, say_money


@pytest.mark.parametrize(
    ("value", "exponent", "minor"),
    [
        (42, 2, 4200),
        (Decimal("42.00"), 2, 4200),
        (42.1, 2, 4210),
        ("$1,042.50", 2, 104_250),
        (Decimal("0.005"), 2, 0),
        (Decimal("0.015"), 2, 2),
        (Decimal("0.025"), 2, 2),
        (Decimal("-0.015"), 2, -2),
        (Decimal("1.005"), 2, 100),
        (1042, 0, 1042),
        (Decimal("1.2345"), 3, 1234),
        (0, 2, 0),
    ],
)
def test_an_amount_is_rounded_half_to_even(value: Any, exponent: int, minor: int) -> None:
    assert money(value, exponent) == minor


@pytest.mark.parametrize(
    "value", [None, "", "a lot", True, [], {}, float("nan"), Decimal("Infinity"), 10**12, "12.5.1"]
)
def test_what_is_no_amount_is_an_error(value: Any) -> None:
    with pytest.raises(RuleError):
        money(value)


def test_a_price_is_not_below_zero() -> None:
    assert [price_in_minor(value) for value in (0, "0.00", Decimal("-0.001"), 42)] == [0, 0, 0, 4200]
    with pytest.raises(RuleError, match="“-20” is no price: it is below zero"):
        price_in_minor(-20)


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (4200, "USD", "$42.00"),
        (104_250, "USD", "$1,042.50"),
        (-5, "EUR", "\N{MINUS SIGN}€0.05"),
        (5, "GBP", "£0.05"),
        (1042, "JPY", "1,042 JPY"),
        (1234, "KWD", "1.234 KWD"),
        (0, "CHF", "0.00 CHF"),
    ],
)
def test_an_amount_is_said_with_its_currency(minor: int, currency: str, said: str) -> None:
    assert say_money(minor, currency) == said


@pytest.mark.parametrize(("currency", "exponent"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("ISK", 0), ("CHF", 2)])
def test_currencies_have_as_many_decimals_as_iso_4217_says(currency: str, exponent: int) -> None:
    assert exponent_of(currency) == exponent


@pytest.mark.parametrize(
    ("text", "span", "said"),
    [
        ("15m", 900, "15 minutes"),
        ("24h", 86_400, "24 hours"),
        ("30d", 2_592_000, "30 days"),
        ("2w", 1_209_600, "2 weeks"),
        ("1s", 1, "1 second"),
        (" 5 m ", 300, "5 minutes"),
    ],
)
def test_a_duration_is_read_and_said(text: str, span: int, said: str) -> None:
    assert (seconds(text), say_duration(text)) == (span, said)


@pytest.mark.parametrize("text", ["", "30", "d", "-5m", "0m", "1.5h", "5y", "5m 3s", "123456d", 30, None, ["1d"]])
def test_what_is_no_duration_is_an_error(text: Any) -> None:
    with pytest.raises(DurationError):
        seconds(text)
