"""in_list: whether a value is in a stored list, as the world answered before the rule was decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.bounds import FOREIGN, Budget, RuleError
from rules.json_text import write
from rules.operators.base import Call, Evaluate, Operator
from rules.text import scalar_text

PREFIX = "lst_"
LONGEST_ID = 64
NOT_ASKED = "This value was not looked up in the stored list. What a step changes can be looked up in a later step."
ANSWERS = "lists"
"""Where in a run's data the answers stand, by `answer_key`; null stands for a list that is not there any more."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a rule asks of a stored list: whether the value of an expression is in it."""

    list_id: str
    expression: object
    run: Evaluate

    @property
    def of(self) -> str:
        """Return the path or expression whose value is asked about, as a text that compares equal in a replay."""
        match self.expression:
            case {"var": str(path)} | {"var": [str(path)]}:
                return path
        return write(self.expression).decode()

    def value_in(self, data: Any) -> str | None:
        """Return the text to look for; None for a blank value, and for one that the rule itself will fail on."""
        try:
            return text_of(self.run(data, Budget()))
        except (RuleError, *FOREIGN):
            return None


def text_of(value: object) -> str | None:
    """Return a value as the text that a list is searched for; None for a blank one.

    Raises a RuleError for lists and objects.
    """
    text = scalar_text(value)
    if text is None:
        raise RuleError("not_comparable", "A list or an object cannot be looked for in a stored list.")
    return text.strip() or None


def answer_key(list_id: str, text: str) -> str:
    """Return the name under which the answer for a text stands."""
    return f"{list_id} {text}"


def build_in_list(call: Call) -> Evaluate:
    """Build whether a value is in a stored list; a blank one is not."""
    left, list_id = call.left.run, list_named(call)

    def is_listed(data: Any, budget: Budget) -> bool:
        text = text_of(left(data, budget))
        if text is None:
            return False
        answers = data.get(ANSWERS) if isinstance(data, Mapping) else None
        key = answer_key(list_id, budget.spend_text(text))
        if not isinstance(answers, Mapping) or key not in answers:
            raise RuleError("list_not_asked", NOT_ASKED, call.at)
        if answers[key] is None:
            raise RuleError("list_gone", f"The stored list “{list_id}” is not there any more.", call.at)
        return answers[key] is True

    return is_listed


def list_named(call: Call) -> str:
    """Return the id of the list that the second argument names; refuse anything but an id."""
    name = call.arguments[1]
    written = name.document
    if not name.is_literal or not isinstance(written, str) or not is_list_id(written):
        name.refuse("not_a_list", "Name the stored list by its id, which begins with “lst_”.")
    return written


def is_list_id(text: str) -> bool:
    """Say whether a text could be the id of a stored list."""
    rest = text.removeprefix(PREFIX)
    return rest != text and rest.isascii() and rest.isalnum() and len(text) <= LONGEST_ID


STORED = (
    Operator(
        "in_list",
        build_in_list,
        2,
        2,
        shape="list",
        says="{0} is in the list {1}",
        denies="{0} is not in the list {1}",
    ),
)
"""The operators that need an answer of the world."""
