"""How a field can be set: a text, another field, one in another shape, by a table; and each as an expression. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Expression = Any

SHAPES: Mapping[str, str] = {
    "text": "This text",
    "field": "The same as",
    "phone": "A phone number, written",
    "date": "A date, written",
    "upper": "In capital letters",
    "lower": "In small letters",
    "title": "With Capital First Letters",
    "trim": "Without outer spaces",
    "digits": "Only the digits of",
    "state_name": "The name of a state",
    "table": "By a table",
    "own": "Something else",
}
PLAIN = ("upper", "lower", "title", "trim", "digits", "state_name")
PHONE_FORMATS: Mapping[str, str] = {
    "national": "15125551234",
    "international": "+15125551234",
    "local": "1-512-555-1234",
    "e164": "+15125551234 (E.164)",
    "in_country": "(512) 555-1234",
    "spaced": "+1 512-555-1234",
}
DATE_FORMATS: Mapping[str, str] = {
    "iso": "1985-01-05",
    "us": "01/05/1985",
    "uk": "05/01/1985",
    "eu": "05.01.1985",
    "compact": "19850105",
    "unix": "473731200 (seconds since 1970)",
}


@dataclass(frozen=True)
class Setting:
    """One way to set a field: its shape, the field it starts from, a format, a text, and the lines of a table."""

    shape: str
    of: str = ""
    form: str = ""
    text: str = ""
    table: str = ""
    otherwise: str = ""


def setting_of(expression: Expression) -> Setting:
    """Return how an expression sets a field; `own` for whatever has no form."""
    found = _read(expression)
    return found if found is not None and expression_of(found) == expression else Setting("own")


def expression_of(setting: Setting) -> Expression:
    """Return the expression of a way to set a field, except of `own`."""
    base = {"var": f"lead.{setting.of}"}
    match setting.shape:
        case "text":
            return setting.text
        case "field":
            return base
        case "phone" | "date":
            return {setting.shape: [base, setting.form]}
        case "table":
            return {"table": [base, _pairs(setting.table), *([setting.otherwise] if setting.otherwise else [])]}
    return {setting.shape: [base]}


def unreadable_line(table: str) -> str:
    """Return the first line of a table that is no `value = value`, nothing when all are."""
    return next((line for line in map(str.strip, table.splitlines()) if line and "=" not in line), "")


def _read(expression: Expression) -> Setting | None:
    match expression:
        case str(text):
            return Setting("text", text=text)
        case {"var": str(name)}:
            return Setting("field", _key(name))
        case {"phone": [{"var": str(name)}, str(form)]} if form in PHONE_FORMATS:
            return Setting("phone", _key(name), form)
        case {"date": [{"var": str(name)}, str(form)]} if form in DATE_FORMATS:
            return Setting("date", _key(name), form)
        case {"table": [{"var": str(name)}, list(rows), *rest]} if len(rest) < 2:
            return _read_table(name, rows, rest)
        case {**used} if len(used) == 1:
            [(shape, arguments)] = used.items()
            match arguments:
                case [{"var": str(name)}] if shape in PLAIN:
                    return Setting(str(shape), _key(name))
    return None


def _read_table(name: str, rows: list[Any], rest: list[Any]) -> Setting | None:
    is_plain = all(
        isinstance(row, list) and len(row) == 2 and all(isinstance(side, str) for side in row) for row in rows
    )
    otherwise = rest[0] if rest else ""
    if not is_plain or not isinstance(otherwise, str):
        return None
    lines = "\n".join(f"{left} = {right}" for left, right in rows)
    return Setting("table", _key(name), table=lines, otherwise=otherwise)


def _pairs(table: str) -> list[list[str]]:
    lines = (line.partition("=") for line in table.splitlines() if line.strip())
    return [[left.strip(), right.strip()] for left, _, right in lines]


def _key(name: str) -> str:
    return name.removeprefix("lead.")
