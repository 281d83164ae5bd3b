"""One setting of a step, as two people compare what they made of it."""

from typing import Any

import pytest

from rules.editing.telling import say_both
from rules.flow_wording import Names

FIELDS = [{"key": "state", "type": "state"}, {"key": "email", "type": "email"}]
DOCUMENT = {"currency": "EUR", "fields": FIELDS}
IN_CA, IN_NV = ({"is": [{"var": "lead.state"}, state]} for state in ("CA", "NV"))
NAMES = Names({"con_1": "Sunrise Energy"}, lists={"lst_1": "Old customers"})
BUYER = {"id": "b", "connection": "con_1", "price": 42}
LONG = [f"{'a' * 120}@example.com", f"{'b' * 120}@example.com", "c@example.com"]
OPEN = {"days": ["mon", "tue", "wed"], "from": "08:00", "to": "18:00", "time_zone": "America/Denver"}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("price", 42, "€42.00"),
        ("price", {"if": [IN_CA, 50, 40]}, "€50.00 if State is CA, otherwise €40.00"),
        ("margin", 5, "€5.00"),
        ("margin", {"percent": 20}, "20%"),
        ("caps", [{"limit": 100, "per": "day"}, {"spend": 500, "per": "month"}], "100 a day and €500.00 a month"),
        ("caps", [], "none"),
        ("when", IN_CA, "State is CA"),
        ("connection", "con_1", "Sunrise Energy"),
        ("connection", "con_9", "a connection that is not in this account"),
        ("connection", "", "not chosen"),
        ("required", True, "yes"),
        ("limit", 12000, "12,000"),
        ("reason", "Not CA", "Not CA"),
        ("set", [["state", "NV"]], "State to NV"),
        ("set", [["state", "NV", {"when": IN_CA}]], "State to NV, if State is CA"),
        ("cases", [{"name": "west", "when": IN_CA, "steps": []}], "“west” where State is CA, 0 steps"),
        ("percent", [{"share": 30, "steps": [{"buyer": BUYER}]}], "lane 1 with 30% of the leads, 1 step"),
        ("buyers", [BUYER, {"id": "c"}], "Sunrise Energy, not chosen"),
        ("hours", [OPEN], "takes leads Mon to Wed, 08:00 to 18:00 (Denver)"),
        ("requires", ["state", "email"], "needs State and Email"),
        ("duplicates", {"by": ["email"], "within": "7d"}, "takes the same Email once in 7 days"),
    ],
)
def test_a_setting_is_said_in_words_beside_one_that_is_not_set(key: str, value: Any, said: str) -> None:
    assert say_both(key, value, None, DOCUMENT, NAMES) == (said, "not set")


@pytest.mark.parametrize(
    ("key", "mine", "theirs", "said"),
    [
        ("off", True, None, ("off", "on")),
        ("price", 42, 40, ("€42.00", "€40.00")),
        (
            "values",
            {"min_bill": 120},
            {"min_bill": 90, "zip": "90210"},
            ("Min bill: 120; Zip: not set", "Min bill: 90; Zip: “90210”"),
        ),
        ("values", {"min_bill": 120}, None, ("Min bill: 120", "Min bill: not set")),
        ("ask", {"url": "a", "zip": 1}, {"url": "b", "zip": 1}, ("Url: “a”", "Url: “b”")),
        ("caps", [{"limit": "many"}], [{"limit": 5}], ("Caps 1, limit: “many”", "Caps 1, limit: 5")),
        ("set", [{"state": "NV"}], [["state", "NV"]], ('Changes 1: {"state":"NV"}', 'Changes 1: ["state","NV"]')),
        (
            "cases",
            [{"when": IN_CA, "steps": [{"buyer": BUYER}]}],
            [{"when": IN_CA, "steps": [{"buyer": BUYER | {"price": 40}}]}],
            ("Lanes 1, steps 1, buyer, price: 42", "Lanes 1, steps 1, buyer, price: 40"),
        ),
        (
            "stop_if",
            {"any_of": [{"var": "lead.email"}, LONG]},
            {"any_of": [{"var": "lead.email"}, [*LONG[:-1], "z@example.com"]]},
            ("Any of 2 3: “c@example.com”", "Any of 2 3: “z@example.com”"),
        ),
        (
            "intake",
            {"accept_if": IN_CA, "reason": "Closed"},
            {"accept_if": IN_NV, "reason": "Closed"},
            ("what is accepted: State is CA", "what is accepted: State is NV"),
        ),
        (
            "intake",
            {"duplicates": {"by": ["email"], "within": "7d", "scope": "source"}},
            {"duplicates": {"by": ["email"], "within": "7d"}},
            ("check for duplicates: Scope: “source”", "check for duplicates: Scope: not set"),
        ),
        (
            "fields",
            [FIELDS[0] | {"label": "Where"}],
            [FIELDS[0], FIELDS[1]],
            ("Where: label: “Where”; without email (email)", "Where: label: not set; email (email)"),
        ),
        ("fields", FIELDS, FIELDS[::-1], ("Stand in another order", "as before")),
    ],
)
def test_both_sides_of_a_setting_are_never_the_same(key: str, mine: Any, theirs: Any, said: tuple[str, str]) -> None:
    assert say_both(key, mine, theirs, DOCUMENT, NAMES) == said
