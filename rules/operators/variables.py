"""var, val, exists, missing and missing_some: what a rule reads from its data."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rules.bounds import Budget, RuleError
from rules.operators.base import Call, Evaluate
from rules.operators.loose import is_list, numeric
from rules.text import scalar_text

ABSENT = object()


def look_up(data: object, keys: Sequence[str], default: object = None) -> object:
    """Return what stands at a path of keys and list positions, or the default when nothing does."""
    for key in keys:
        # Asking about an abstract class first would cost as much as all the rest.
        if type(data) is dict or isinstance(data, Mapping):
            try:
                data = data[key]
            except KeyError:
                return default
        elif is_list(data) and key.isdecimal() and len(key) < 7 and int(key) < len(data):
            data = data[int(key)]
        else:
            return default
    return data


def keys_of(path: str) -> tuple[str, ...]:
    """Return the keys of a dotted path; an empty path names all the data."""
    return tuple(path.split(".")) if path else ()


def build_var(call: Call) -> Evaluate:
    """Build the reading of a path, known or worked out, with an optional default."""
    if not call.arguments:
        return lambda data, _budget: data
    path = call.left
    default = call.arguments[1].run if len(call.arguments) > 1 else None
    if path.is_literal:
        return read_path(path_text(path.document), default)

    def read_computed(data: Any, budget: Budget) -> object:
        keys = keys_of(path_text(path.run(data, budget)))
        return look_up(data, keys, default(data, budget) if default else None)

    return read_computed


def path_text(path: object) -> str:
    """Return a path as text; raise a RuleError when it is neither text nor a number."""
    text = scalar_text(path)
    if text is None or isinstance(path, bool):
        raise RuleError("bad_path", "A variable is named by a text or a number.")
    return text


def build_val(call: Call) -> Evaluate:
    """Build the reading of a path whose keys are given one by one, so that a key may have dots in it."""
    find = path_finder(call)
    return lambda data, budget: look_up(data, find(data, budget))


def build_exists(call: Call) -> Evaluate:
    """Build whether something stands at a path of keys, be it null."""
    find = path_finder(call)
    return lambda data, budget: look_up(data, find(data, budget), ABSENT) is not ABSENT


def path_finder(call: Call) -> Callable[[Any, Budget], Sequence[str]]:
    """Return what gives the keys of a path; no keys, or a single null, name all the data."""
    if all(argument.is_literal for argument in call.arguments):
        known = keys_in([argument.document for argument in call.arguments])
        return lambda _data, _budget: known
    runs = call.runs
    return lambda data, budget: keys_in([run(data, budget) for run in runs])


def keys_in(given: Sequence[object]) -> Sequence[str]:
    """Return keys as texts; raise a RuleError when one is neither text nor a number."""
    return () if len(given) == 1 and given[0] is None else tuple(map(path_text, given))


def read_path(path: str, default: Evaluate | None) -> Evaluate:
    """Return the reading of a known path."""
    keys = keys_of(path)
    if default is not None:
        return lambda data, budget: look_up(data, keys, default(data, budget))
    if len(keys) == 2:
        return read_two(*keys)
    return lambda data, _budget: look_up(data, keys)


def read_two(name: str, key: str) -> Evaluate:
    """Return the reading of `lead.state` and the like: nearly all that rules read, so it does nothing else."""

    def read(data: Any, _budget: Budget) -> object:
        try:
            return data[name].get(key)
        except (AttributeError, KeyError, TypeError, IndexError):
            return look_up(data, (name, key))

    return read


def build_missing(call: Call) -> Evaluate:
    """Build the list of those paths that hold nothing or an empty text."""
    runs = call.runs

    def missing(data: Any, budget: Budget) -> object:
        paths = [run(data, budget) for run in runs]
        return absent(data, paths[0] if paths and is_list(paths[0]) else paths, budget)

    return missing


def absent(data: object, paths: Sequence[object], budget: Budget) -> list[object]:
    """Return the paths at which the data has nothing or an empty text."""
    budget.spend(3 * len(paths))
    return [path for path in paths if look_up(data, keys_of(path_text(path))) in (None, "")]


def build_missing_some(call: Call) -> Evaluate:
    """Build the list of absent paths, empty when enough of the paths are there."""
    needed, options = call.runs

    def missing_some(data: Any, budget: Budget) -> object:
        paths, least = options(data, budget), numeric(needed(data, budget))
        if not is_list(paths) or least is None:
            raise RuleError("wrong_argument", "missing_some takes a number and a list of variables.", call.at)
        gone = absent(data, paths, budget)
        return [] if len(paths) - len(gone) >= least else gone

    return missing_some
