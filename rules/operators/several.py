"""any of, all of, none of, is: comparisons of a field of several choices with one or several of them."""

from collections.abc import Callable

from rules.bounds import Budget
from rules.operators.base import Build, Call, Evaluate, Node
from rules.operators.keys import entries_at, literal_list, text_key
from rules.operators.likeness import contrary
from rules.problems import shorten, suggest
from rules.text import fold

Chosen = frozenset[str]


def chosen_test(test: Callable[[Chosen, Chosen], bool]) -> Build:
    """Return the building of a test of what was chosen against what the rule names; false when nothing was chosen."""

    def build(call: Call) -> Evaluate:
        run, right = call.left.run, call.arguments[1]
        entries = literal_list(right)
        if entries is None:
            other = right.run
            return lambda data, budget: decide(run(data, budget), keys_at(other(data, budget), budget), test, budget)
        wanted = frozenset(option_key(call, right, entry) for entry in entries)
        return lambda data, budget: decide(run(data, budget), wanted, test, budget)

    return build


def decide(value: object, wanted: Chosen, test: Callable[[Chosen, Chosen], bool], budget: Budget) -> bool:
    """Return the test of a value, whose entries are paid for."""
    chosen = keys_at(value, budget)
    return bool(chosen) and test(chosen, wanted)


def keys_at(value: object, budget: Budget) -> Chosen:
    """Return the entries of a list, or one value, as they are compared; blank ones are none."""
    keys = map(text_key, entries_at(value, budget))
    return frozenset(key for key in keys if key is not None)


def option_key(call: Call, node: Node, entry: object) -> str:
    """Return a literal as it is compared; refuse a blank one and what the field does not offer."""
    if not isinstance(entry, (str, int)) or isinstance(entry, bool) or not fold(str(entry)):
        node.refuse("blank_value", "A choice to look for must be filled in.")
    options = call.left.field.options if call.left.field else ()
    text = str(entry).strip()
    if options and fold(text) not in map(fold, options):
        label = call.left.field.label if call.left.field else "this field"
        node.refuse("bad_value", f"“{shorten(text)}” is not a choice of {label}.{suggest(text, options)}")
    return fold(text)


def has_any(chosen: Chosen, wanted: Chosen) -> bool:
    """Say whether one of the wanted choices is among the chosen ones."""
    return not chosen.isdisjoint(wanted)


def has_all(chosen: Chosen, wanted: Chosen) -> bool:
    """Say whether all wanted choices are among the chosen ones; none wanted is not had."""
    return bool(wanted) and wanted <= chosen


build_any_of = chosen_test(has_any)
build_none_of = contrary(build_any_of)
build_all_of = chosen_test(has_all)
build_is = chosen_test(frozenset.__eq__)
build_is_not = contrary(build_is)
