"""What the rules in a part of a flow ask of stored lists, and the asking: once, before who needs the answers."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import TypeVar

from rules.effects import Effect, Lists, Result
from rules.logic import Rule
from rules.operators.stored import ANSWERS, Question, answer_key
from rules.running import Run

Found = TypeVar("Found")
PLAIN = frozenset({str, int, bool, type(None)})
"""What has nothing in it: most of what steps are made of."""


def questions_in(part: object) -> Iterator[Question]:
    """Yield what the rules in a part of a flow ask."""
    for rule in within(part, Rule):
        yield from rule.questions


def within(part: object, kind: type[Found]) -> list[Found]:
    """Return every object of a kind in a part of a flow, in order; the steps of lanes are parts of their own."""
    found: list[Found] = []
    _collect(part, kind, found)
    return found


def _collect(part: object, kind: type[Found], found: list[Found]) -> None:
    if isinstance(part, kind):
        found.append(part)
    elif isinstance(part, (tuple, list)):
        for entry in part:
            if type(entry) not in PLAIN:
                _collect(entry, kind, found)
    else:
        for name in _names_in(type(part)):
            value = getattr(part, name)
            if type(value) not in PLAIN:
                _collect(value, kind, found)


def _names_in(kind: type) -> tuple[str, ...]:
    """Return what the objects of a kind are made of: their `PARTS`, or all; nothing where they are no dataclasses."""
    if kind not in _names:
        all_of_them = tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()
        _names[kind] = getattr(kind, "PARTS", all_of_them)
    return _names[kind]


_names: dict[type, tuple[str, ...]] = {}


def ask_lists(step: str, questions: Iterable[Question], run: Run) -> Generator[Effect, Result, None]:
    """Ask what has not been asked yet in this round, and lay the answers out for the step's rules."""
    asked: dict[str, tuple[Question, str]] = {}
    for question in questions:
        text = question.value_in(run.at(step))
        key = answer_key(question.list_id, text) if text is not None else None
        if text is not None and key is not None and run.listed_in.get(key) != run.round:
            asked.setdefault(key, (question, text))
    if not asked:
        return
    result = yield Lists(
        step,
        pairs=tuple((question.list_id, question.of) for question, _ in asked.values()),
        values=tuple((question.list_id, text) for question, text in asked.values()),
    )
    run.view[ANSWERS].update(zip(asked, result["in"], strict=True))
    run.listed_in.update(dict.fromkeys(asked, run.round))
