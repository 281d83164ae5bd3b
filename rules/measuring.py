"""How deep and how large a rule's document is, found out without recursion before anything else looks at it."""

from decimal import Decimal

from rules.bounds import DEEPEST, LONGEST_TEXT, MOST_ENTRIES, MOST_NODES, RuleError
from rules.numbers import exact
from rules.operators.arithmetic import LARGEST


def measure(document: object) -> None:
    """Raise a RuleError when a document is too deep, too large, or no JSON at all.

    An operator, an argument and a list among arguments are one node each; the entries of such a list are free.
    """
    pending: list[tuple[object, int, bool]] = [(document, 1, False)]
    nodes = 0
    while pending:
        value, depth, holds_arguments = pending.pop()
        nodes += not (holds_arguments and isinstance(value, list))
        if nodes > MOST_NODES:
            raise RuleError("too_many_nodes", f"The rule has more than {MOST_NODES:,} parts.")
        if depth > DEEPEST:
            raise RuleError("too_deep", f"The rule is nested more than {DEEPEST} levels deep.")
        if isinstance(value, dict):
            pending += arguments_of(value, depth)
        elif isinstance(value, list):
            pending += entries_of(value, depth, holds_arguments)
        else:
            require_scalar(value)


def arguments_of(value: dict[object, object], depth: int) -> list[tuple[object, int, bool]]:
    """Return what an operator's object holds, its list of arguments on the same level."""
    if not all(isinstance(key, str) for key in value):
        raise RuleError("not_json", "The keys of a rule are texts.")
    return [(entry, depth if isinstance(entry, list) else depth + 1, True) for entry in value.values()]


def entries_of(value: list[object], depth: int, holds_arguments: bool) -> list[tuple[object, int, bool]]:
    """Return the entries that are still to be measured; the scalars of a literal list are looked at here."""
    if len(value) > MOST_ENTRIES:
        raise RuleError("too_many_entries", f"A list has more than {MOST_ENTRIES:,} entries.")
    if holds_arguments:
        return [(entry, depth + 1, False) for entry in value]
    nested = [entry for entry in value if isinstance(entry, (dict, list))]
    for entry in value:
        if not isinstance(entry, (dict, list)):
            require_scalar(entry)
    return [(entry, depth + 1, False) for entry in nested]


def require_scalar(value: object) -> None:
    """Raise a RuleError for what is no JSON scalar or past all bounds."""
    if value is None or isinstance(value, (bool, str)):
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise RuleError("text_too_long", f"A text in the rule has more than {LONGEST_TEXT:,} letters.")
        return
    if not isinstance(value, (int, float, Decimal)):
        raise RuleError("not_json", f"A rule is JSON, which has no {type(value).__name__}.")
    if not -LARGEST < value < LARGEST if isinstance(value, int) else exact(value) is None:
        raise RuleError("number_too_large", "A number in the rule is past all bounds.")
