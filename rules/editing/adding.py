"""Adding steps, lanes' steps and buyers; copies of what is there; a group made of two buyers that follow each other."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from rules.editing.edited import Document, Edit, Edited, Gone, NotPossible, Remark, Talk
from rules.editing.naming import LABELS, buyer_called, label_of, step_called
from rules.editing.tree import GONE, Found, copy_of, ids_of, kind_of, list_in, row_in, step_in, walk
from rules.places import DOOR
from rules.steps import MOST_STEPS

MAKE_A_GROUP = "group"
"""What a remark offers after a buyer was added right below another one."""
FULL = f"A flow has at most {MOST_STEPS} steps."
START: Mapping[str, Mapping[str, Any]] = {
    "buyer": {"connection": ""},
    "filter": {},
    "group": {"mode": "waterfall", "buyers": []},
    "cap": {"limit": 500, "per": "day"},
    "transform": {"set": []},
    "look_up": {},
    "split": {"cases": [{"name": "Lane 1", "steps": []}], "else": []},
}
"""What a step begins with, by kind; what only the person can say is missing, and told as such on its card."""


def add_step(kind: str, talk: Talk, *, after: str = "", lane: str = "") -> Edit:
    """Add a step of a kind below another one (`intake`: as the first), or as the first of a lane `<split>.<number>`."""
    if kind not in START:
        raise NotPossible("There is no such kind of step.")

    def edit(document: Document) -> Edited:
        settings = {"id": _fresh(document, talk.fresh), **deepcopy(dict(START[kind]))}
        if kind == "buyer" and len(left := _unused(document, talk.names)) == 1:
            settings["connection"] = left[0]
        return _put_in(document, {kind: settings}, "add", talk, after=after, lane=lane)

    return edit


def add_row(group: str, talk: Talk) -> Edit:
    """Add a buyer to a group, the last of its rows."""

    def edit(document: Document) -> Edited:
        changed = copy_of(document)
        step = step_in(changed, group)
        if step.kind != "group":
            raise NotPossible("Buyers are added to groups.")
        rows = step.settings.setdefault("buyers", [])
        if not isinstance(rows, list):
            raise NotPossible("The buyers of this group are not a list. Put that right in its JSON first.")
        row = {"id": _fresh(document, talk.fresh), "connection": ""}
        rows.append(row)
        said = f"Buyer added to step {step.number}, the last of {len(rows)}."
        return Edited(changed, f"add a buyer to step {step.number}", group, said, opens=row["id"])

    return edit


def duplicate(key: str, talk: Talk) -> Edit:
    """Put a copy of a step right below it, or of a buyer into its group; everything in the copy gets ids of its own."""

    def edit(document: Document) -> Edited:
        found = row_in(document, key)
        if kind_of(document, key) == "row" and found:
            return _copy_row(document, key, talk)
        step = step_in(document, key)
        copy = _with_new_ids({step.kind: step.settings}, ids_of(document), talk.fresh)
        return _put_in(document, copy, "duplicate", talk, after=key)

    return edit


def paste(step: Mapping[str, Any], talk: Talk) -> Edit:
    """Add a step of another flow as the last one; everything in it gets ids that are free here."""

    def edit(document: Document) -> Edited:
        copy = _with_new_ids(dict(step), ids_of(document), talk.fresh)
        steps = list_in(copy_of(document))
        top = [found for found in walk(document) if not found.lane]
        after = top[-1].key if top and steps else DOOR
        return _put_in(document, copy, "copy", talk, after=after)

    return edit


def as_group(key: str, talk: Talk) -> Edit:
    """Make a group of a buyer and the one right above it, asked in the order in which they stood."""

    def edit(document: Document) -> Edited:
        changed = copy_of(document)
        step = step_in(changed, key)
        above = _above(step)
        if step.kind != "buyer" or above is None:
            raise NotPossible("A group is made of a buyer and the buyer right above it.")
        rows = [above, step.settings]
        group = _fresh(document, talk.fresh)
        settings: dict[str, Any] = {"id": group, "mode": "waterfall", "buyers": [_as_row(row) for row in rows]}
        if any(row.get("sell") == "continue" for row in rows):
            settings["then"] = "continue"
        step.holder[step.position - 1 : step.position + 1] = [{"group": settings}]
        number = step.number - 1
        name = f"make a group of steps {number} and {step.number}"
        return Edited(changed, name, group, f"Step {number} is now a group of 2 buyers.", opens=group)

    return edit


def _put_in(
    document: Document, step: Mapping[str, Any], verb: str, talk: Talk, *, after: str = "", lane: str = ""
) -> Edited:
    """Return the document with one more step; a buyer right below a buyer may become a group with it."""
    if len(list(walk(document))) >= MOST_STEPS:
        raise NotPossible(FULL)
    changed = copy_of(document)
    if lane or after in ("", DOOR):
        steps, position = list_in(changed, lane), 0
    else:
        before = step_in(changed, after)
        steps, position = before.holder, before.position + 1
    steps.insert(position, dict(step))
    [(kind, settings)] = step.items()
    added = step_in(changed, settings["id"])
    done = {"add": "added", "duplicate": "duplicated", "copy": "copied here"}[verb]
    name = {"add": f"add a {label_of(kind)} as step {added.number}", "copy": f"copy a {label_of(kind)} here"}.get(
        verb, f"duplicate step {added.number - 1}" if not after else f"duplicate {step_called(document, after)}"
    )
    said = f"{LABELS.get(kind, kind)} {done} as step {added.number}."
    return Edited(changed, name, added.key, said, _offer(added, talk) if verb == "add" else None, opens=added.key)


def _offer(added: Found, talk: Talk) -> Remark | None:
    above = _above(added)
    if added.kind != "buyer" or above is None:
        return None
    other = buyer_called(above, talk.names) or "the buyer above"
    text = f"It is offered the leads that {other} does not take. A group can share them out in other ways."
    return Remark(added.key, text, MAKE_A_GROUP)


def _above(step: Found) -> dict[str, Any] | None:
    """Return the settings of the buyer right above a step, None when something else stands there."""
    above = step.holder[step.position - 1] if step.position else None
    settings = above.get("buyer") if isinstance(above, dict) and len(above) == 1 else None
    return settings if isinstance(settings, dict) else None


def _as_row(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a buyer's settings as a row of a group; whether it sells on is said by the group."""
    return {key: value for key, value in settings.items() if key != "sell"}


def _copy_row(document: Document, key: str, talk: Talk) -> Edited:
    changed = copy_of(document)
    found = row_in(changed, key)
    if found is None:
        raise Gone(GONE)
    group, position = found
    copy = {**deepcopy(group.settings["buyers"][position]), "id": _fresh(document, talk.fresh)}
    group.settings["buyers"].insert(position + 1, copy)
    called = step_called(document, key)
    return Edited(changed, f"duplicate {called}", copy["id"], f"{called.capitalize()} duplicated.", opens=copy["id"])


def _unused(document: Document, names: Mapping[str, str]) -> list[str]:
    """Return the connections that no buyer of the flow names yet."""
    named = str([[step.settings.get("connection"), step.settings.get("buyers")] for step in walk(document)])
    return [connection for connection in names if connection not in named]


def _fresh(document: Document, fresh: Iterator[str]) -> str:
    taken = ids_of(document)
    return next(one for one in fresh if one not in taken)


def _with_new_ids(step: Mapping[str, Any], taken: set[str], fresh: Iterator[str]) -> dict[str, Any]:
    """Return a copy of a step whose ids are new; what in it speaks of its own steps and buyers speaks of the copies."""
    free = (one for one in fresh if one not in taken)
    copy = deepcopy(dict(step))
    renamed: dict[str, str] = {}
    [(_, settings)] = copy.items()
    settings["id"] = renamed[str(settings.get("id", ""))] = next(free)
    for found in walk({"steps": [copy]}):
        if found.settings is not settings:
            old = str(found.settings.get("id", ""))
            found.settings["id"] = renamed[old] = next(free)
        rows = found.settings.get("buyers")
        for row in rows if found.kind == "group" and isinstance(rows, list) else []:
            if isinstance(row, dict):
                old = str(row.get("id", ""))
                row["id"] = renamed[old] = next(free)
    _point_to(copy, renamed)
    return copy


def _point_to(value: Any, renamed: Mapping[str, str]) -> None:
    """Let ways and rules inside a copy name the copies."""
    if isinstance(value, list):
        for item in value:
            _point_to(item, renamed)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key in ("go_to", "buyer") and isinstance(inner, str):
            value[key] = renamed.get(inner, inner)
        elif key == "var" and isinstance(inner, str) and inner.startswith("step."):
            head, step, *rest = inner.split(".")
            value[key] = ".".join((head, renamed.get(step, step), *rest))
        else:
            _point_to(inner, renamed)
