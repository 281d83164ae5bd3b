"""What all controls of a panel share: each shows some settings of a step as fields of a form, and reads them back."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from werkzeug.datastructures import MultiDict

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.drawn import Drawn, Posted, is_untouched
from rules.editing.tree import copy_of

Settings = Mapping[str, Any]
Changing = dict[str, Any]
Order = list[int | None]
"""The rows of a list as they stand now, by where they stood before; None for one that is new."""


@dataclass
class Form:
    """A posted panel that is being read: what cannot be read stays in it, with a sentence beside its field.

    `said` is what the person is told of settings that a choice has taken away.
    """

    posted: Posted
    desk: Desk
    refused: dict[str, str] = field(default_factory=dict)
    said: str = ""

    def text(self, name: str) -> str:
        """Return what stands in a field, without outer spaces; browsers send lines with carriage returns."""
        return self.posted.get(name, "").replace("\r\n", "\n").strip()

    def ticked(self, name: str) -> list[str]:
        """Return which boxes of a name have ticks."""
        return [value for value in self.posted.getlist(name) if value]

    def refuse(self, name: str, sentence: str) -> None:
        """Say what is wrong with a field, whose setting keeps its value."""
        self.refused[name] = sentence

    def action(self, name: str) -> tuple[str, str] | None:
        """Return what a button of a control asks for, such as `("remove", "1")`; None when another was pressed."""
        whose, _, rest = self.posted.get("do", "").partition(":")
        verb, _, what = rest.partition(":")
        return (verb, what) if whose == name and verb else None

    def reorder(self, name: str, order: Order) -> None:
        """Let what was typed into the rows of a list, and refused of it, move along with them."""
        moves = {f"{name}.{old}.": f"{name}.{new}." for new, old in enumerate(order) if old is not None}

        def moved(key: str) -> str | None:
            if not key.startswith(f"{name}."):
                return key
            return next((to + key.removeprefix(start) for start, to in moves.items() if key.startswith(start)), None)

        pairs = [(moved(key), value) for key, value in self.posted.items(multi=True)]
        self.posted = MultiDict((key, value) for key, value in pairs if key is not None)
        kept = ((moved(key), sentence) for key, sentence in self.refused.items())
        self.refused = {key: sentence for key, sentence in kept if key is not None}


class Control(Protocol):
    """A part of a panel.

    `at` is what stands before the names of its fields: `caps.0.` in the first row of caps, nothing on a step itself.
    """

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the settings that it shows."""

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return it as it is drawn; settings that are wrong are no reason to fail."""

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Change the settings by what is in the form; what was not touched stays exactly as it was."""


class Simple(ABC):
    """A control whose fields are read together, and only when one of them was touched."""

    @abstractmethod
    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return it as it is drawn."""

    @abstractmethod
    def read(self, form: Form, settings: Changing, at: str) -> None:
        """Put what is in the form into the settings; what cannot be read leaves a setting as it was."""

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Read the fields when somebody touched one of them."""
        if not is_untouched(self.draw(settings, form.desk, at), form.posted):
            self.read(form, settings, at)


@dataclass(frozen=True)
class Only:
    """A control that is there only while the settings make something of it; hidden, it keeps what it would show."""

    control: Control
    when: Callable[[Settings, Desk], bool]

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the settings that it shows."""
        return self.control.keys

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return it as it is drawn, nothing while it has no use."""
        return self.control.draw(settings, desk, at) if self.when(settings, desk) else Drawn("nothing")

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Change the settings by what is in the form."""
        self.control.take(form, settings, at)


def take_all(controls: Iterable[Control], form: Form, settings: Settings, at: str = "") -> Changing:
    """Return settings changed by all controls that were on the page; the others keep theirs.

    What stands first is taken last: it may decide which of the others have a use, and take their settings away.
    """
    shown = [one for one in controls if not isinstance(one, Only) or one.when(settings, form.desk)]
    changed: Changing = copy_of(settings)
    for control in reversed(shown):
        control.take(form, changed, at)
    return changed


def put(settings: Changing, key: str, value: Any) -> None:
    """Set a setting, or leave it out where the value is None."""
    if value is None:
        settings.pop(key, None)
    else:
        settings[key] = value


def rename(settings: Changing, old: str, new: str) -> None:
    """Give a setting another name, in the place where it stands."""
    entries = [(new if key == old else key, value) for key, value in settings.items() if key != new or key == old]
    settings.clear()
    settings.update(entries)
