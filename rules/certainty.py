"""Which rules have the same verdict for every lead, as far as that is certain from the rule alone."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache

from rules.allowed import Allowed, Bound, Stretch, numbers, points
from rules.fields import Field, normalise
from rules.logic import Rule, RuleError, truthy
from rules.naming import field_at, label_of
from rules.numbers import as_number
from rules.operators.table import OPERATORS
from rules.text import fold, scalar_text
from rules.turned_off import counting

MANY_VALUED = ("multi",)
"""Types whose fields hold several values at once, so that two of them can both be there."""
ROUNDED = ("datetime", "moment", "range")
"""Types whose values are compared by something wider than themselves: a day, each number of a range."""
NUMBERS, DAYS = ("number", "money"), ("date", "dob")

BLIND = frozenset({"and", "or", "!", "!!", "==", "===", "!=", "!==", "<", "<=", ">", ">=", "if", "?:"})
"""Operators that see nothing but their arguments; others may look at the lead or at the clock by themselves."""
AS = "#"
MOST_ENTRIES = 2000
"""Longer lists are not looked into."""
KEPT = 2000
"""Of how many rules the verdict is kept: steps that are not read again bring the same rules along."""

FILLED = Allowed(blank=False, all_but=True)
ANY_NUMBER = numbers(Stretch())
Demands = dict[str, Allowed]
"""What makes a condition true, by path; a path that is not there may be anything."""


class Never(Exception):
    """A condition that nothing makes true; `path` names the field for which it asks too much, "" for none."""

    def __init__(self, path: str = "") -> None:
        super().__init__(path)
        self.path = path


@lru_cache(maxsize=KEPT)
def certain_verdict(rule: Rule) -> bool | None:
    """Return the verdict that a rule has for every lead, None when it depends on the lead or cannot be told."""
    document, _ = counting(rule.document)
    if _reads_nothing(document):
        try:
            return truthy(rule({}))
        except RuleError:
            return None
    if never_true(document, rule.fields) is not None:
        return False
    return True if never_true({"!": document}, rule.fields) is not None else None


def contradiction_in(rule: Rule) -> str:
    """Return the label of what a rule asks to be two things at once, "" where it asks no such thing."""
    path = never_true(counting(rule.document)[0], rule.fields)
    return label_of(path, rule.fields, {}) if path else ""


def never_true(document: object, fields: Mapping[str, Field]) -> str | None:
    """Return the path of which a rule asks what no value can be, "" when it is never true for another reason.

    None when it can be true, as far as that can be told.
    """
    try:
        _demands(document, fields, negated=False)
    except Never as never:
        return never.path
    except RecursionError:
        return None
    return None


def _reads_nothing(document: object) -> bool:
    """Return whether an expression has only operators that see nothing but their arguments."""
    if isinstance(document, dict):
        return document.keys() <= BLIND and all(map(_reads_nothing, document.values()))
    return all(map(_reads_nothing, document)) if isinstance(document, list) else True


def _demands(document: object, fields: Mapping[str, Field], *, negated: bool) -> Demands:
    """Return what a condition, or its contrary, asks of each path; raise Never when nothing makes it true."""
    if isinstance(document, bool):
        if document is negated:
            raise Never
        return {}
    if not isinstance(document, dict) or len(document) != 1:
        return {}
    [(operator, arguments)] = document.items()
    if operator == "!":
        inner = arguments[0] if isinstance(arguments, list) and len(arguments) == 1 else arguments
        return _demands(inner, fields, negated=not negated)
    if operator in ("and", "or") and isinstance(arguments, list):
        if (operator == "or") is negated:
            return _all_of(_demands(one, fields, negated=negated) for one in arguments)
        return _any_of(arguments, fields, negated=negated)
    return _asked(operator, arguments if isinstance(arguments, list) else [arguments], fields, negated=negated)


def _all_of(found: Iterable[Demands]) -> Demands:
    together: Demands = {}
    for demands in found:
        for path, allowed in demands.items():
            both = together[path].meets(allowed) if path in together else allowed
            if both.is_empty():
                raise Never(path.partition(AS)[0])
            together[path] = both
    return together


def _any_of(conditions: list[object], fields: Mapping[str, Field], *, negated: bool) -> Demands:
    """Return what is asked of the paths that each condition asks about; those that are never true do not count."""
    found: list[Demands] = []
    never = Never()
    for condition in conditions:
        try:
            found.append(_demands(condition, fields, negated=negated))
        except Never as one:
            never = one
    if not found:
        raise never
    together = found[0]
    for demands in found[1:]:
        together = {path: allowed.joins(demands[path]) for path, allowed in together.items() if path in demands}
    return together


def _asked(operator: str, arguments: list[object], fields: Mapping[str, Field], *, negated: bool) -> Demands:
    """Return what one condition asks of the path that it reads."""
    path = _path_of(arguments[0]) if arguments else ""
    typed = field_at(path, fields) if path else None
    if not path or (typed and typed.type in MANY_VALUED) or any(_is_computed(one) for one in arguments[1:]):
        return {}
    field = typed or Field("value", _kind_of(arguments[1:]))
    # A value without a type is compared as a number beside numbers, and as a text beside texts: two questions.
    key = path if typed or field.type == "text" else f"{path}{AS}{field.type}"
    allowed = _allowed(operator, arguments[1:], field)
    if allowed is None:
        return {key: _filled(field)} if _refuses_blank(operator, negated=negated) else {}
    wanted = allowed.contrary() if negated else allowed
    if wanted.is_empty():
        raise Never(path)
    return {key: wanted}


def _refuses_blank(operator: str, *, negated: bool) -> bool:
    """Return whether a comparison, or its contrary, is not true of a blank value; of most no more is certain."""
    is_known = operator in OPERATORS and bool(OPERATORS[operator].says) and operator != "exists"
    return is_known and (operator in DENIALS) is negated


def _filled(field: Field) -> Allowed:
    return ANY_NUMBER if field.type in (*NUMBERS, *DAYS) else FILLED


def _kind_of(beside: list[object]) -> str:
    """Return as what a value without a type is compared with literals."""
    entries = [entry for one in beside for entry in (one if isinstance(one, list) else [one])]
    if entries and all(not isinstance(entry, (str, bool)) and as_number(entry) is not None for entry in entries):
        return "number"
    return "boolean" if entries and all(isinstance(entry, bool) for entry in entries) else "text"


DENIALS = ("not_contains", "not_matches", "not_valid", "is_not", "none_of", "not_between", "blank")
"""Operators that are true for a blank value."""


def _allowed(operator: str, beside: list[object], field: Field) -> Allowed | None:
    """Return exactly which values make a condition true, None where that cannot be told."""
    match operator, beside:
        case "filled", []:
            return _filled(field)
        case "blank", []:
            return _filled(field).contrary()
        case (("yes" | "no"), []) if field.type == "boolean":
            return Allowed(blank=False, values=frozenset({operator == "yes"}))
        case (("is" | "is_not"), [value]):
            return _one_of([value], field, denied=operator == "is_not")
        case (("any_of" | "none_of"), [list(values)]) if 0 < len(values) <= MOST_ENTRIES:
            return _one_of(values, field, denied=operator == "none_of")
    return _between(operator, beside, field) if field.type in (*NUMBERS, *DAYS) else None


def _one_of(values: list[object], field: Field, *, denied: bool) -> Allowed | None:
    if field.type in ROUNDED:
        return None
    if field.type in (*NUMBERS, *DAYS):
        known = [found for value in values if (found := _bound(value, field)) is not None]
        allowed = points(known) if len(known) == len(values) else None
    elif field.type == "postal_code" and any("-" in str(value) for value in values):
        return None
    else:
        allowed = Allowed(blank=False, values=frozenset(_comparable(value, field) for value in values))
    return allowed.contrary() if allowed and denied else allowed


def _between(operator: str, beside: list[object], field: Field) -> Allowed | None:
    """Return the numbers or days that a comparison by order is true of."""
    known = [_bound(value, field) for value in beside]
    match operator, known:
        case _, [*found] if not found or None in found:
            return None
        case "at_least", [low]:
            return numbers(Stretch(low=low))
        case (("more_than" | "after"), [low]):
            return numbers(Stretch(low=low, low_open=True))
        case "at_most", [high]:
            return numbers(Stretch(high=high))
        case (("less_than" | "before"), [high]):
            return numbers(Stretch(high=high, high_open=True))
        case (("between" | "not_between"), [low, high]):
            within = numbers(Stretch(low, high))
            return within if operator == "between" else within.contrary()
    return None


def _bound(value: object, field: Field) -> Bound | None:
    """Return a literal as the number that it is compared by, a day as its number in the calendar."""
    normal = normalise(value, field).value
    if field.type in DAYS:
        return date.fromisoformat(normal).toordinal() if isinstance(normal, str) else None
    return Decimal(normal) if isinstance(normal, (int, Decimal)) else None


def _is_computed(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value))


def _path_of(document: object) -> str:
    """Return the path that a variable reads, "" when it is none or is computed."""
    path = document.get("var") if isinstance(document, dict) and len(document) == 1 else None
    return path if isinstance(path, str) else ""


def _comparable(value: object, field: Field) -> object:
    """Return a value as `is` compares it: in the normal form of the field, without case."""
    if isinstance(value, bool):
        return value
    normal = normalise(value, field).value
    return fold(scalar_text(value if normal is None else normal) or "")
