"""One setting of a step, as two people compare it."""

from typing import Any

import pytest

from rules.editing.telling import say_setting
from rules.flow_wording import Names

DOCUMENT = {"currency": "EUR", "fields": [{"key": "state", "type": "state"}]}
IN_CA = {"is": [{"var": "lead.state"}, "CA"]}
NAMES = Names({"con_1": "Sunrise Energy"})


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("price", 42, "€42.00"),
        ("price", {"if": [IN_CA, 50, 40]}, "€50.00 if State is CA, otherwise €40.00"),
        ("price", None, "not set"),
        ("margin", 5, "€5.00"),
        ("margin", {"percent": 20}, "20%"),
        ("caps", [{"limit": 100, "per": "day"}, {"spend": 500, "per": "month"}], "100 a day and €500.00 a month"),
        ("caps", [], "none"),
        ("caps", [{"limit": "many"}], '[{"limit":"many"}]'),
        ("when", IN_CA, "State is CA"),
        ("connection", "con_1", "Sunrise Energy"),
        ("connection", "", "not chosen"),
        ("off", True, "off"),
        ("off", None, "on"),
        ("required", True, "yes"),
        ("reason", "Not CA", "Not CA"),
        ("set", [{"state": "NV"}], '[{"state":"NV"}]'),
    ],
)
def test_a_setting_is_said_in_words_where_it_has_any(key: str, value: Any, said: str) -> None:
    assert say_setting(key, value, DOCUMENT, NAMES) == said
