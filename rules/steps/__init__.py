"""The kinds of step, one file each, in the order of the palette."""

from collections.abc import Callable, Mapping

from rules.reading import Part
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
    return READERS[kind](inner) if inner else None


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
