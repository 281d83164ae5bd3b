"""The checker of edits: what pages said of changes, beside the history of the draft, and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import db, ids
from flowbuilder.models import DraftEdit, Flow
from rules.differences.base import same
from rules.editing.tree import walk
from tests.support.at_the_editor import Change
from tests.support.verdicts import Verdict

IN_DOUBT = ("not saved", "silent", "warned", "left", "conflict")
"""What was told of changes that may have been made nevertheless: the answer was lost, or a retry made them."""
ORDER, THERE, GONE = "order", "there", "gone"
Part = tuple[str, str, object]
"""What an edit changed: the id of a step, a setting of it (or `there`, `gone`, `order`), and its new value."""


@dataclass(frozen=True)
class Story:
    """What two people were told of their changes, and the steps that each one's page shows at last.

    `differing` is in what a page that was open until then differed from the same page loaded again.
    """

    changes: Sequence[Change]
    shown: Sequence[Sequence[str]]
    differing: Sequence[str] = ()


@dataclass(frozen=True)
class Edit:
    """One row of a draft's history."""

    revision: int
    kind: str
    who: str
    step: str
    said: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    starts: int
    next_undo: int | None
    next_redo: int | None

    @property
    def parts(self) -> list[Part]:
        """Return what it changed."""
        return list(_parts(self.before, self.after))


@dataclass(frozen=True)
class History:
    """The history of a draft, oldest first, and the draft with its revision as it is now; it began as `first`."""

    first: Mapping[str, Any]
    edits: Sequence[Edit]
    draft: Mapping[str, Any]
    revision: int


def read_history(database_url: str, flow_id: str, first: Mapping[str, Any]) -> History:
    """Return the history of a flow's draft as the database has it."""
    engine = db.make_engine(database_url, pool_size=1)
    with Session(engine) as session:
        flow = session.get_one(Flow, ids.read(flow_id, "flo"))
        rows = session.scalars(select(DraftEdit).where(DraftEdit.flow_id == flow.id).order_by(DraftEdit.revision))
        edits = [
            Edit(
                row.revision,
                row.kind,
                str(row.person_id),
                row.step,
                row.said,
                row.before,
                row.after,
                row.starts,
                row.next_undo,
                row.next_redo,
            )
            for row in rows
        ]
        found = History(first, edits, flow.draft, flow.draft_revision)
    engine.dispose()
    return found


def verdicts(story: Story, history: History) -> list[Verdict]:
    """Return whether the history explains every state, and the pages told the truth."""
    said = [kept(story, history), told(story, history)]
    return [unbroken(history), *said, nothing_else(story, history), as_loaded(story)]


def unbroken(history: History) -> Verdict:
    """Each edit begins where the last one ended, from the first document to the draft; undo goes where it says."""
    found, before, revision = [], history.first, 1
    by_revision = {edit.revision: edit for edit in history.edits}
    for edit in history.edits:
        if edit.revision != revision + 1:
            found.append(f"edit {edit.revision} follows {revision}")
        if not same(edit.before, before):
            found.append(f"edit {edit.revision} does not begin where the one before ended")
        if edit.kind != "edit" and not same(edit.after, _gone_back_to(edit, by_revision)):
            found.append(f"{edit.kind} {edit.revision} does not lead to what it named")
        before, revision = edit.after, edit.revision
    if revision != history.revision or not same(before, history.draft):
        found.append(f"the draft of revision {history.revision} is not what edit {revision} made")
    kinds = [edit.kind for edit in history.edits]
    figures = f"{len(kinds)} edits, {kinds.count('undo')} taken back, {kinds.count('redo')} done again"
    return Verdict("the chain of documents is unbroken", figures, found)


def _gone_back_to(edit: Edit, by_revision: Mapping[int, Edit]) -> object:
    last = by_revision.get(edit.revision - 1)
    target = by_revision.get((last.next_undo if edit.kind == "undo" else last.next_redo) or 0) if last else None
    first = by_revision.get(target.starts) if target and edit.kind == "undo" else target
    return first.before if first else None


def kept(story: Story, history: History) -> Verdict:
    """Every change that a page said is saved, or let go without a word, is in the history."""
    said = [one for one in story.changes if one.told in ("saved", "left")]
    claimed, found = _claimed(story, history), []
    for one in said:
        if one.does in ("type", "use mine"):
            if not any(_writes(edit, one) for edit in history.edits):
                found.append(f"{one.does} {one.setting} of {one.step} = {one.value!r}: told {one.told}, and not there")
        elif one.told == "saved" and one not in claimed.values():
            found.append(f"{one.does} {one.step}: told {one.said!r}, and not there")
    return Verdict("what a page said is saved is there", f"{len(said)} changes", found)


def told(story: Story, history: History) -> Verdict:
    """Every change that was not made was told so, and what was typed stood on the page."""
    typed = [one for one in story.changes if one.does == "type"]
    unsaved = [one for one in typed if not any(_writes(edit, one) for edit in history.edits)]
    found = [
        f"{one.setting} of {one.step} = {one.value!r}: {one.told}, {'kept' if one.kept else 'not kept on the page'}"
        for one in unsaved
        if one.told not in ("conflict", "not saved", "typed over", "warned") or not one.kept
    ]
    claimed = _claimed(story, history).values()
    silent = [one for one in story.changes if one.does not in ("type", "use mine") and one.told == "silent"]
    found += [f"{one.does} {one.step}: nothing was said" for one in silent if one not in claimed]
    ways = [one.told for one in unsaved]
    figures = f"{len(unsaved)} of {len(typed)} values: " + ", ".join(
        f"{ways.count(way)} {way}" for way in sorted({*ways})
    )
    return Verdict("what is not saved is told", figures, found)


def nothing_else(story: Story, history: History) -> Verdict:
    """Every part of every edit is something that its person did; the pages show the steps of the draft at last."""
    claimed, found = _claimed(story, history), []
    for edit in history.edits:
        if edit.revision not in claimed:
            strange = [part for part in edit.parts if not _is_typed(part, edit, story)]
            found += [
                f"edit {edit.revision} by {edit.who[-4:]}: {step} {name} = {value}" for step, name, value in strange
            ]
    steps = [step.key for step in walk(history.draft)]
    found += [f"a page shows {list(shown)}, the draft has {steps}" for shown in story.shown if list(shown) != steps]
    return Verdict("nothing else changed", f"{len(claimed)} buttons, {len(history.edits) - len(claimed)} saves", found)


def as_loaded(story: Story) -> Verdict:
    """A page that stayed open shows what it shows when it is loaded again."""
    return Verdict("open pages show what is there", f"{len(story.shown)} pages", list(story.differing))


def _claimed(story: Story, history: History) -> dict[int, Change]:
    """Return for each edit that a button made, by its revision, what was pressed; those that were told come first."""
    claimed: dict[int, Change] = {}
    pressed = [one for one in story.changes if one.does not in ("type", "use mine")]
    for is_told in (True, False):
        for one in pressed:
            if is_told != (one.told == "saved") or (not is_told and one.told not in IN_DOUBT):
                continue
            made = [edit for edit in history.edits if edit.revision not in claimed and _is_made_by(edit, one)]
            if is_told:
                made = [edit for edit in made if edit.said == one.said]
            if made:
                claimed[made[0].revision] = one
    return claimed


def _is_made_by(edit: Edit, one: Change) -> bool:
    """Return whether an edit is what a button makes, and changes nothing besides."""
    if edit.who != one.who or edit.kind != (one.does if one.does in ("undo", "redo") else "edit"):
        return False
    names = {name for _, name, _ in edit.parts if name != ORDER}
    match one.does:
        case "undo" | "redo":
            return True
        case "add" | "duplicate":
            return names == {THERE}
        case "delete":
            return names == {GONE} and any(step == one.step for step, _, _ in edit.parts)
        case "off":
            return names == {"off"} and edit.step == one.step
        case _:
            return not names and edit.step == one.step


def _writes(edit: Edit, one: Change) -> bool:
    """Return whether an edit by this person gave the setting the value that was typed."""
    if edit.who != one.who or edit.kind != "edit":
        return False
    return any((step, name) == (one.step, one.setting) and _is(value, one.value) for step, name, value in edit.parts)


def _is_typed(part: Part, edit: Edit, story: Story) -> bool:
    step, name, value = part
    for one in story.changes:
        if (one.who, one.step) != (edit.who, step):
            continue
        if one.does == "use mine" and one.told == "saved" and name not in (THERE, GONE, ORDER):
            return True
        if one.does == "type" and one.setting == name:
            begun = "" if value is None else str(value)
            if _is(value, one.value) or (one.letters and one.value.startswith(begun)):
                return True
    return False


def _is(value: object, typed: str) -> bool:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Decimal(str(value)) == Decimal(typed) if typed.replace(".", "", 1).isdecimal() else False
    return value == typed


def _parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Part]:
    """Yield what differs between two documents, step by step."""
    old, new = _flat(before), _flat(after)
    for step in new:
        if step not in old:
            yield step, THERE, None
    for step, settings in old.items():
        if step not in new:
            yield step, GONE, None
            continue
        for name in {**settings, **new[step]}:
            if not same(settings.get(name), new[step].get(name)):
                yield step, name, new[step].get(name)
    stayed = [step for step in old if step in new]
    if stayed != [step for step in new if step in old] or _places(before, stayed) != _places(after, stayed):
        yield "", ORDER, None


def _flat(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the settings of every step, and of every buyer of a group, without the steps and buyers in them."""
    flat: dict[str, Mapping[str, Any]] = {"": {key: value for key, value in document.items() if key != "steps"}}
    for step in walk(document):
        own = {key: value for key, value in step.settings.items() if key not in ("else", "buyers")}
        if isinstance(own.get("cases"), list):
            own["cases"] = [{key: value for key, value in lane.items() if key != "steps"} for lane in own["cases"]]
        flat[step.key] = {**own, "kind": step.kind}
        for row in step.settings.get("buyers", []) if step.kind == "group" else []:
            flat[row["id"]] = row
    return flat


def _places(document: Mapping[str, Any], steps: Sequence[str]) -> list[tuple[str, object]]:
    return [(step.key, step.lane) for step in walk(document) if step.key in steps]
