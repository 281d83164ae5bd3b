"""A destination as people write it in a form, and back: mapping rows, header lines, ready-made answers. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rules import json_text
from rules.delivery.destination import IS_2XX
from rules.problems import Problem

NAME = re.compile(r"(?:lead|raw|valid|parts|source|run|step|flow|offer)(?:\.[A-Za-z0-9_-]+)+\Z")
LOOKS_LIKE_JSON = re.compile(r'(?!\{\{)[\[{"]|-?\d|(?:true|false|null)\Z')

ACCEPTED: Mapping[str, tuple[str, Any]] = {
    "http": ("HTTP 2xx is enough", IS_2XX),
    "status": ("Its “status” is “accepted”", {"and": [IS_2XX, {"is": [{"var": "body.status"}, "accepted"]}]}),
    "success": ("Its “success” is true", {"and": [IS_2XX, {"yes": [{"var": "body.success"}]}]}),
}
OWN = "own"


class NotReadable(ValueError):
    """What was written cannot be read; the message says why."""


@dataclass(frozen=True)
class Row:
    """One field of the buyer as it stands in the form."""

    name: str = ""
    value: str = ""
    is_required: bool = False
    when: str = ""

    @property
    def is_blank(self) -> bool:
        """Return whether nothing was written in it."""
        return not (self.name or self.value or self.when)


def read_expression(text: str) -> Any:
    """Return the expression that a text means: a name like `lead.email`, JSON, or plain text with {{…}} in it.

    Raises NotReadable for what begins like JSON and is none.
    """
    text = text.strip()
    if NAME.match(text):
        return {"var": text}
    if not LOOKS_LIKE_JSON.match(text):
        return text
    try:
        return json_text.read(text)
    except json_text.JsonProblem as problem:
        if text[0] in '[{"':
            raise NotReadable(problem.message) from None
        return text


def show_expression(expression: Any) -> str:
    """Return the text that `read_expression` reads as this expression."""
    match expression:
        case {"var": str(name)} if len(expression) == 1 and NAME.match(name):
            return name
        case str(text) if text == text.strip() and _is_plain(text):
            return text
    return json_text.write(expression).decode()


def read_rows(rows: Iterable[Row]) -> tuple[list[Any], list[Problem]]:
    """Return the `mapping` that some rows mean, and what is wrong with them; blank rows are left out."""
    mapping: list[Any] = []
    problems: list[Problem] = []
    for row in rows:
        if row.is_blank:
            continue
        try:
            mapping.append(_read_row(row))
        except NotReadable as problem:
            problems.append(Problem(f"mapping[{len(mapping)}]", "not_readable", str(problem)))
            mapping.append([row.name.strip(), row.value])
    return mapping, problems


def show_rows(mapping: Iterable[Any]) -> list[Row]:
    """Return the rows that show a `mapping`; entries of another shape are left out."""
    return [_show_row(entry) for entry in mapping if isinstance(entry, list) and len(entry) in (2, 3)]


def read_headers(text: str) -> tuple[dict[str, str], list[Problem]]:
    """Return the headers written one in a line as `Name: value`, and the lines that are none."""
    headers: dict[str, str] = {}
    problems: list[Problem] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            problems.append(Problem("headers", "bad_header", f"“{line[:40]}” is not a header, like Name: value."))
        elif name.strip().lower() in (known.lower() for known in headers):
            problems.append(Problem("headers", "set_twice", f"The header {name.strip()} is there twice."))
        else:
            headers[name.strip()] = value.strip()
    return headers, problems


def show_headers(headers: Mapping[str, str]) -> str:
    """Return headers one in a line."""
    return "\n".join(f"{name}: {value}" for name, value in headers.items())


def accepted_choice(rule: Any) -> str:
    """Return the name of the ready-made answer that a rule is, `own` for any other; no rule is `http`."""
    if rule is None:
        return "http"
    return next((name for name, (_, ready) in ACCEPTED.items() if ready == rule), OWN)


def _read_row(row: Row) -> list[Any]:
    options: dict[str, Any] = {"required": True} if row.is_required else {}
    if row.when.strip():
        options["when"] = read_expression(row.when)
    entry = [row.name.strip(), read_expression(row.value)]
    return [*entry, options] if options else entry


def _show_row(entry: list[Any]) -> Row:
    options = entry[2] if len(entry) == 3 and isinstance(entry[2], dict) else {}
    when = json_text.write(options["when"]).decode() if "when" in options else ""
    return Row(str(entry[0]), show_expression(entry[1]), options.get("required") is True, when)


def _is_plain(text: str) -> bool:
    try:
        return bool(read_expression(text) == text)
    except NotReadable:
        return False
