"""A rule as the page shows it: its groups and rows with all that can be chosen, how it reads, what is wrong with it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as field_setting

from flowbuilder.editor.rule_inputs import Choice, Editor, editor_of, suggestions_for
from rules.builder import COMPARISONS, Comparison, Group, Opaque, Part, Path, Row, comparisons_for, label_for
from rules.builder.actions import show_path
from rules.builder.edits import may_hold_groups
from rules.builder.hints import lets_blank_in, may_add_filled
from rules.builder.judging import Spoken, Verdict, is_complete, problems_by_path, say_part, speak, verdicts
from rules.builder.places import Places, Shelf
from rules.builder.ready import Ready, ready_made
from rules.fields import Field
from rules.json_text import write as write_json

NEVER = "This can never be true."
TWO_THINGS = "This can never be true: {} would have to be two things at once."
ALWAYS = "This is true for every lead, so that it decides nothing."
NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True)
class StoredListChoice:
    """A stored list that a rule may ask."""

    id: str
    name: str
    kind: str


@dataclass(frozen=True)
class Room:
    """What a rule is built in: what it may ask about, and the names that only the database knows.

    `samples` are values of the last lead by path, as people may see them.
    """

    places: Places
    currency: str = "USD"
    lists: Sequence[StoredListChoice] = ()
    samples: Mapping[str, str] = field_setting(default_factory=dict)
    asks_lists: bool = True

    @property
    def names(self) -> Mapping[str, str]:
        """Return the names of stored lists by their ids."""
        return {row.id: row.name for row in self.lists}


@dataclass(frozen=True)
class PartView:
    """What rows, groups and what cannot be drawn have in common: names for inputs, ids and buttons, and its menu."""

    path: str
    prefix: str
    id: str
    number: int
    is_off: bool
    is_first: bool
    is_last: bool
    may_group: bool


@dataclass(frozen=True)
class RowView:
    """One row: its field, its comparison, the editor of what stands beside, and what is to be said about it."""

    at: PartView
    field: str
    is_known: bool
    label: str
    comparisons: tuple[Choice, ...]
    editor: Editor
    said: str
    problem: str
    blank: str
    may_add_filled: bool
    sample: str
    kind: str = "row"


@dataclass(frozen=True)
class OpaqueView:
    """A part that cannot be drawn: in words, and as JSON."""

    at: PartView
    said: str
    json: str
    problem: str
    kind: str = "opaque"


@dataclass(frozen=True)
class GroupView:
    """One group: how its parts are joined, the parts, and what is to be said about it."""

    at: PartView
    how: str
    parts: "tuple[RowView | OpaqueView | GroupView, ...]"
    depth: int
    may_nest: bool
    verdict: str
    problem: str
    kind: str = "group"


@dataclass(frozen=True)
class Form:
    """What could not be read of a form, and what was typed there, by the names of its inputs."""

    problems: Mapping[str, str] = field_setting(default_factory=dict)
    typed: Mapping[str, str] = field_setting(default_factory=dict)


@dataclass(frozen=True)
class Tried:
    """Where the rule is tried on the last leads, and a text that changes with the rule."""

    address: str
    mark: str


@dataclass(frozen=True)
class RuleView:
    """A rule with everything that its builder shows; `root` is None when it can only be shown as text and JSON.

    `redraws` is the address that its buttons ask for, "" where they save; `keeps_lists` says whether a row's values can
    become a stored list.
    """

    name: str
    id: str
    root: GroupView | None
    spoken: Spoken
    json: str
    json_problem: str
    shelves: tuple[Shelf, ...]
    ready: tuple[Ready, ...]
    lists: Sequence[StoredListChoice]
    suggestions: Mapping[str, tuple[Choice, ...]]
    tried: Tried | None
    redraws: str
    keeps_lists: bool


def mark_of(rule: object) -> str:
    """Return a short text that changes when a rule does."""
    return hashlib.sha256(write_json(rule)).hexdigest()[:12]


def rule_view(
    rule: object,
    group: Group | None,
    name: str,
    room: Room,
    *,
    form: Form,
    tried: Tried | None,
    redraws: str = "",
) -> RuleView:
    """Return a rule as the page shows it."""
    places = room.places
    spoken = (
        Spoken(say_part(Opaque(rule), places, names=room.names, currency=room.currency), 0, 0)
        if group is None
        else speak(group, places, names=room.names, currency=room.currency)
    )
    root = None if group is None else _Drawing(group, name, room, form).root()
    return RuleView(
        name=name,
        id=name.replace(".", "-"),
        root=root,
        spoken=spoken,
        json=form.typed.get(f"{name}.json") or write_json(rule).decode(),
        json_problem=form.problems.get(f"{name}.json", ""),
        shelves=places.shelves,
        ready=ready_made(places),
        lists=room.lists,
        suggestions=suggestions_for(_editors(root)) if root else {},
        tried=tried,
        redraws=redraws,
        keeps_lists=room.asks_lists,
    )


def _editors(group: GroupView) -> Iterator[Editor]:
    for part in group.parts:
        if isinstance(part, RowView):
            yield part.editor
        elif isinstance(part, GroupView):
            yield from _editors(part)


class _Drawing:
    """Turns the parts of a rule into what the page shows."""

    def __init__(self, group: Group, name: str, room: Room, form: Form) -> None:
        self.group = group
        self.name = name
        self.room = room
        self.form = form
        self.problems = problems_by_path(group, room.places, asks_lists=room.asks_lists)
        self.verdicts = verdicts(group, room.places)

    def root(self) -> GroupView:
        return self.group_view(self.group, (), 1)

    def part(self, part: Part, path: Path, of: int) -> RowView | OpaqueView | GroupView:
        match part:
            case Row():
                return self.row_view(part, path, of)
            case Group():
                return self.group_view(part, path, of)
            case Opaque():
                at = self.at(part, path, of)
                json = f"{at.prefix}.json"
                problem = self.form.problems.get(json) or self.problem(path)
                typed = self.form.typed.get(json) or write_json(part.rule).decode()
                return OpaqueView(at, self.say(part), typed, problem)

    def at(self, part: Part, path: Path, of: int) -> PartView:
        prefix = ".".join((self.name, *map(str, path)))
        number = path[-1] if path else 0
        return PartView(
            path=show_path(path),
            prefix=prefix,
            id=prefix.replace(".", "-"),
            number=number + 1,
            is_off=part.off,
            is_first=number == 0,
            is_last=number == of - 1,
            may_group=bool(path) and not isinstance(part, Group) and may_hold_groups(path[:-1]),
        )

    def group_view(self, group: Group, path: Path, of: int) -> GroupView:
        verdict = self.verdicts.get(path)
        return GroupView(
            at=self.at(group, path, of),
            how=group.how,
            parts=tuple(self.part(part, (*path, number), len(group.parts)) for number, part in enumerate(group.parts)),
            depth=len(path),
            may_nest=may_hold_groups(path),
            verdict=_say_verdict(verdict) if verdict else "",
            problem=self.problem(path),
        )

    def row_view(self, row: Row, path: Path, of: int) -> RowView:
        places, room = self.room.places, self.room
        field = places.field(row.field) if row.field else None
        comparison = COMPARISONS[row.comparison]
        complete = is_complete(row)
        return RowView(
            at=self.at(row, path, of),
            field=row.field,
            is_known=not row.field or places.knows(row.field),
            label=places.label(row.field) if row.field else "",
            comparisons=_offered(comparison, field, asks_lists=room.asks_lists) if row.field else (),
            editor=editor_of(row, comparison, field, room.currency, is_sound=not row.off and path not in self.problems),
            said=self.say(row) if complete else "",
            problem=self.problem(path) if complete and not row.off else "",
            blank=places.label(row.field) if lets_blank_in(self.group, path) and complete else "",
            may_add_filled=may_add_filled(self.group, path),
            sample=room.samples.get(row.field, ""),
        )

    def problem(self, path: Path) -> str:
        found = self.problems.get(path, ())
        return found[0].message if found else ""

    def say(self, part: Part) -> str:
        return say_part(part, self.room.places, names=self.room.names, currency=self.room.currency)


def _say_verdict(verdict: Verdict) -> str:
    if verdict.always:
        return ALWAYS
    return TWO_THINGS.format(verdict.label) if verdict.label else NEVER


def _offered(chosen: Comparison, field: Field | None, *, asks_lists: bool) -> tuple[Choice, ...]:
    """Return the comparisons of a field; one that is in the rule without fitting the field is among them too."""
    fitting = [one for one in comparisons_for(field) if asks_lists or one.shape != "list"]
    also = () if chosen in fitting else (chosen,)
    return tuple(Choice(one.key, label_for(one, field), one is chosen) for one in (*fitting, *also))


__all__ = ["Form", "GroupView", "OpaqueView", "Room", "RowView", "RuleView", "Tried", "mark_of", "rule_view"]
