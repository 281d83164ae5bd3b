"""Moving steps: one place up or down, to another place, or all of a list into an order."""

from collections.abc import Mapping, Sequence

from rules.editing.edited import Document, Edit, Edited, Gone, NotPossible, Remark, Talk
from rules.editing.naming import filter_called, person_called, step_called
from rules.editing.tree import GONE, Found, copy_of, kind_of, list_in, row_in, step_in, walk
from rules.places import DOOR

OFFERING = ("buyer", "group")
DEEPER = "A step cannot be moved into its own lanes."


def move(key: str, way: str, talk: Talk) -> Edit:
    """Move a step one place up or down in its list, or a buyer in its group."""
    if way not in ("up", "down"):
        raise NotPossible("Steps are moved up or down.")
    distance = -1 if way == "up" else 1

    def edit(document: Document) -> Edited:
        if kind_of(document, key) == "row":
            return _move_row(document, key, distance, talk)
        changed = copy_of(document)
        step = step_in(changed, key)
        target = step.position + distance
        if not 0 <= target < len(step.holder):
            end = "first" if distance < 0 else "last"
            where = " of its lane" if step.lane else ""
            raise NotPossible(f"{person_called(step, talk.names)} is already the {end} step{where}.")
        step.holder[step.position], step.holder[target] = step.holder[target], step.holder[step.position]
        return _moved(document, changed, key, talk)

    return edit


def move_to(key: str, talk: Talk, *, after: str = "", lane: str = "") -> Edit:
    """Move a step below another one (`intake`: to the top), or to the top of a lane `<split>.<number>`."""

    def edit(document: Document) -> Edited:
        changed = copy_of(document)
        step = step_in(changed, key)
        inside = {found.key for found in walk({"steps": [{step.kind: step.settings}]})}
        if (lane or after).rpartition(".")[0 if lane else 2] in inside:
            raise NotPossible(DEEPER)
        del step.holder[step.position]
        if lane or after in ("", DOOR):
            steps, position = list_in(changed, lane), 0
        else:
            above = step_in(changed, after)
            steps, position = above.holder, above.position + 1
        steps.insert(position, {step.kind: step.settings})
        return _moved(document, changed, key, talk)

    return edit


def arrange(order: Sequence[str], talk: Talk, *, lane: str = "") -> Edit:
    """Put the steps of a list into an order by their keys; one of them may come from another list."""

    def edit(document: Document) -> Edited:
        now = [step.key for step in walk(document) if _is_in(step, lane)]
        come = [key for key in order if key not in now]
        if len(set(order)) != len(order) or set(now) - set(order) or len(come) > 1:
            raise NotPossible("The steps have changed meanwhile.")
        if come:
            at = list(order).index(come[0])
            above = order[at - 1] if at else ""
            return move_to(come[0], talk, after=above, lane=lane if not above else "")(document)
        changed = copy_of(document)
        steps = list_in(changed, lane)
        found = {key: step_in(changed, key) for key in order}
        steps[:] = [{found[key].kind: found[key].settings} for key in order]
        return _moved(document, changed, _mover(now, order), talk)

    return edit


def _is_in(step: Found, lane: str) -> bool:
    return lane == (f"{step.lane[0]}.{step.lane[1]}" if step.lane else "")


def _mover(before: Sequence[str], after: Sequence[str]) -> str:
    """Return which step was moved from one order to another: without it, the two are the same."""
    for key in after:
        if [one for one in before if one != key] == [one for one in after if one != key] and before != after:
            return key
    return after[0] if after else ""


def _moved(before: Document, after: Document, key: str, talk: Talk) -> Edited:
    """Return what is told of a step that was moved: where it is now, and what that means."""
    step = step_in(after, key)
    total = len(list(walk(after)))
    said = f"{person_called(step, talk.names)} is now step {step.number} of {total}."
    where = f", lane {step.lane[1]} of {step_called(after, step.lane[0])}" if step.lane else ""
    said = said.removesuffix(".") + f"{where}."
    return Edited(dict(after), f"move {step_called(before, key)}", key, said, _meaning(before, after, step, talk.names))


def _meaning(before: Document, after: Document, step: Found, names: Mapping[str, str]) -> Remark | None:
    """Return what is worth saying of a move: which leads a buyer gets that it did not get, or the other way round."""
    was, now = _above(before, step.key), _above(after, step.key)
    passed = [one for key, one in was.items() if key not in now]
    came = [one for key, one in now.items() if key not in was]
    if step.kind in OFFERING:
        text = next((_runs_before(one) for one in passed if one.kind not in OFFERING), "")
        text = text or next((_runs_after(one) for one in came if one.kind == "filter"), "")
        return Remark(step.key, text) if text else None
    buyers = [person_called(one, names) for one in came if one.kind in OFFERING]
    if buyers and step.kind == "filter":
        return Remark(step.key, f"Now runs after {buyers[0]}, so {buyers[0]} is offered every lead that gets there.")
    if buyers and step.kind != "split":
        return Remark(step.key, f"Now runs after {buyers[0]}, which gets the lead before this step.")
    return None


def _runs_before(other: Found) -> str:
    called = filter_called(other)
    match other.kind:
        case "filter":
            return f"Now runs before {called}, so it is offered every lead."
        case "cap":
            return f"Now runs before {called}, so that does not hold it back."
        case "split":
            return f"Now runs before {called}, so it is offered the leads of every lane."
    return f"Now runs before {called}, so it gets the lead as it was before that."


def _runs_after(other: Found) -> str:
    return f"Now runs after {filter_called(other)}, so it is only offered the leads that pass it."


def _above(document: Document, key: str) -> dict[str, Found]:
    """Return the steps that stand before one in the document, by key."""
    steps = {}
    for step in walk(document):
        if step.key == key:
            break
        steps[step.key] = step
    return steps


def _move_row(document: Document, key: str, distance: int, talk: Talk) -> Edited:
    changed = copy_of(document)
    found = row_in(changed, key)
    if found is None:
        raise Gone(GONE)
    group, position = found
    rows = group.settings["buyers"]
    called = talk.names.get(str(rows[position].get("connection", "")), "The buyer")
    target = position + distance
    if not 0 <= target < len(rows):
        raise NotPossible(f"{called} is already the {'first' if distance < 0 else 'last'} buyer of its group.")
    rows[position], rows[target] = rows[target], rows[position]
    said = f"{called} is now buyer {target + 1} of {len(rows)}."
    return Edited(changed, f"move {step_called(document, key)}", key, said)
