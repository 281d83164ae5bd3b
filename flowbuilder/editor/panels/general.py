"""The panel of any step: its name, its note, and all its settings as JSON."""

from collections.abc import Mapping
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict

from flowbuilder.editor.panels.base import Desk, Reading
from flowbuilder.flows.views import pretty
from rules.json_text import JsonProblem
from rules.json_text import read as read_json


class GeneralPanel:
    """Shows what it does not know as JSON, so that every step can be edited."""

    kind: ClassVar[str] = ""
    template: ClassVar[str] = "editor/panels/general.html"

    def view(self, settings: Mapping[str, Any], desk: Desk) -> Mapping[str, Any]:
        """Return the settings as text, what was typed before what is kept."""
        return {
            "json": desk.typed["json"] if desk.typed and "json" in desk.typed else pretty(settings),
            "refused": desk.refused.get("json", ""),
            "problems": [sentence for sentences in desk.problems.values() for sentence in sentences],
        }

    def read(self, posted: MultiDict[str, str], settings: Mapping[str, Any], desk: Desk) -> Reading:
        """Return the settings that were typed, which must be one JSON object."""
        if "json" not in posted:
            return Reading(dict(settings))
        try:
            typed = read_json(posted["json"])
        except JsonProblem as problem:
            return Reading(dict(settings), {"json": problem.message})
        if not isinstance(typed, dict):
            return Reading(dict(settings), {"json": "The settings are one JSON object, in braces."})
        return Reading(typed)
