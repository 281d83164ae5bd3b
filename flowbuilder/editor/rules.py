"""The rule builder inside a panel: a rule as its form, and back."""

from collections.abc import Mapping
from typing import Any

from flask import url_for
from werkzeug.datastructures import MultiDict

from flowbuilder.editor.rule_lists import with_stored_list
from flowbuilder.editor.rule_rooms import RuleDesk, places_of, room_of
from flowbuilder.editor.rule_views import Form, RuleView, Tried, mark_of, rule_view
from rules.builder import NO_RULE, Group, draw, write
from rules.builder.actions import act, read_path
from rules.builder.finding import stops_at
from rules.builder.forms import read_form
from rules.builder.places import Places
from rules.json_text import JsonProblem
from rules.json_text import read as read_json

DO = "do"
SAVE_LIST = "save-list"
NO_PROBLEMS: Mapping[str, str] = {}


def view(
    rule: object,
    name: str,
    desk: RuleDesk,
    problems: Mapping[str, str] = NO_PROBLEMS,
    *,
    redraws: str = "",
    asks_lists: bool = True,
) -> RuleView:
    """Return what `rule_builder` in `editor/_rule.html` needs to show a rule; `name` begins the names of its inputs.

    No rule (None) is shown as one without conditions. `problems` are those of a form that could not be read. In a form
    that is not saved by itself, `redraws` is the address that shows it again; such a rule is tried on nothing.
    `asks_lists` says whether stored lists can be asked.
    """
    room = room_of(desk, asks_lists=asks_lists)
    typed = {key: desk.typed[key] for key in problems if desk.typed and key in desk.typed}
    form = Form(problems, typed)
    tried = None if redraws else _tried(rule, name, desk)
    return rule_view(rule, draw(rule, room.places.fields), name, room, form=form, tried=tried, redraws=redraws)


def read(posted: MultiDict[str, str], name: str, rule: object, desk: RuleDesk) -> tuple[Any, dict[str, str]]:
    """Return the rule that a form says, and by input what could not be read; `rule` is the one it was made from.

    A button of the builder in the form is carried out. A form without the builder's inputs leaves the rule as it is; a
    rule without conditions is `NO_RULE`, which `is_no_rule` tells.
    """
    whole = f"{name}.json"
    if whole in posted:
        return _read_whole(posted[whole], whole, rule)
    places = places_of(desk)
    before = draw(rule, places.fields)
    inputs = {key.removeprefix(f"{name}."): posted.getlist(key) for key in posted if key.startswith(f"{name}.")}
    if before is None or "how" not in inputs:
        return rule, {}
    reading = read_form(inputs, places, before)
    group = _pressed(posted, name, reading.group, desk, places)
    problems = {f"{name}.{key}": message for key, message in reading.problems.items()}
    return (rule if group == before and rule is not None else write(group)), problems


def is_no_rule(rule: object) -> bool:
    """Say whether a rule has no conditions, as one has that was never filled in."""
    return rule is None or rule == NO_RULE


def _tried(rule: object, name: str, desk: RuleDesk) -> Tried:
    address = url_for("rule_trials.tried", flow_id=desk.flow.id, step=desk.step, name=name)
    return Tried(address, mark_of([rule, stops_at(desk.document, desk.step, name)]))


def _read_whole(text: str, name: str, rule: object) -> tuple[Any, dict[str, str]]:
    """Return a rule that is edited as JSON."""
    try:
        return read_json(text), {}
    except JsonProblem as problem:
        return rule, {name: problem.message}


def _pressed(posted: MultiDict[str, str], name: str, group: Group, desk: RuleDesk, places: Places) -> Group:
    """Return the rule after the button that was pressed, if it is one of this builder."""
    button = posted.get(DO, "")
    if not button.startswith(f"{name}:"):
        return group
    action, at, extra = (*button.removeprefix(f"{name}:").split(":", 2), "", "")[:3]
    path = read_path(at)
    if action != SAVE_LIST:
        return act(group, action, path, extra, places)
    list_name = posted.get(f"{name}.{at}.list-name", "").strip()
    return with_stored_list(group, path, list_name, desk, places)


__all__ = ["DO", "is_no_rule", "read", "view"]
