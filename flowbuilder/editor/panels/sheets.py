"""A panel as a list of sheets, each with its controls: how it is drawn, and how a posted one is read."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict

from flowbuilder.editor.panels.base import Desk, Reading
from flowbuilder.editor.panels.controls import Changing, Control, Form, Settings, take_all
from flowbuilder.editor.panels.drawn import Drawn, with_problems, with_typed
from flowbuilder.editor.panels.fields import Field
from flowbuilder.editor.panels.kinds_of_text import text
from flowbuilder.editor.rule_inputs import ZONES
from rules import json_text

OF_EVERY_STEP = ("id", "off", "name", "note")


@dataclass(frozen=True)
class Sheet:
    """Controls under one heading; what is rarely needed is `folded`.

    They show the settings of the step, or those of the object that its setting `inside` holds.
    """

    title: str
    controls: Sequence[Control]
    hint: str = ""
    folded: bool = False
    inside: str = ""

    @property
    def keys(self) -> set[str]:
        """Return the settings of the step that it shows."""
        return {self.inside} if self.inside else {key for control in self.controls for key in control.keys}

    def draw(self, settings: Settings, desk: Desk) -> Drawn:
        """Return the sheet as it is drawn; it is open where one of its settings is written."""
        settings, at = self._own(settings), f"{self.inside}." if self.inside else ""
        parts = tuple(control.draw(settings, desk, at) for control in self.controls)
        is_used = any(key in settings for control in self.controls for key in control.keys)
        return Drawn("sheet", "", self.title, self.hint, parts=parts, told={"folded": self.folded, "is_used": is_used})

    def take(self, form: Form, settings: Settings) -> Changing:
        """Return the step's settings changed by what is on the sheet."""
        if not self.inside:
            return take_all(self.controls, form, settings)
        inner = self._own(settings)
        changed = take_all(self.controls, form, inner, f"{self.inside}.")
        return dict(settings) if changed == inner else {**settings, self.inside: changed}

    def _own(self, settings: Settings) -> Settings:
        own = settings.get(self.inside) if self.inside else settings
        return own if isinstance(own, dict) else {}


ABOUT_IT = Sheet(
    "Name and note",
    (
        Field("name", "Name", text(), "For your team, where the sentence on the card does not say enough."),
        Field("note", "Note for the team", text(2000), macro="area"),
    ),
    folded=True,
)


class SheetPanel(ABC):
    """The panel of a kind: a sentence about it, and its sheets."""

    kind: ClassVar[str]
    about: ClassVar[str]
    template: ClassVar[str] = "editor/panels/sheets.html"

    @abstractmethod
    def sheets(self, settings: Settings, desk: Desk) -> Sequence[Sheet]:
        """Return what is on the panel for these settings."""

    def view(self, settings: Mapping[str, Any], desk: Desk) -> Mapping[str, Any]:
        """Return what the template draws: the sheets with what was typed, and every problem beside its field."""
        drawn = [sheet.draw(settings, desk) for sheet in self._all(settings, desk)]
        if desk.typed is not None:
            drawn = [with_typed(sheet, desk.typed, desk.refused) for sheet in drawn]
        sheets, others = with_problems(drawn, desk.problems)
        return {
            "about": self.about,
            "sheets": tuple(map(_opened, sheets)),
            "others": others,
            "rest": self._rest(settings, desk),
            "zones": ZONES,
        }

    def read(self, posted: MultiDict[str, str], settings: Mapping[str, Any], desk: Desk) -> Reading:
        """Return the step's settings as the form has them, and what of it cannot be read."""
        form = Form(posted, desk)
        changed = dict(settings)
        for sheet in reversed(self._all(settings, desk)):
            changed = sheet.take(form, changed)
        return Reading(changed, form.refused, form.posted, form.said)

    def _all(self, settings: Settings, desk: Desk) -> tuple[Sheet, ...]:
        return (*self.sheets(settings, desk), ABOUT_IT)

    def _rest(self, settings: Settings, desk: Desk) -> list[tuple[str, str]]:
        """Return the settings that no control shows, as JSON."""
        return [
            (key, json_text.write(settings[key]).decode()) for key in _not_shown(self.sheets(settings, desk), settings)
        ]


def _not_shown(sheets: Sequence[Sheet], settings: Settings) -> Iterator[str]:
    shown = set().union(*(sheet.keys for sheet in sheets))
    yield from (key for key in settings if key not in shown and key not in OF_EVERY_STEP)


def _opened(sheet: Drawn) -> Drawn:
    """Return a folded sheet open where something in it is set, or has to be put right."""
    is_open = sheet.told["is_used"] or sheet.has_problem
    return replace(sheet, told={**sheet.told, "is_open": is_open})
