"""What a panel is drawn from: controls with the values that they post when nobody touches them. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from rules.problems import as_labelled

Posted = MultiDict[str, str]
NUMBERED = re.compile(r"\.(\d+)(?=\.|\Z)")


@dataclass(frozen=True)
class Option:
    """One thing that can be chosen, and what it does where that needs a line."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True)
class Drawn:
    """One control: `macro` is what draws it, `parts` stand inside of it.

    `values` are what its field posts untouched: none for a box without a tick. `address` is the setting it shows, below
    the step; `told` is what only its own macro knows.
    """

    macro: str
    name: str = ""
    label: str = ""
    hint: str = ""
    values: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    parts: tuple["Drawn", ...] = ()
    address: str = ""
    problems: tuple[str, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the id of its field, the same whenever the step is shown."""
        return f"panel-{self.name.replace('.', '-')}"

    @property
    def value(self) -> str:
        """Return what stands in a field of one value."""
        return self.values[-1] if self.values else ""

    @property
    def has_problem(self) -> bool:
        """Return whether something in it has to be put right."""
        return bool(self.problems) or any(part.has_problem for part in self.parts)


def posts(drawn: Drawn) -> dict[str, list[str]]:
    """Return what a control and its parts post untouched, by the names of their fields."""
    own = {drawn.name: list(drawn.values)} if drawn.values else {}
    for part in drawn.parts:
        own |= posts(part)
    return own


def is_untouched(drawn: Drawn, posted: Posted) -> bool:
    """Return whether a form has what was drawn, or nothing of it at all."""
    wanted = posts(drawn)
    if not any(name in posted for name in wanted):
        return True
    return all([_plain(text) for text in posted.getlist(name)] == values for name, values in wanted.items())


def with_typed(drawn: Drawn, typed: Posted, refused: Mapping[str, str]) -> Drawn:
    """Return a control with what was typed in the place of what is kept, and with what could not be read of it."""
    parts = tuple(with_typed(part, typed, refused) for part in drawn.parts)
    if not drawn.name:
        return replace(drawn, parts=parts)
    is_typed = bool(drawn.values) and drawn.name in typed
    return replace(
        drawn,
        parts=parts,
        values=tuple(map(_plain, typed.getlist(drawn.name))) if is_typed else drawn.values,
        problems=(*drawn.problems, *([refused[drawn.name]] if drawn.name in refused else [])),
    )


def with_problems(
    sheets: Iterable[Drawn], problems: Mapping[str, Iterable[str]]
) -> tuple[tuple[Drawn, ...], tuple[str, ...]]:
    """Return controls with the problems of their settings, by their addresses below the step, and those of none."""
    sheets = tuple(sheets)
    if not problems:
        return sheets, ()
    known = {drawn.address: drawn.label for sheet in sheets for drawn in _each(sheet) if drawn.address}
    at: dict[str, list[str]] = {}
    others: list[str] = []
    for address, sentences in problems.items():
        nearest = max((one for one in known if is_within(address, one)), key=len, default="")
        told = (as_labelled(sentence, address, known.get(address, "")) for sentence in sentences)
        (at.setdefault(nearest, []) if nearest else others).extend(told)
    return tuple(_told(sheet, at) for sheet in sheets), tuple(dict.fromkeys(others))


def is_within(address: str, outer: str) -> bool:
    """Return whether an address is another one, or lies inside of it."""
    return address == outer or address.startswith((f"{outer}.", f"{outer}["))


def address_of(name: str) -> str:
    """Return the address of the setting that a field's name means: `caps.0.limit` is `caps[0].limit`."""
    return NUMBERED.sub(r"[\1]", name)


def _each(drawn: Drawn) -> Iterator[Drawn]:
    yield drawn
    for part in drawn.parts:
        yield from _each(part)


def _told(drawn: Drawn, at: dict[str, list[str]]) -> Drawn:
    """Return a control with the problems of its address; the innermost, and of those the first, is told."""
    parts = tuple(_told(part, at) for part in drawn.parts)
    own = tuple(dict.fromkeys(at.pop(drawn.address, ()))) if drawn.address else ()
    return replace(drawn, parts=parts, problems=(*drawn.problems, *own))


def _plain(text: str) -> str:
    """Return a text as it was drawn: browsers send lines with carriage returns."""
    return text.replace("\r\n", "\n")
