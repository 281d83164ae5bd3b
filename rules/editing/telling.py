"""One setting of a step in words, so that people can compare what they made of it."""

from collections.abc import Mapping
from typing import Any

from rules.caps import read_caps
from rules.draft_cards import fields_of
from rules.flow_wording import Names
from rules.json_text import write
from rules.reading import Document
from rules.saying import say_list
from rules.wording import say_rule, say_value

RULES = frozenset({"accept_if", "continue_if", "stop_if", "when"})
MONEY = frozenset({"bids_up_to", "floor", "margin", "max_bid", "price", "shared_price"})


def say_setting(key: str, value: object, document: Mapping[str, Any], names: Names) -> str:
    """Return what a setting of a draft says, such as `$42.00`; as it is written where there are no words for it."""
    if key == "off":
        return "off" if value is True else "on"
    if value is None:
        return "not set"
    written = document.get("currency")
    currency = written if isinstance(written, str) else "USD"
    if key in RULES:
        return say_rule(value, fields_of(document), names=names.lists, currency=currency)
    if key in MONEY:
        return _say_money(value, document, names, currency)
    if key == "caps":
        return _say_caps(value, currency)
    if key == "connection":
        return names.connections.get(str(value), "not chosen")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else write(value).decode()


def _say_money(value: object, document: Mapping[str, Any], names: Names, currency: str) -> str:
    if isinstance(value, dict) and set(value) == {"percent"}:
        return f"{value['percent']}%"
    return say_value(value, fields_of(document), currency, names=names.lists)


def _say_caps(value: object, currency: str) -> str:
    document = Document({}, currency)
    part = document.part({"caps": value}, "", "a step")
    caps = read_caps(part, "caps", "", may_spend=True) if part else ()
    return (
        write(value).decode() if document.problems else say_list([cap.say(currency) for cap in caps], "and") or "none"
    )
