"""map, filter, reduce, all, some, none and merge: work on every entry of a list, each entry paid for."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rules.bounds import Budget
from rules.operators.base import Build, Call, Evaluate
from rules.operators.loose import is_list, truthy


def entries_of(value: object) -> Sequence[object]:
    """Return a list's entries; anything else has none."""
    return value if is_list(value) else ()


def over_entries(collect: Callable[[Sequence[object], Iterator[object]], object]) -> Build:
    """Return the building of an operator that collects the body's value for each entry."""

    def build(call: Call) -> Evaluate:
        source, body = call.runs
        weight = call.arguments[1].weight

        def work(data: Any, budget: Budget) -> object:
            entries = entries_of(source(data, budget))
            return collect(entries, values_for(entries, body, weight, budget))

        return work

    return build


def values_for(entries: Sequence[object], body: Evaluate, weight: int, budget: Budget) -> Iterator[object]:
    """Yield the body's value for each entry, each paid for before it is worked out."""
    for entry in entries:
        budget.spend(weight)
        yield body(entry, budget)


def keep_values(_entries: Sequence[object], values: Iterator[object]) -> object:
    """Return what the body makes of each entry."""
    return list(values)


def keep(entries: Sequence[object], values: Iterator[object]) -> object:
    """Return the entries for which the body is true."""
    return [entry for entry, value in zip(entries, values, strict=True) if truthy(value)]


def are_all(entries: Sequence[object], values: Iterator[object]) -> object:
    """Return whether there is an entry and the body is true for each."""
    return bool(entries) and all(map(truthy, values))


def are_some(_entries: Sequence[object], values: Iterator[object]) -> object:
    """Return whether the body is true for an entry."""
    return any(map(truthy, values))


def are_none(_entries: Sequence[object], values: Iterator[object]) -> object:
    """Return whether the body is true for no entry."""
    return not any(map(truthy, values))


build_map = over_entries(keep_values)
build_filter = over_entries(keep)
build_all = over_entries(are_all)
build_some = over_entries(are_some)
build_none = over_entries(are_none)


def build_reduce(call: Call) -> Evaluate:
    """Build one value out of all entries; the body sees `current` and `accumulator`."""
    source, body = call.runs[:2]
    start = call.runs[2] if len(call.runs) > 2 else None
    weight = call.arguments[1].weight

    def work(data: Any, budget: Budget) -> object:
        accumulator = start(data, budget) if start else None
        for entry in entries_of(source(data, budget)):
            budget.spend(weight)
            accumulator = body({"current": entry, "accumulator": accumulator}, budget)
        return accumulator

    return work


def build_merge(call: Call) -> Evaluate:
    """Build one list out of lists and single values."""
    runs = call.runs

    def merge(data: Any, budget: Budget) -> object:
        merged: list[object] = []
        for run in runs:
            value = run(data, budget)
            entries = entries_of(value) if is_list(value) else (value,)
            budget.spend(len(entries))
            merged.extend(entries)
        return merged

    return merge
