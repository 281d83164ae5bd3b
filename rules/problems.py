"""What is wrong with something a person wrote: data with an address, a code and a sentence to act on."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

Severity = Literal["error", "warning"]
NUMBER = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right; `path` names the place, like `steps[2].continue_if`."""

    path: str
    code: str
    message: str
    severity: Severity = "error"


def as_labelled(message: str, path: str, label: str) -> str:
    """Return a message about the setting at a path as a form tells it: by its label where it has one."""
    return message.replace(f"“{NUMBER.sub('', path).rpartition('.')[2]}”", f"“{label}”") if label else message


def suggest(written: str, known: Iterable[str]) -> str:
    """Return a sentence that offers the nearest known word, or nothing when none is near."""
    nearest = get_close_matches(written, list(known), n=1)
    return f" Did you mean “{nearest[0]}”?" if nearest else ""


def shorten(value: object, length: int = 40) -> str:
    """Return the value as text that is short enough for a message."""
    text = str(value)
    return text if len(text) <= length else f"{text[: length - 1]}…"
