"""Controls of one setting; while that has a shape which the control does not know, it is JSON that can be changed."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Settings, Simple, put
from flowbuilder.editor.panels.drawn import Drawn, address_of, is_untouched
from rules import json_text

MISSING = object()


def draw_json(key: str, label: str, value: Any, at: str) -> Drawn:
    """Return a setting of a shape that no control knows, as JSON that can be changed."""
    written = json_text.write(value).decode()
    hint = "It is written in a way that this form does not draw, so it is shown as JSON."
    return Drawn(
        "area", f"{at}{key}", label, hint, (written,), address=address_of(f"{at}{key}"), told={"is_code": True}
    )


def take_json(drawn: Drawn, form: Form, settings: Changing, key: str) -> None:
    """Read a setting that is shown as JSON, where somebody touched it; what is none is refused."""
    if is_untouched(drawn, form.posted):
        return
    try:
        put(settings, key, json_text.read(form.text(drawn.name)))
    except json_text.JsonProblem as problem:
        form.refuse(drawn.name, problem.message)


@dataclass(frozen=True)
class Single(Simple):
    """A control of one setting, `key`."""

    key: str
    label: str

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the one setting."""
        return (self.key,)

    @abstractmethod
    def shown(self, settings: Settings, desk: Desk, at: str) -> Drawn | None:
        """Return it as it is drawn, None where the setting has a shape that it does not know."""

    @override
    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        return self.shown(settings, desk, at) or draw_json(self.key, self.label, settings.get(self.key), at)

    @override
    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        drawn = self.shown(settings, form.desk, at)
        if drawn is None:
            take_json(self.draw(settings, form.desk, at), form, settings, self.key)
        elif not is_untouched(drawn, form.posted):
            self.read(form, settings, at)
