"""The kinds of step, one file each, in the order of the palette."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rules import json_text
from rules.problems import Problem
from rules.reading import Part, Surroundings
from rules.remembering import read_again
from rules.steps.base import Step
from rules.steps.buyer import Buyer, read_buyer
from rules.steps.cap import CapStep, read_cap_step
from rules.steps.fallback import Fallback, read_fallback
from rules.steps.filter import Filter, read_filter
from rules.steps.group import Group, Row, read_group
from rules.steps.look_up import LookUp, read_look_up
from rules.steps.split import Lane, Split, read_split
from rules.steps.transform import Transform, read_transform

Reader = Callable[[Part], Step | None]

MOST_STEPS = 200
KEPT = 10 * MOST_STEPS
"""How many steps are not read again: in a flow that somebody works on, one changes and the others stay."""
KINDS = (Buyer, Filter, Group, CapStep, Transform, LookUp, Split)
"""What can be added to a rail; the fallback is its fixed end."""


def read_steps(part: Part, key: str) -> tuple[Step, ...] | None:
    """Return the steps of a list, None when one of them has problems."""
    parts, written = part.parts(key, "a step"), part.take(key, [])
    if len(parts) > MOST_STEPS:
        part.report(key, "too_many_steps", f"A flow has at most {MOST_STEPS} steps.")
    read = (_read_step(inner) for inner in parts[:MOST_STEPS])
    steps = tuple(step for step in read if step)
    return steps if isinstance(written, list) and len(steps) == len(written) else None


def _read_step(part: Part) -> Step | None:
    """Return the step of a one-key object `{"<kind>": {settings}}`."""
    if len(part.settings) != 1:
        part.document.report(part.path, "not_a_step", 'A step is written {"<kind>": {settings}}, with one kind.')
        return None
    [(kind, settings)] = part.settings.items()
    if kind not in READERS:
        known = ", ".join(READERS)
        part.report(kind, "unknown_kind", f"“{kind}” is not a kind of step; there are {known}.")
        return None
    inner = part.document.part(settings, part.at(kind), f"a {kind} step")
    return read_step(kind, inner) if inner else None


def read_step(kind: str, part: Part) -> Step | None:
    """Return the step of a known kind that a part describes, None when something is wrong with it."""
    try:
        text = json_text.write(part.settings)
    except TypeError:
        return READERS[kind](part)  # It is no JSON, so that it cannot be found again.
    read = _read_alone(kind, text, part.path, part.what, part.document.surroundings())
    part.document.add(read.ids, read.problems)
    return read.step


@dataclass(frozen=True, slots=True)
class _Read:
    """A step, if nothing is wrong with it; the ids in it with their paths, and what is wrong."""

    step: Step | None
    ids: Mapping[str, str]
    problems: tuple[Problem, ...]


@lru_cache(maxsize=KEPT)
def _read_alone(kind: str, text: bytes, path: str, what: str, around: Surroundings) -> _Read:
    document = around.document()
    step = READERS[kind](Part(document, read_again(text), path, what))
    return _Read(step, document.ids, tuple(document.problems))


READERS: Mapping[str, Reader] = {
    "buyer": read_buyer,
    "filter": read_filter,
    "group": read_group,
    "cap": read_cap_step,
    "transform": read_transform,
    "look_up": read_look_up,
    "split": lambda part: read_split(part, read_steps),
}

__all__ = [
    "KINDS",
    "MOST_STEPS",
    "READERS",
    "Buyer",
    "CapStep",
    "Fallback",
    "Filter",
    "Group",
    "Lane",
    "LookUp",
    "Row",
    "Split",
    "Step",
    "Transform",
    "read_fallback",
    "read_steps",
]
