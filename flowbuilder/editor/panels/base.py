"""What a panel is: the settings of one kind of step as a form, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Protocol

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from flowbuilder.editor.panels.targets import buyers_to_offer
from flowbuilder.flows.around import Around
from flowbuilder.models import Flow
from rules.fields import Field


@dataclass(frozen=True)
class Desk:
    """What a panel needs to know of the draft that its step is in.

    `step` is the step's id, `fields` are those that exist there, `problems` are those of the step by the address of the
    setting, below the step, where the panel is to be shown. `typed` is what was posted and could not all be read,
    `refused` what is wrong with it by the name of the input: both are shown again.
    """

    session: Session
    flow: Flow
    document: Mapping[str, Any]
    step: str
    fields: Mapping[str, Field]
    around: Around
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)
    typed: MultiDict[str, str] | None = None
    refused: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def buyers(self) -> Mapping[str, str]:
        """Return what each buyer is called that a way may name, by its id: every way of the step asks for them."""
        names = self.around.names.connections
        return {place.id: place.name(names) for place in buyers_to_offer(self.document)}


@dataclass(frozen=True)
class Reading:
    """What a form says: the step's whole new settings, and what could not be read, by the name of the input.

    What the form does not show is kept as it was; what could not be read keeps its old value in the settings, and its
    typed text on the page. `typed` is the form as it is shown again where that is not what was posted, as when a row
    was taken out. `said` is told to the person where a choice took settings away.
    """

    settings: dict[str, Any]
    problems: Mapping[str, str] = field(default_factory=dict)
    typed: MultiDict[str, str] | None = None
    said: str = ""


class Panel(Protocol):
    """How the settings of one kind of step are shown as a form and read from it.

    Kinds are those of steps, `row` for a buyer of a group, `fallback`, and `intake`, whose settings are the document's
    own without its steps and its fallback.
    """

    kind: ClassVar[str]
    template: ClassVar[str]

    def view(self, settings: Mapping[str, Any], desk: Desk) -> Mapping[str, Any]:
        """Return what the template needs to show the settings."""

    def read(self, posted: MultiDict[str, str], settings: Mapping[str, Any], desk: Desk) -> Reading:
        """Return the settings that a form says; `settings` are those that it was made from."""
