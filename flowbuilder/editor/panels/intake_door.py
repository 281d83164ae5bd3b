"""What the first card asks of every lead beside its fields: duplicates, caps, and the values that a seller named."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict

from flowbuilder.editor.panels.typed import Form, Unreadable, as_map, shown_in
from rules.caps import MOST, WHEN_FULL
from rules.durations import DurationError, seconds
from rules.numbers import read_number
from rules.windows import PERIODS

Document = Mapping[str, Any]
COUNT_WORDS = {"sold": "sold leads", "received": "leads that come in"}
FULL_WORDS = {"reject": "Reject it", "fallback": "Go to the last card", "hold": "Let it wait"}
SCOPE_WORDS = {"flow": "this flow", "source": "the same supplier", "seller": "all flows that look there"}
MATCH_WORDS = {"any": "any of them is the same", "all": "all of them are the same"}
OF_CAPS: Sequence[tuple[str, str, Sequence[str]]] = (
    ("per", "", PERIODS),
    ("count", "sold", tuple(COUNT_WORDS)),
    ("when_full", "reject", WHEN_FULL),
)
"""The settings of a cap that are chosen, what they are where nothing is written, and what they can be."""
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")


@dataclass(frozen=True)
class CapRow:
    """One cap on everything that comes in; `more` says what else is set and not shown."""

    number: int
    limit: str
    per: str
    count: str
    when_full: str
    more: Sequence[str]


@dataclass(frozen=True)
class ValueRow:
    """One named value as it is shown."""

    name: str
    text: str


def cap_rows(door: Document, typed: MultiDict[str, str] | None) -> list[CapRow]:
    """Return the caps of the first card."""
    rows = []
    for number, written in enumerate(_list_of(door, "caps")):
        cap, at = as_map(written), f"caps.{number}."
        more = [key for key in cap if key not in ("limit", "per", "count", "when_full")]
        limit = shown_in(typed, f"{at}limit", str(cap.get("limit", "")))
        words = (str(cap.get("per", "")), str(cap.get("count", "sold")), str(cap.get("when_full", "reject")))
        rows.append(CapRow(number, limit, *words, more))
    return rows


def read_caps(form: Form, door: dict[str, Any]) -> None:
    """Set the caps to what a form says, and do what its button says."""
    caps = [_read_cap(form, number, written) for number, written in enumerate(_list_of(door, "caps"))]
    word, _, place = form.text("do").partition(":")[2].partition(":")
    if form.text("do") == "cap:add" and not form.problems:
        used = [as_map(cap).get("per") for cap in caps]
        per = next((one for one in ("day", "week", "month", "hour", "total", "minute") if one not in used), "day")
        caps = [*caps, {"limit": 1000, "per": per}]
    elif form.text("do").startswith("cap:remove:") and word == "remove" and place.isdecimal():
        caps = [cap for number, cap in enumerate(caps) if number != int(place)]
    if caps != _list_of(door, "caps"):
        door["caps"] = caps
        if not caps:
            del door["caps"]


def duplicate_view(door: Document, typed: MultiDict[str, str] | None) -> dict[str, Any]:
    """Return how duplicates are told on the first card."""
    written = as_map(door.get("duplicates"))
    by = written.get("by")
    return {
        "by": [key for key in by if isinstance(key, str)] if isinstance(by, list) else [],
        "match": str(written.get("match", "any")),
        "within": shown_in(typed, "duplicates.within", str(written.get("within", "30d"))),
        "scope": str(written.get("scope", "flow")),
    }


def read_duplicates(form: Form, door: dict[str, Any]) -> None:
    """Set by what duplicates are told; no field, no check."""
    if "duplicates.shown" not in form.posted:
        return
    before, ticked = duplicate_view(door, None), form.posted.getlist("duplicates.by")
    written = as_map(door.get("duplicates"))
    kept = [key for key in before["by"] if key in ticked]
    by = [*kept, *(key for key in ticked if key not in kept)]
    if not by:
        if before["by"]:
            del door["duplicates"]
        return
    if by != before["by"]:
        written["by"] = by
    form.put(written, "match", "duplicates.match", before["match"])
    form.put(written, "within", "duplicates.within", before["within"], duration)
    form.put(written, "scope", "duplicates.scope", before["scope"])
    door["duplicates"] = written


def value_rows(settings: Document, typed: MultiDict[str, str] | None) -> list[ValueRow]:
    """Return the values that the seller named."""
    values = as_map(settings.get("values"))
    return [
        ValueRow(name, shown_in(typed, f"values.{number}.value", _shown(value)))
        for number, (name, value) in enumerate(values.items())
    ]


def read_values(form: Form, settings: dict[str, Any]) -> None:
    """Set the named values to what a form says, and do what its button says."""
    before = as_map(settings.get("values"))
    values = dict(before)
    for number, (name, value) in enumerate(before.items()):
        at = f"values.{number}."
        if form.text(f"{at}name") == name and form.text(f"{at}value") != _shown(value).strip():
            values[name] = _plain(form.text(f"{at}value"))
        if form.text("do") == f"value:remove:{number}":
            del values[name]
    if form.text("do") == "value:add":
        _add_value(form, values)
    if values != before:
        settings["values"] = values
        if not values:
            del settings["values"]


def duration(typed: str) -> str:
    """Return a duration as it is written; raises Unreadable for what is none."""
    try:
        seconds(typed)
    except DurationError as error:
        raise Unreadable(str(error)) from error
    return typed


def _add_value(form: Form, values: dict[str, Any]) -> None:
    name = re.sub(r"[^A-Za-z0-9]+", "_", form.text("new.value.name")).strip("_").lower()
    if not NAME.fullmatch(name):
        form.problems["new.value.name"] = "Name the value with letters, such as min bill."
    elif name in values:
        form.problems["new.value.name"] = f"There is a value “{name}” already."
    elif not form.text("new.value.text"):
        form.problems["new.value.text"] = "Type the value."
    else:
        values[name] = _plain(form.text("new.value.text"))


def _read_cap(form: Form, number: int, written: object) -> object:
    at = f"caps.{number}."
    if not isinstance(written, Mapping):
        return written
    cap = dict(written)
    form.put(cap, "limit", f"{at}limit", str(written.get("limit", "")), _whole)
    for key, usual, allowed in OF_CAPS:
        if form.text(f"{at}{key}") in allowed:
            form.put(cap, key, f"{at}{key}", str(written.get(key, usual)))
    return cap


def _whole(typed: str) -> int:
    number = read_number(typed)
    if isinstance(number, int) and 0 <= number <= MOST:
        return number
    raise Unreadable("Enter a whole number.")


def _plain(typed: str) -> object:
    """Return a typed value as a number where it is one, as yes or no where it says so, else as text."""
    if typed.lower() in ("true", "false"):
        return typed.lower() == "true"
    if NUMBER.fullmatch(typed) and not re.match(r"-?0\d", typed):
        return Decimal(typed) if "." in typed else int(typed)
    return typed


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _list_of(settings: Document, key: str) -> list[Any]:
    found = settings.get(key)
    return list(found) if isinstance(found, list) else []
