"""Mapped fields as people read them: names with values as text, in lines and as a table."""

from collections.abc import Sequence
from html import escape
from typing import Any

from rules.delivery.formats.base import Mapped, plain, write_json
from rules.delivery.texts import without_controls
from rules.text import scalar_text

Line = tuple[str, str]
"""The name of a field and its value as text."""

GAP = "  "
WIDEST = 40
"""Longer names do not push the values of all lines aside."""
_CELL = "padding:6px 12px;border-bottom:1px solid #d0d4d4;text-align:left;vertical-align:top"


def readable(mapped: Mapped) -> tuple[Line, ...]:
    """Return the fields with their values as text, in order; raises NotWritable for a value that is none."""
    return tuple((name, without_controls(_text(value)).strip()) for name, value in mapped)


def as_lines(lines: Sequence[Line]) -> str:
    """Return the fields one below the other, the values in one column; further lines of a value stand below it."""
    width = min(max((len(name) for name, _ in lines), default=0) + 1, WIDEST)
    indented = "\n" + " " * (width + len(GAP))
    return "\n".join(f"{name + ':':<{width}}{GAP}{text.replace(chr(10), indented)}".rstrip() for name, text in lines)


def as_table(lines: Sequence[Line]) -> str:
    """Return the fields as a table in HTML, every text escaped."""
    rows = (
        f'<tr><th scope="row" style="{_CELL};font-weight:600">{escape(name)}</th>'
        f'<td style="{_CELL}">{as_html(text)}</td></tr>'
        for name, text in lines
    )
    return f'<table style="border-collapse:collapse">{"".join(rows)}</table>'


def as_html(text: str) -> str:
    """Return a text in HTML, escaped, its lines kept."""
    return escape(text).replace("\n", "<br>")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value))
    text = scalar_text(value)
    return write_json(plain(value)).decode() if text is None else text
