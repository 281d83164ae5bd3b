"""A mix in a panel: the ratio in which a buyer gets leads of several kinds."""

import re
from typing import Any

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.cap_fields import PER_OPTIONS, zone_field
from flowbuilder.editor.panels.controls import Changing, Settings
from flowbuilder.editor.panels.expression import Expression
from flowbuilder.editor.panels.fields import Choice, Field
from flowbuilder.editor.panels.kinds_of_text import Line, Unreadable
from flowbuilder.editor.panels.rows import Inside

LIKE = "premium 70 : raw 30"


def _show(value: Any, _currency: str) -> str | None:
    """Return shares as they stand in the sentence of a buyer."""
    is_right = isinstance(value, dict) and all(type(share) is int and ":" not in kind for kind, share in value.items())
    return " : ".join(f"{kind} {share}" for kind, share in value.items()) if is_right else None


def _read(typed: str, _currency: str) -> dict[str, int]:
    shares: dict[str, int] = {}
    for part in re.split(r"[:,;\n]", typed):
        found = re.fullmatch(r"(.+?)[\s=]+(\d{1,3})\s*%?", part.strip())
        if not found or not 1 <= int(found[2]) <= 100 or found[1] in shares:
            raise Unreadable(f"Enter kinds of leads and their shares from 1 to 100, such as {LIKE}.")
        shares[found[1]] = int(found[2])
    return shares


SHARES = Line(_show, _read)


def _start(settings: Settings, desk: Desk) -> Changing:
    """Return a mix by the first field with options, in even shares."""
    field = next((field for field in desk.fields.values() if len(field.options) > 1), None)
    if field is None:
        return {"by": {"var": f"lead.{next(iter(desk.fields), 'quality')}"}, "shares": {"premium": 70, "raw": 30}}
    return {"by": {"var": f"lead.{field.key}"}, "shares": dict.fromkeys(field.options, 1)}


MIX = Inside(
    "mix",
    "Keep a mix of leads",
    (
        Expression("by", "Kinds of leads by", (("source.name", "Supplier", {"var": "source.name"}),), "{}"),
        Field("shares", "Shares", SHARES, f"Such as {LIKE}.", needed="Enter the shares."),
        Choice("over", "Kept over", PER_OPTIONS, "day", macro="choice"),
        zone_field("Whose days are counted."),
    ),
    _start,
    "A lead that would break the ratio passes it by.",
)
