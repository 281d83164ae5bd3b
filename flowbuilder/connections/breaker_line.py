"""When a connection is left alone, in the one line that people type. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from flowbuilder.connections.written import NotReadable

USUAL: Mapping[str, Any] = {"failures": 5, "within": "5m", "recover_after": "30m"}
NEVER = "never"
LINE = re.compile(r"(\d{1,3})\s+within\s+(\w+)\s*,?\s*for\s+(\w+)", re.IGNORECASE)
LIKE = "5 within 5m, for 30m"


def show_limits(document: object) -> str:
    """Return a stored setting as it is typed: `5 within 5m, for 30m`, or `never`."""
    if document == "off":
        return NEVER
    settings = {**USUAL, **(document if isinstance(document, Mapping) else {})}
    return f"{settings['failures']} within {settings['within']}, for {settings['recover_after']}"


def read_line(text: str) -> Any:
    """Return the setting that a line says, the usual one for a blank line; raises NotReadable."""
    line = " ".join(text.split()).lower()
    if not line:
        return dict(USUAL)
    if line == NEVER:
        return "off"
    found = LINE.fullmatch(line)
    if not found:
        raise NotReadable(f"Write how many failures, within what time, for how long, like “{LIKE}”, or “{NEVER}”.")
    return {"failures": int(found[1]), "within": found[2], "recover_after": found[3]}
