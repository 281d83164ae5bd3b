"""What the editor's page shows: the draft as a rail with its buttons, its problems, its history, and one panel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import render_template
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from flowbuilder.drafts import queries as drafts
from flowbuilder.drafts.operations import Conflict
from flowbuilder.editor.desks import Room, panel_of
from flowbuilder.editor.redrawing import marks_of
from flowbuilder.flows import queries as flows
from flowbuilder.flows.rails import rail_of_draft
from rules.differences import differences
from rules.draft_cards import sketch
from rules.editing.naming import LABELS, SETTINGS, changed_keys, person_called
from rules.editing.setting import with_settings
from rules.editing.telling import say_both
from rules.editing.tree import Found, kind_of, row_in, walk
from rules.flow_wording import every_card
from rules.places import DOOR, place_of
from rules.problems import Problem
from rules.starters import STARTERS
from rules.steps import Fallback

ABOUT = {
    "buyer": "offer the lead to one buyer",
    "filter": "let some leads through and stop the rest",
    "group": "offer the lead to several buyers, in an order or by bids",
    "cap": "let only so many leads through",
    "transform": "set or correct fields of the lead",
    "look_up": "ask a list or a service about the lead",
    "split": "send leads down different lanes",
}
"""What each kind of step does, in the order in which they are offered."""
KINDS = tuple((kind, LABELS[kind], about) for kind, about in ABOUT.items())


@dataclass(frozen=True)
class Finding:
    """A problem with the way to put it right: the step whose panel holds the setting, and what the step is called."""

    problem: Problem
    step: str
    setting: str
    called: str

    @property
    def is_error(self) -> bool:
        """Return whether it stands in the way of publishing."""
        return self.problem.severity == "error"

    @property
    def anchor(self) -> str:
        """Return the id of the setting's field in the panel."""
        return f"panel-{_dashed(self.setting)}" if self.setting else "panel-title"


@dataclass(frozen=True)
class Standing:
    """What the rail's buttons need to know of a step: what it is called, and whether it can go up or down."""

    called: str
    is_first: bool
    is_last: bool


@dataclass(frozen=True)
class Differing:
    """One setting of which two people have made different things."""

    label: str
    mine: str
    theirs: str


def page_view(room: Room, person_id: UUID, now: datetime) -> dict[str, Any]:
    """Return what all parts of the page but the panel show."""
    session, flow = room.session, room.flow
    live = flows.live_version(session, flow)
    history = drafts.history_of(session, flow, person_id)
    steps = list(walk(room.document))
    found = [_finding(room, problem) for problem in room.problems]
    found.sort(key=lambda one: not one.is_error)
    remark = history.last.remark if history.last and history.last.kind != "undo" else None
    view = {
        "flow": flow,
        "live": live,
        "changes": len(differences(live.document, room.document, room.around.names)) if live else None,
        "rail": rail_of_draft(
            session, room.around, room.document, room.rules, now, live=live.document if live else None
        ),
        "waiting": flows.waiting_count(session, flow),
        "currency": room.document.get("currency", "USD"),
        "history": history,
        "findings": found,
        "by_step": _by_step(found),
        "standing": _standing(room, steps),
        "remark": remark,
        "others": drafts.others_there(session, flow, person_id, now),
        "is_new": not steps,
        "starters": STARTERS,
        "kinds": KINDS,
    }
    return {**view, "marks": marks_of(view)}


def panel_view(
    room: Room,
    step: str,
    *,
    typed: MultiDict[str, str] | None = None,
    refused: Mapping[str, str] | None = None,
    field: str = "",
) -> dict[str, Any] | None:
    """Return what the panel of a step shows, None when the draft has no such step."""
    found = panel_of(room.document, step)
    if found is None:
        return None
    panel, settings = found
    desk = room.shown_desk(step, typed=typed, refused=refused)
    shown = {**panel.view(settings, desk), "desk": desk}
    drawn = render_template(panel.template, flow=room.flow, step=step, panel=shown)
    return {
        "step": step,
        "title": title_of(room.document, step),
        "panel": Markup(drawn),  # noqa: S704 - what a template of ours has made, with everything in it escaped
        "field": _dashed(field),
        "refused": dict(refused or {}),
        "kind": kind_of(room.document, step),
    }


def title_of(document: Mapping[str, Any], step: str) -> str:
    """Return the heading of a step's panel: `Step 1 · Filter`."""
    match kind_of(document, step):
        case "intake":
            return "Leads arrive"
        case "fallback":
            return Fallback.label
        case "row":
            row = row_in(document, step)
            return f"Buyer {row[1] + 1} of step {row[0].number}" if row else ""
    found = next((one for one in walk(document) if one.key == step), None)
    return f"Step {found.number} · {LABELS.get(found.kind, found.kind)}" if found else ""


def conflict_view(room: Room, conflict: Conflict, mine: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return both values of a step that two people have changed: by setting, and as the sentences on its card."""
    theirs = conflict.theirs
    view: dict[str, Any] = {"step": conflict.step, "at": conflict.at, "is_gone": theirs is None}
    view |= {"who": conflict.who, "is_own": conflict.is_own}
    view["title"] = title_of(room.document, conflict.step) or "A step that is not there any more"
    if theirs is None or mine is None:
        return {**view, "differing": [], "sentences": None}
    changed = changed_keys(theirs, mine)
    names = room.around.names
    after = with_settings(room.document, conflict.step, mine)
    said = [_sentence(sketch(document, names).cards, conflict.step) for document in (after, room.document)]
    return {
        **view,
        "differing": [
            Differing(
                SETTINGS.get(key, key.replace("_", " ")),
                *say_both(key, mine.get(key), theirs.get(key), room.document, names),
            )
            for key in changed
        ],
        "sentences": said if said[0] != said[1] else None,
    }


def places_to(room: Room, step: str) -> list[tuple[str, str]]:
    """Return where a step can be moved, as (what is posted, what people read), in the order of the draft."""
    own = next(one for one in walk(room.document) if one.key == step)
    inside = {one.key for one in walk({"steps": [{own.kind: own.settings}]})}
    standing = _standing(room, list(walk(room.document)))
    places = [(f"after:{DOOR}", "To the top, right below “Leads arrive”")]
    for stop in _stops(sketch(room.document, room.around.names).cards):
        if stop.id in inside or stop.id not in standing:
            continue
        called = standing[stop.id].called
        for number, lane in enumerate(stop.lanes, 1):
            places.append((f"lane:{stop.id}.{number}", f"To the top of the lane “{lane.label}” of {called}"))
        places.append((f"after:{stop.id}", f"Below {called}"))
    return places


def _stops(cards: Sequence[Any]) -> list[Any]:
    return [card for card in every_card(cards) if card.kind != "row"]


def _finding(room: Room, problem: Problem) -> Finding:
    step, setting = place_of(room.document, problem.path)
    found = next((one for one in walk(room.document) if one.key == step), None)
    if found and found.kind == "group" and setting.startswith("buyers["):
        position, _, rest = setting.removeprefix("buyers[").partition("]")
        rows = found.settings.get("buyers")
        row = rows[int(position)] if isinstance(rows, list) and position.isdecimal() else None
        if isinstance(row, dict) and row_in(room.document, str(row.get("id"))):
            return Finding(
                problem, str(row["id"]), rest.removeprefix("."), f"Step {found.number}, buyer {int(position) + 1}"
            )
    return Finding(problem, step, setting, _called(room.document, step))


def _called(document: Mapping[str, Any], step: str) -> str:
    title = title_of(document, step) if step else ""
    return title.partition(" · ")[0]


def _by_step(found: Sequence[Finding]) -> dict[str, list[Finding]]:
    by_step: dict[str, list[Finding]] = {}
    for one in found:
        by_step.setdefault(one.step, []).append(one)
    return by_step


def _standing(room: Room, steps: Sequence[Found]) -> dict[str, Standing]:
    """Return how each step and each row of a group stands, by key."""
    names = room.around.names.connections
    standing = {step.key: Standing(_spoken(step, names), step.is_first, step.is_last) for step in steps}
    for step in steps:
        rows = step.settings.get("buyers")
        rows = rows if step.kind == "group" and isinstance(rows, list) else []
        for position, row in enumerate(rows):
            if isinstance(row, dict) and isinstance(row.get("id"), str):
                called = names.get(str(row.get("connection", "")), f"buyer {position + 1}")
                standing[row["id"]] = Standing(called, position == 0, position == len(rows) - 1)
    return standing


def _spoken(step: Found, names: Mapping[str, str]) -> str:
    called = person_called(step, names)
    return (
        called if not called.startswith("The ") else f"step {step.number}, {LABELS.get(step.kind, step.kind).lower()}"
    )


def _sentence(cards: Sequence[Any], step: str) -> str:
    card = next((card for card in every_card(cards) if card.id == step), None)
    return card.sentence if card else ""


def _dashed(address: str) -> str:
    """Return an address of a setting as ids of fields write it: `caps[0].limit` is `caps-0-limit`."""
    return address.replace("[", "-").replace("].", "-").replace("]", "").replace(".", "-")
