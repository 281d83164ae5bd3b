"""Says conditions: every operator in its own words, groups with the words that join them."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from rules.asking import Asked, arguments_of, asked_by, entries, merged
from rules.durations import DurationError, say_duration
from rules.fields import TYPES, Field
from rules.naming import field_at, label_of
from rules.operators.base import Shape
from rules.operators.table import OPERATORS
from rules.phrases import PHRASES, say_error
from rules.saying import LONGEST_LIST, say_amount, say_days, say_json, say_list, say_literal, say_number
from rules.templates import PLACE, resolve

ORELSE = {"??": "that says nothing,", "try": "that cannot be decided,"}
DISTANCES = {"mi": "miles", "km": "km"}
NOUNS = {key: field_type.label.lower() for key, field_type in TYPES.items()} | {
    "phone": "phone number",
    "email": "email address",
    "money": "amount of money",
    "multi": "list of choices",
    "range": "range of numbers",
    "ip": "IP address",
}
SEVERAL = {
    "is": "{0} is exactly {1}",
    "is_not": "{0} is not exactly {1}",
    "any_of": "{0} has {1}",
    "none_of": "{0} has none of {1}",
}
"""How comparisons of several choices are said, where their operators say it otherwise of one value."""
STATED: Mapping[str, Callable[[str], str]] = {"yes": str, "no": lambda label: label.replace(" is ", " is not ", 1)}
"""How a yes or no is said whose label is a statement itself, like “IP address is private”."""
OF_STEPS = re.compile(r"step\.[^.]+\.outcome")
OUTCOME = Field("outcome", "choice")
BARE = ("domain_in", "area_code_in", "country_in", "age_between", "near", "in_block")
"""Operators whose values beside the left one are not values of its own type."""


class Speaker:
    """Knows the labels of fields and other names, and says a document with them."""

    def __init__(self, fields: Mapping[str, Field], names: Mapping[str, str], currency: str) -> None:
        self.fields = fields
        self.names = names
        self.currency = currency

    def rule(self, document: object, most_words: int | None = None) -> str:
        """Return a whole rule in words, its last conditions counted instead when it gets too long."""
        used = arguments_of(document)
        if most_words is None or used is None or used[0] not in ("and", "or"):
            return self.condition(document)
        parts = self.parts(used[1], either=used[0] == "or", negated=False, depth=1)
        kept = len(parts)
        while kept > 1 and sum(len(part.split()) + 1 for part in parts[:kept]) > most_words:
            kept -= 1
        if kept == len(parts):
            return self.condition(document)
        more = len(parts) - kept
        return f"{', '.join(parts[:kept])} … and {more} more rule{'' if more == 1 else 's'}"

    def condition(self, document: object, *, negated: bool = False, depth: int = 0) -> str:
        """Return a condition or a group of them in words."""
        if isinstance(document, bool):
            return "always" if document is not negated else "never"
        used = arguments_of(document)
        if used is None:
            return self.as_written(document, negated=negated)
        key, arguments = used
        if key == "<" and len(arguments) == 3:
            low, middle, high = arguments
            arguments, key = [{"<": [low, middle]}, {"<": [middle, high]}], "and"
        if key in ("and", "or"):
            return self.group(arguments, either=(key == "or") is not negated, negated=negated, depth=depth)
        asked = asked_by(document, negated=negated)
        return self.asked(asked) if asked else self.woven(document, negated=negated, depth=depth)

    def woven(self, document: object, *, negated: bool, depth: int) -> str:
        """Return a condition that is made of others, but not by "and" or "or"; one without words as it is written."""
        key, arguments = arguments_of(document) or ("", [])
        if key in ("!", "!!"):
            return self.condition(arguments[0], negated=negated is not (key == "!"), depth=depth)
        if key in ("if", "?:") and len(arguments) > 1:
            return self.cases(arguments, lambda branch: self.condition(branch, negated=negated, depth=depth + 1))
        if key in ORELSE:
            said = [self.condition(argument, negated=negated, depth=depth + 1) for argument in arguments]
            return f", or if {ORELSE[key]} ".join(said)
        return say_error(self, arguments) if key == "throw" else self.as_written(document, negated=negated)

    def as_written(self, document: object, *, negated: bool) -> str:
        """Return a condition that has no words as the JSON it is."""
        return f"{say_json(document)} is {'not true' if negated else 'true'}"

    def group(self, conditions: Sequence[object], *, either: bool, negated: bool, depth: int) -> str:
        """Return conditions joined by "and" or by "either … or"."""
        parts = self.parts(conditions, either=either, negated=negated, depth=depth + 1)
        if len(parts) == 1:
            return parts[0]
        said = joined_by_or(parts) if either else joined_by_and(parts)
        return f"({said})" if depth > 1 else said

    def parts(self, conditions: Sequence[object], *, either: bool, negated: bool, depth: int) -> list[str]:
        """Return the conditions of a group in words, those that ask the same of the same field as one."""
        asked = [self.mergeable(condition, negated=negated) or condition for condition in conditions]
        said = []
        for part in merged(asked, either=either):
            is_group = not isinstance(part, Asked)
            # "either A or B and C" could be read in two ways.
            deeper = depth + 1 if either and is_group else depth
            said.append(
                self.asked(part) if isinstance(part, Asked) else self.condition(part, negated=negated, depth=deeper)
            )
        return said

    def mergeable(self, condition: object, *, negated: bool) -> Asked | None:
        """Return what a condition asks, unless it asks for exactly one of several choices.

        "Is exactly A" or "is exactly B" is not "has A or B".
        """
        asked = asked_by(condition, negated=negated)
        return None if asked and asked.operator in ("is", "is_not") and self.has_several(asked.left) else asked

    def has_several(self, document: object) -> bool:
        """Say whether an expression reads a field of several choices."""
        field = self.field_of(document)
        return field is not None and field.type == "multi"

    def cases(self, arguments: Sequence[object], say: Callable[[object], str]) -> str:
        """Return "A if B, C if D, otherwise E"."""
        pairs = zip(arguments[0::2], arguments[1::2], strict=False)
        said = [f"{say(consequence)} if {self.condition(test, depth=1)}" for test, consequence in pairs]
        otherwise = say(arguments[-1]) if len(arguments) % 2 else "nothing"
        return f"{', '.join(said)}, otherwise {otherwise}"

    def asked(self, asked: Asked) -> str:
        """Return one condition by the words of its operator."""
        field = self.field_of(asked.left)
        if asked.operator == "yes" and field is not None and field.type != "boolean":
            asked = Asked("blank" if asked.denied else "filled", asked.left)
        operator = OPERATORS[asked.operator]
        words = operator.denies if asked.denied else operator.says
        if asked.operator in STATED and not asked.denied and field is not None and " is " in field.label:
            return STATED[asked.operator](field.label)
        if asked.denied and len(entries(asked)) == 1:
            words = words.replace("is none of", "is not").replace("in none of the blocks", "not in the block")
        if self.has_several(asked.left):
            words = SEVERAL.get(asked.operator, words)
        elif asked.operator == "none_of" and len(entries(asked)) == 1:
            words = OPERATORS["is_not"].says
        beside = [self.beside(asked, operator.shape, entry, field) for entry in asked.beside]
        if operator.shape == "distance":
            beside = [beside[0], f"{beside[1]} {DISTANCES.get(beside[2] if len(beside) > 2 else 'mi', 'miles')}"]
        if operator.shape == "type" and not beside:
            beside = [NOUNS.get(field.type, field.type) if field else "value"]
        said = words.format(self.value(asked.left), *beside)
        in_zone = operator.shape == "times" and len(beside) > 2
        return f"{said} ({beside[2].rpartition('/')[2].replace('_', ' ')})" if in_zone else said

    def beside(self, asked: Asked, shape: Shape, entry: object, field: Field | None) -> str:
        """Return what stands beside the left side, as its operator wants it said."""
        if isinstance(entry, dict):
            return self.value(entry)
        many = entry if isinstance(entry, list) else [entry]
        if shape == "list":
            return f"“{self.names.get(str(entry), str(entry))}”"
        if shape == "days":
            return say_days(many)
        if shape == "duration":
            return say_span(entry)
        if shape == "type":
            return NOUNS.get(str(entry), str(entry))
        if shape in ("parts", "pattern"):
            return say_list(said_first(many, lambda one: f"“{say_literal(one)}”"))
        word = "" if asked.operator == "none_of" or asked.denied else "or"
        if asked.operator == "all_of" or (asked.operator in ("is", "is_not") and self.has_several(asked.left)):
            word = "and"
        kind = None if asked.operator in BARE else field
        return say_list(said_first(many, lambda one: self.literal(one, kind)), word)

    def literal(self, entry: object, field: Field | None) -> str:
        """Return an entry of a list in words."""
        return self.value(entry) if isinstance(entry, dict) else say_literal(entry, field, self.currency)

    def field_of(self, document: object) -> Field | None:
        """Return the field that an expression reads, None when it reads none."""
        path = path_of(document)
        if path is None:
            return None
        return OUTCOME if OF_STEPS.fullmatch(path) else field_at(path, self.fields)

    def value(self, document: object, *, as_money: bool = False) -> str:
        """Return an expression in words."""
        path = path_of(document)
        if path is not None:
            return label_of(path, self.fields, self.names)
        if not isinstance(document, dict):
            return self.plain(document, as_money=as_money)
        used = arguments_of(document)
        if used is None:
            return say_json(document)
        key, arguments = used
        if key in ("if", "?:") and len(arguments) > 1:
            return self.cases(arguments, lambda branch: self.value(branch, as_money=as_money))
        if key in PHRASES:
            return PHRASES[key](self, arguments)
        return self.condition(document) if OPERATORS[key].decides else say_json(document)

    def plain(self, value: object, *, as_money: bool) -> str:
        """Return a literal in words, the names in a template as labels."""
        if isinstance(value, (list, tuple)):
            return say_list([self.value(entry) for entry in value], "and")
        if isinstance(value, str):
            own = frozenset(f"lead.{key}" for key in self.fields)
            text = PLACE.sub(lambda m: f"[{label_of(resolve(m[1], own), self.fields, self.names)}]", value)
            return f"“{text}”"
        if isinstance(value, bool) or value is None:
            return say_literal(value)
        if isinstance(value, (int, float, Decimal)):
            return say_amount(value, self.currency, with_cents=True) if as_money else say_number(value)
        return say_json(value)


def said_first(entries: Sequence[object], say: Callable[[object], str]) -> list[str]:
    """Return entries in words; of more than a list says, those behind the ones that it counts are left empty."""
    if len(entries) <= LONGEST_LIST:
        return [say(entry) for entry in entries]
    return [say(entry) for entry in entries[:LONGEST_LIST]] + [""] * (len(entries) - LONGEST_LIST)


def path_of(document: object) -> str | None:
    """Return the path that a variable reads; None for every other expression."""
    used = arguments_of(document)
    if used is None or used[0] not in ("var", "val"):
        return None
    if used[0] == "val" and len(used[1]) > 1:
        return ".".join(map(str, used[1])) if not any(isinstance(key, (dict, list)) for key in used[1]) else None
    path = used[1][0] if used[1] and used[1] != [None] else ""
    return str(path) if isinstance(path, (str, int)) and not isinstance(path, bool) else None


def say_span(entry: object) -> str:
    """Return a duration in words, and what is none as it is written."""
    try:
        return say_duration(entry)
    except DurationError:
        return str(entry)


def joined_by_and(parts: Sequence[str]) -> str:
    """Return "A and B", with commas as soon as that could be misread."""
    if len(parts) == 2 and not any(f" {word} " in part for part in parts for word in ("and", "or")):
        return " and ".join(parts)
    return ", and ".join(parts)


def joined_by_or(parts: Sequence[str]) -> str:
    """Return "either A or B" or "either A, B or C"."""
    clear = not any(", " in part for part in parts[:-1])
    return f"either {', '.join(parts[:-1])} or {parts[-1]}" if clear else f"either {', or '.join(parts)}"
