"""The parts of a destination as people write them in a form, and back: mapping rows, headers, reasons. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flowbuilder.connections.shorthand import NAME, read_condition, read_shaped, show_condition, show_shaped
from rules import json_text
from rules.delivery.presets import ANSWER_STYLES, REASON_PATTERNS
from rules.problems import Problem

LOOKS_LIKE_JSON = re.compile(r'(?!\{\{)[\[{"]|-?\d|(?:true|false|null)\Z')

ACCEPTED: Mapping[str, tuple[str, Any]] = {
    name: (style.words, style.accepted_if) for name, style in ANSWER_STYLES.items()
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
    """Return the expression that a text means.

    It is a name like `lead.email`, a name in another shape like `lead.dob | date us`, JSON, or plain text with {{…}} in
    it. Raises NotReadable for what begins like JSON and is none.
    """
    text = text.strip()
    if NAME.match(text):
        return {"var": text}
    shaped = read_shaped(text)
    if shaped is not None:
        return shaped
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
    return show_shaped(expression) or json_text.write(expression).decode()


def read_rule(text: str, like: str = "lead.state is CA") -> Any:
    """Return the rule that a text means: a sentence such as the one it should be `like`, a name, or JSON.

    Raises NotReadable.
    """
    condition = read_condition(text)
    if condition is not None:
        return condition
    rule = read_expression(text)
    if isinstance(rule, str):
        given = f": “{text.strip()[:60]}” is none" if text.strip() else ""
        raise NotReadable(f"Write a rule, like “{like}”, or one as JSON{given}.")
    return rule


def show_rule(rule: Any) -> str:
    """Return the text that `read_rule` reads as this rule."""
    return show_condition(rule) or show_expression(rule)


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


def read_statuses(text: str) -> tuple[list[Any], list[Problem]]:
    """Return the HTTP statuses written with spaces or commas between them, and what is none."""
    words = re.split(r"[\s,;]+", text.strip()) if text.strip() else []
    wrong = [word for word in words if not re.fullmatch(r"[2-5]\d\d", word)]
    problems = [Problem("errors", "bad_statuses", f"“{word[:20]}” is no HTTP status like 418.") for word in wrong]
    return [int(word) for word in words if word not in wrong], problems


def read_reasons(lines: str, ready: Iterable[str], kept: Iterable[Any]) -> tuple[list[Any], list[Problem]]:
    """Return the `reasons` that some lines and ready patterns mean, and the lines that mean none.

    A line is `words = reason` or `status is 409 = reason`, and comes before the patterns. Where `kept` says the same in
    another order, its order stays.
    """
    reasons: list[Any] = []
    problems: list[Problem] = []
    for line in filter(None, map(str.strip, lines.splitlines())):
        rule, equals, reason = line.rpartition("=")
        try:
            reasons.append([_read_words(rule.strip()), reason.strip()])
        except NotReadable as problem:
            problems.append(Problem("reasons", "not_readable", str(problem)))
        if not equals or not rule.strip():
            problems.append(Problem("reasons", "not_readable", f"“{line[:40]}” is no line like: words = reason."))
    chosen = [*reasons, *(name for name in REASON_PATTERNS if name in set(ready))]
    kept = list(kept)
    same = len(chosen) == len(kept) and all(reason in kept for reason in chosen)
    return kept if same else chosen, problems


def show_reasons(reasons: Iterable[Any]) -> tuple[str, list[str]]:
    """Return the lines of reasons, and the ready patterns among them."""
    reasons = list(reasons)
    lines = [f"{_show_words(pair[0])} = {pair[1]}" for pair in reasons if isinstance(pair, list) and len(pair) == 2]
    return "\n".join(lines), [name for name in reasons if isinstance(name, str)]


def _read_words(text: str) -> Any:
    return read_expression(text) if text[:1] == "{" else read_condition(text) or _said(text)


def _show_words(rule: Any) -> str:
    match rule:
        case {"contains": [{"var": "said"}, str(words)]} if _read_words(words) == rule:
            return words
    return show_condition(rule) or json_text.write(rule).decode()


def _said(words: str) -> dict[str, Any]:
    return {"contains": [{"var": "said"}, words]}


def accepted_choice(rule: Any) -> str:
    """Return the name of the ready-made answer that a rule is, `own` for any other; no rule is `http`."""
    if rule is None:
        return "http"
    return next((name for name, (_, ready) in ACCEPTED.items() if ready == rule), OWN)


def _read_row(row: Row) -> list[Any]:
    options: dict[str, Any] = {"required": True} if row.is_required else {}
    if row.when.strip():
        options["when"] = read_rule(row.when)
    entry = [row.name.strip(), read_expression(row.value)]
    return [*entry, options] if options else entry


def _show_row(entry: list[Any]) -> Row:
    options = entry[2] if len(entry) == 3 and isinstance(entry[2], dict) else {}
    when = show_rule(options["when"]) if "when" in options else ""
    return Row(str(entry[0]), show_expression(entry[1]), options.get("required") is True, when)


def _is_plain(text: str) -> bool:
    try:
        return bool(read_expression(text) == text)
    except NotReadable:
        return False
