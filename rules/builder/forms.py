"""A rule from the form that people fill in: nested names such as `0.field`, `1.0.value`, `1.how`."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rules.builder.comparisons import COMPARISONS, Comparison, comparisons_for
from rules.builder.drawing import only_row
from rules.builder.model import DEEPEST, HOWS, Group, How, Opaque, Part, Path, Row, part_at
from rules.builder.places import Places
from rules.builder.shapes import DAYS_LONG, FIELD_SIDE, MILES, SIDES, Texts, first, is_list, read_values, texts_of
from rules.fields import Field
from rules.json_text import JsonProblem, read
from rules.text import fold

NAMED = re.compile(r"((?:[0-9]{1,3}\.)*)([a-z]+[a-z0-9-]*)")
MOST_PARTS = 400
BETWEEN = re.compile(r"[,;\t\n]")
BETWEEN_TEXTS = re.compile(r"[\t\n]")
"""What stands between the values of a list that is pasted; a text may have commas itself."""
UNSAID = ([MILES], [DAYS_LONG])
"""Units that inputs stand at by themselves."""
ALIKE = ("one", "two", "several", "parts", "pattern")
"""Shapes between which a value that was typed is kept when people choose another comparison."""


@dataclass
class Reading:
    """What a form says: the rule, and by input what could not be read."""

    group: Group
    problems: dict[str, str] = field(default_factory=dict)


def read_form(posted: Mapping[str, Sequence[str]], places: Places, before: Group) -> Reading:
    """Return the rule that a form says; rows that say the same as `before` keep their values exactly as they were."""
    inputs: dict[Path, dict[str, tuple[str, ...]]] = {}
    for name, texts in posted.items():
        found = NAMED.fullmatch(name)
        if found:
            path = tuple(int(number) for number in found[1].split(".") if number)
            inputs.setdefault(path, {})[found[2]] = tuple(texts)
    form = _Form(inputs, places, before)
    group = form.group((), form.before_at(()))
    return Reading(settled(group), form.problems)


def settled(group: Group) -> Group:
    """Return a rule in the form in which it is written: a single row stands without a group around it."""
    return replace(group, bare=only_row(group) is not None)


class _Form:
    def __init__(self, inputs: dict[Path, dict[str, tuple[str, ...]]], places: Places, before: Group) -> None:
        self.inputs = inputs
        self.places = places
        self.before = before
        self.problems: dict[str, str] = {}
        self.inner: dict[Path, set[int]] = {}
        for path in list(inputs)[:MOST_PARTS]:
            for length in range(len(path)):
                self.inner.setdefault(path[:length], set()).add(path[length])

    def before_at(self, path: Path) -> Part | None:
        return part_at(self.before, path)

    def group(self, path: Path, before: Part | None) -> Group:
        how = first(self.inputs.get(path, {}), "how")
        parts = [self.part((*path, number)) for number in sorted(self.inner.get(path, ()))]
        kept: How = before.how if isinstance(before, Group) else "all"
        chosen = next((one for one in HOWS if one == how), kept)
        return Group(chosen, tuple(parts), off=self.is_off(path))

    def part(self, path: Path) -> Part:
        inputs = self.inputs.get(path, {})
        if "how" in inputs and len(path) <= DEEPEST:
            return self.group(path, self.before_at(path))
        if "json" in inputs:
            return self.opaque(path, first(inputs, "json"))
        row = read_row(inputs, self.places, self.before_at(path))
        return replace(row, off=self.is_off(path))

    def opaque(self, path: Path, text: str) -> Opaque:
        before = self.before_at(path)
        kept = before.rule if isinstance(before, Opaque) else None
        try:
            return Opaque(read(text), off=self.is_off(path))
        except JsonProblem as problem:
            self.problems[f"{'.'.join(map(str, path))}.json"] = problem.message
            return Opaque(kept, off=self.is_off(path))

    def is_off(self, path: Path) -> bool:
        return bool(first(self.inputs.get(path, {}), "off"))


def read_row(inputs: Texts, places: Places, before: Part | None) -> Row:
    """Return one row; what was typed for another field, or another kind of comparison, does not carry over."""
    path, old = first(inputs, "field"), before if isinstance(before, Row) else None
    if not path:
        return Row()
    field = places.field(path)
    comparison = _comparison(first(inputs, "op"), field, keeps=old is not None and old.field == path)
    is_as_before = old is not None and (old.field, old.comparison) == (path, comparison.key)
    shown = texts_of(old, comparison, field) if old is not None and is_as_before else {}
    texts = _listed(inputs, comparison, field, shown.get("value", ())) if is_list(comparison, field) else inputs
    if old is not None and is_as_before and _same(texts, shown):
        return replace(old, off=False)
    carries = old is None or _carries(old, path, comparison, places)
    return Row(path, comparison.key, read_values(comparison, field, texts if carries else {}))


def split_list(text: str, comparison: Comparison, field: Field | None) -> list[str]:
    """Return the values of a list that was typed or pasted, with commas, tabs or lines between them."""
    is_text = comparison.shape == "parts" or field is None or field.type in ("text", "name", "multi", "choice")
    between = BETWEEN_TEXTS if is_text and BETWEEN_TEXTS.search(text) else BETWEEN
    options = field.options if field else ()
    if any(fold(option) == fold(text) for option in options):
        return [text]
    cells = (cell.strip().strip("\"'").strip() for cell in between.split(text.replace("\r", "\n")))
    return [cell for cell in cells if cell]


def _comparison(key: str, field: Field | None, *, keeps: bool) -> Comparison:
    offered, chosen = comparisons_for(field), COMPARISONS.get(key)
    return chosen if chosen and (keeps or chosen in offered) else offered[0]


def _listed(
    inputs: Texts, comparison: Comparison, field: Field | None, shown: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return the inputs of a list with what is kept and what is added as one; what was `shown` is never taken apart."""
    lines = [line for text in inputs.get("value", ()) for line in text.splitlines() if line.strip()]
    kept = [
        cell for line in lines for cell in ([line] if line in shown else split_list(f"{line}\n", comparison, field))
    ]
    added = [cell for text in inputs.get("add", ()) for cell in split_list(text, comparison, field)]
    return {**inputs, "value": (*kept, *added)}


def _same(texts: Texts, old: Texts) -> bool:
    """Return whether inputs hold what they were shown with."""
    return _said(texts) == _said(old)


def _said(texts: Texts) -> dict[str, list[str]]:
    """Return what inputs say beyond what they stand at by themselves."""
    by_field = {side for side in SIDES if first(texts, f"side{side}") == FIELD_SIDE}
    asked = [f"{'other' if side in by_field else 'value'}{side}" for side in SIDES]
    found = {name: [text.strip() for text in texts.get(name, ()) if text.strip()] for name in (*asked, "unit", "zone")}
    return {name: said for name, said in found.items() if said and said not in UNSAID}


def _carries(old: Row, path: str, comparison: Comparison, places: Places) -> bool:
    """Return whether values that were typed for a row still mean something in it as it is now."""
    before, now = places.field(old.field), places.field(path)
    if old.field != path and (before is None or now is None or before.type != now.type):
        return False
    was = COMPARISONS[old.comparison].shape
    return was == comparison.shape or (was in ALIKE and comparison.shape in ALIKE)
