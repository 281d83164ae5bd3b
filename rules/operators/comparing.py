"""==, ===, <, in and their kind: comparisons as JavaScript makes them."""

from collections.abc import Callable
from typing import Any

from rules.bounds import Budget
from rules.operators.base import Build, Call, Evaluate
from rules.operators.loose import in_order, is_list, joined, loosely_equal, strictly_equal

TEXTS_PER_STEP = 8  # A text is searched for by Python itself, which is that much faster.

Equal = Callable[[object, object, Budget], bool]


def equality(equal: Equal, *, wanted: bool) -> Build:
    """Return the building of an equality or, with wanted=False, of its contrary."""

    def build(call: Call) -> Evaluate:
        left, right = call.runs
        return lambda data, budget: equal(left(data, budget), right(data, budget), budget) is wanted

    return build


build_equal = equality(loosely_equal, wanted=True)
build_unequal = equality(loosely_equal, wanted=False)
build_same = equality(strictly_equal, wanted=True)
build_different = equality(strictly_equal, wanted=False)


def ordering(*allowed: int) -> Build:
    """Return the building of an order between each two neighbours; what cannot be ordered is not in order."""

    def build(call: Call) -> Evaluate:
        runs = call.runs

        def ordered(data: Any, budget: Budget) -> bool:
            before = runs[0](data, budget)
            for run in runs[1:]:
                after = run(data, budget)
                if in_order(before, after, budget) not in allowed:
                    return False
                before = after
            return True

        return ordered

    return build


build_less = ordering(-1)
build_less_or_equal = ordering(-1, 0)
build_more = ordering(1)
build_more_or_equal = ordering(1, 0)


def build_in(call: Call) -> Evaluate:
    """Build whether a text is part of another, or a value an entry of a list."""
    needle, haystack = call.runs

    def contained(data: Any, budget: Budget) -> bool:
        wanted, place = needle(data, budget), haystack(data, budget)
        if isinstance(place, str):
            # A value that is not there would be written as nothing, which is part of every text.
            return wanted is not None and joined(wanted, budget) in budget.spend_text(place)
        if not is_list(place):
            return False
        if isinstance(wanted, str):
            budget.spend(1 + len(place) // TEXTS_PER_STEP)
            return wanted in place
        budget.spend(len(place))
        return any(strictly_equal(entry, wanted, budget) for entry in place)

    return contained
