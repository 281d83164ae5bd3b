"""The kinds of step, one file each, in the order of the palette."""

from collections.abc import Callable, Mapping

from rules.reading import Part
from rules.steps.base import Step
from rules.steps.buyer import Buyer, read_buyer
from rules.steps.cap import CapStep, read_cap_step
from rules.steps.fallback import Fallback, read_fallback
from rules.steps.filter import Filter, read_filter

Reader = Callable[[Part], Step | None]

KINDS = (Buyer, Filter, CapStep)
"""What can be added to a rail; the fallback is its fixed end."""

READERS: Mapping[str, Reader] = {"buyer": read_buyer, "filter": read_filter, "cap": read_cap_step}

__all__ = ["KINDS", "READERS", "Buyer", "CapStep", "Fallback", "Filter", "Step", "read_fallback"]
