from decimal import Decimal
from typing import Any

import pytest

from flowbuilder.editor.panels.kinds_of_text import (
    DURATIONS,
    MONEY,
    PRICE,
    TIME,
    WORKED_OUT,
    ZONE,
    Line,
    Unreadable,
    duration_in_seconds,
    in_seconds,
    whole,
)
from flowbuilder.editor.panels.mix_fields import SHARES

SECONDS, LENGTH, BUYERS = in_seconds(Decimal("0.1"), 10), duration_in_seconds(1, 60), whole(1, 20)


@pytest.mark.parametrize(
    ("line", "typed", "value", "shown"),
    [
        (MONEY, "42", Decimal(42), "42.00"),
        (MONEY, "$1,042.50", Decimal("1042.50"), "1042.50"),
        (MONEY, "42.00 USD", Decimal(42), "42.00"),
        (MONEY, "1,042", Decimal(1042), "1042.00"),
        (MONEY, "42.", Decimal(42), "42.00"),
        (MONEY, ".5", Decimal("0.5"), "0.50"),
        (PRICE, "42", Decimal(42), "42.00"),
        (PRICE, "lead.price", {"var": "lead.price"}, "lead.price"),
        (PRICE, '{"*":[{"var":"lead.bill"},2]}', {"*": [{"var": "lead.bill"}, 2]}, '{"*":[{"var":"lead.bill"},2]}'),
        (WORKED_OUT, "lead.city | upper", {"upper": [{"var": "lead.city"}]}, "lead.city | upper"),
        (WORKED_OUT, "ACME-77", "ACME-77", "ACME-77"),
        (BUYERS, "3", 3, "3"),
        (BUYERS, "20.00", 20, "20"),
        (SECONDS, "3", 3000, "3"),
        (SECONDS, "0,5", 500, "0.5"),
        (LENGTH, "30", "30s", "30"),
        (DURATIONS, "5s, 30s, 2m", ["5s", "30s", "2m"], "5s, 30s, 2m"),
        (TIME, "8", "08:00", "08:00"),
        (TIME, "8:30 pm", "20:30", "20:30"),
        (TIME, "12am", "00:00", "00:00"),
        (TIME, "24:00", "24:00", "24:00"),
        (ZONE, "Europe/Berlin", "Europe/Berlin", "Europe/Berlin"),
        (ZONE, "America/Los Angeles", "America/Los_Angeles", "America/Los_Angeles"),
        (SHARES, "premium 70 : raw 30", {"premium": 70, "raw": 30}, "premium 70 : raw 30"),
        (SHARES, "hot lead 2, cold 1", {"hot lead": 2, "cold": 1}, "hot lead 2 : cold 1"),
    ],
)
def test_a_line_is_read_in_peoples_units_and_shown_again(line: Line, typed: str, value: Any, shown: str) -> None:
    assert line.read(typed, "USD") == value
    assert line.show(value, "USD") == shown


@pytest.mark.parametrize(
    ("line", "typed", "sentence"),
    [
        (MONEY, "lots", "Enter an amount of money, such as 42.00."),
        (MONEY, "-1", "Enter an amount of money, such as 42.00."),
        (MONEY, "42.005", "USD has 2 decimals, such as 42.00."),
        (MONEY, "12,50", "Enter an amount of money, such as 42.00."),
        (MONEY, "1.250,00", "Enter an amount of money, such as 42.00."),
        (MONEY, "1.250", "USD has 2 decimals, such as 42.00."),
        (MONEY, "1000000000000", "Enter an amount of money, such as 42.00."),
        (PRICE, "lots", "Enter an amount of money, such as 42.00, or a field such as lead.price."),
        (PRICE, '{"*":', "The text is not JSON: Expecting value at line 1, column 6."),
        (BUYERS, "21", "Enter a whole number from 1 to 20."),
        (BUYERS, "1,5", "Enter a whole number from 1 to 20."),
        (BUYERS, "1.5", "Enter a whole number from 1 to 20."),
        (BUYERS, "10.000", "Enter a whole number from 1 to 20."),
        (BUYERS, "three", "Enter a whole number from 1 to 20."),
        (SECONDS, "0", "Enter seconds, from 0.1 to 10."),
        (LENGTH, "61", "Enter a whole number from 1 to 60."),
        (DURATIONS, "soon", "Enter times such as 5s, 30s, 2m."),
        (TIME, "25:00", "Enter a time of day such as 08:00."),
        (TIME, "13 pm", "Enter a time of day such as 08:00."),
        (ZONE, "Los Angeles", "Enter a time zone such as America/Los_Angeles."),
        (SHARES, "premium", "Enter kinds of leads and their shares from 1 to 100, such as premium 70 : raw 30."),
    ],
)
def test_what_means_nothing_is_refused_with_what_to_type(line: Line, typed: str, sentence: str) -> None:
    with pytest.raises(Unreadable) as problem:
        line.read(typed, "USD")
    assert str(problem.value) == sentence


def test_money_has_the_decimals_of_its_currency() -> None:
    assert MONEY.show(1042, "JPY") == "1042"
    with pytest.raises(Unreadable, match="JPY has no decimals, such as 42"):
        MONEY.read("10.5", "JPY")
