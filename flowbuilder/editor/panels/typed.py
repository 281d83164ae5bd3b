"""Single controls of a form whose settings stay as they are written until somebody changes what is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

Read = Callable[[str], Any]


class Unreadable(ValueError):
    """What was typed cannot be read; its message says what can."""


@dataclass
class Form:
    """A posted form, and what of it cannot be read, by the name of the input."""

    posted: MultiDict[str, str]
    problems: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return what an input holds, without outer spaces."""
        return self.posted.get(name, "").replace("\r\n", "\n").strip()

    def put(self, settings: dict[str, Any], key: str, name: str, shown: str, read: Read = str) -> None:
        """Set a setting to what was typed, if that is not what was shown; remove it where it was emptied."""
        typed = self.text(name)
        if name not in self.posted or typed == shown.strip():
            return
        if not typed:
            settings.pop(key, None)
            return
        try:
            settings[key] = read(typed)
        except Unreadable as problem:
            self.problems[name] = str(problem)

    def tick(self, settings: dict[str, Any], key: str, name: str, *, shown: bool) -> None:
        """Set a yes or no to what was ticked, if that is not what was shown."""
        if (name in self.posted) != shown:
            settings[key] = not shown


def shown_in(typed: MultiDict[str, str] | None, name: str, kept: str) -> str:
    """Return what an input shows: what was typed and could not be read, else what is kept."""
    return typed[name] if typed is not None and name in typed else kept


def lines(text: str) -> list[str]:
    """Return the lines of a text that are not blank, each once."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def listed(text: str) -> list[str]:
    """Return what a text lists, parted by commas or lines, each once."""
    return lines(text.replace(",", "\n"))


def as_map(value: object) -> dict[str, Any]:
    """Return settings as a copy to change, empty where they are not an object."""
    return dict(value) if isinstance(value, Mapping) else {}
