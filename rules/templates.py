"""Texts with {{lead.first_name}} in them: plain substitution, in one pass, without code or loops."""

import re
from typing import Any

from rules.bounds import Budget
from rules.operators.base import CompileError, Evaluate
from rules.operators.loose import joined
from rules.operators.variables import keys_of, look_up
from rules.problems import shorten

PLACE = re.compile(r"\{\{\s*([A-Za-z_]\w*(?:\.\w+)*)\s*\}\}", re.ASCII)
DEEPEST = 5

# Names that partners' own documents use for what an offer and a source are called here.
ALIASES = {
    "event_id": "offer.id",
    "event_timestamp": "offer.sent_at",
    "test_mode": "offer.is_test",
    "lead.source": "source.name",
}


def is_template(text: str) -> bool:
    """Say whether a text has a place to fill in."""
    return "{{" in text


def template_names(text: str, own: frozenset[str] = frozenset()) -> list[str]:
    """Return the paths that a template reads; names of the lead's own fields are never taken for aliases."""
    return [resolve(match[1], own) for match in PLACE.finditer(text)]


def resolve(name: str, own: frozenset[str]) -> str:
    """Return the path that a name in a template stands for."""
    return name if name in own else ALIASES.get(name, name)


def build_template(text: str, at: str, own: frozenset[str] = frozenset()) -> Evaluate:
    """Build the filling in of a template: what is missing is empty, and braces in values stay as they are."""
    refuse_odd_places(text, at)
    pieces = PLACE.split(text)
    literals, paths = pieces[0::2], [keys_of(resolve(name, own)) for name in pieces[1::2]]

    def fill(data: Any, budget: Budget) -> str:
        filled = [literals[0]]
        for keys, literal in zip(paths, literals[1:], strict=True):
            filled += (joined(look_up(data, keys), budget), literal)
        return budget.spend_text("".join(filled))

    return fill


def refuse_odd_places(text: str, at: str) -> None:
    """Refuse braces around anything but a name, and names of more than five parts."""
    for piece in PLACE.split(text)[0::2]:
        if "{{" in piece:
            rest = piece[piece.index("{{") :]
            raise CompileError(
                at, "bad_template", f"“{shorten(rest)}” is no name in braces, like {{{{lead.first_name}}}}."
            )
    for name in PLACE.findall(text):
        if name.count(".") >= DEEPEST:
            raise CompileError(at, "bad_template", f"“{shorten(name)}” has more than {DEEPEST} parts.")
