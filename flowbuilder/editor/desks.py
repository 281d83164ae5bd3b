"""The desk of a panel: everything that is known of a step of a draft, gathered once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from flowbuilder.editor.panels.base import Desk, Panel
from flowbuilder.editor.panels.kinds import ANY, PANELS
from flowbuilder.flows.around import Around, around
from flowbuilder.flows.checks import check_document
from flowbuilder.models import Flow
from rules.draft_cards import fields_of
from rules.editing.tree import kind_of, row_in, settings_of, walk
from rules.flow import Flow as Rules
from rules.places import DOOR, END, OF_THE_DOOR
from rules.problems import Problem


@dataclass(frozen=True)
class Room:
    """A draft with all that is known of it, which is found out when it is first asked for."""

    session: Session
    flow: Flow
    document: Mapping[str, Any]
    known: Around | None = None

    @cached_property
    def around(self) -> Around:
        """Return what is around the draft."""
        return self.known or around(self.session, self.flow)

    def now(self) -> "Room":
        """Return the room of the draft as it is now, with the same around it."""
        return replace(self, document=self.flow.draft, known=self.around)

    @property
    def rules(self) -> Rules | None:
        """Return the flow that the draft describes, None while it is malformed."""
        return self._checked[0]

    @property
    def problems(self) -> Sequence[Problem]:
        """Return everything that is wrong with the draft, or worth a look."""
        return self._checked[1]

    @cached_property
    def _checked(self) -> tuple[Rules | None, Sequence[Problem]]:
        return check_document(
            session=self.session,
            account_id=self.flow.account_id,
            document=self.document,
            around=self.around,
        )

    def desk(self, step: str) -> Desk:
        """Return the desk at which a form of a step is read."""
        return Desk(
            session=self.session,
            flow=self.flow,
            document=self.document,
            step=step,
            fields=fields_of(self.document),
            around=self.around,
        )

    def shown_desk(
        self, step: str, *, typed: MultiDict[str, str] | None = None, refused: Mapping[str, str] | None = None
    ) -> Desk:
        """Return the desk for showing the panel of a step, with its problems and what was typed in vain."""
        problems = problems_at(self.document, step, self.problems)
        return replace(self.desk(step), problems=problems, typed=typed, refused=refused or {})


def room_of(session: Session, flow: Flow, document: Mapping[str, Any] | None = None) -> Room:
    """Return what is known of a flow's draft, or of another document of the flow."""
    return Room(session, flow, flow.draft if document is None else document)


def panel_of(document: Mapping[str, Any], step: str) -> tuple[Panel, dict[str, Any]] | None:
    """Return the panel of a step and its settings, None when the document has no such step."""
    kind, settings = kind_of(document, step), settings_of(document, step)
    if kind is None or settings is None:
        return None
    return PANELS.get(kind, ANY), settings


def problems_at(document: Mapping[str, Any], step: str, problems: Sequence[Problem]) -> dict[str, list[str]]:
    """Return the problems of a step by the address of the setting, which is below the step."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        setting = setting_in(document, step, problem.path)
        if setting is not None:
            found.setdefault(setting, []).append(problem.message)
    return found


def setting_in(document: Mapping[str, Any], step: str, path: str) -> str | None:
    """Return the address of a setting below a step, "" for the step itself, None when it is not the step's own."""
    if step == DOOR:
        return path if path.partition(".")[0].partition("[")[0] in (*OF_THE_DOOR, DOOR) else None
    address = address_of(document, step)
    if not f"{path}.".startswith(f"{address}.") or not address:
        return None
    inner = [found for found in walk(document) if found.address != address and _is_in(found.address, address)]
    if any(_is_in(path, found.address) for found in inner):
        return None
    return path[len(address) + 1 :]


def address_of(document: Mapping[str, Any], step: str) -> str:
    """Return the place of a step in a document, "" when it is not there."""
    kind = kind_of(document, step)
    if kind == END:
        return END
    if kind == "row" and (row := row_in(document, step)):
        return f"{row[0].address}.buyers[{row[1]}]"
    return next((found.address for found in walk(document) if found.key == step), "")


def _is_in(address: str, outer: str) -> bool:
    return f"{address}.".startswith(f"{outer}.")
