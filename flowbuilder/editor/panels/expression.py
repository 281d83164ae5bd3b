"""A value that is worked out: one of some ready expressions, or any other in one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from flowbuilder.connections.written import show_expression
from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Settings, put
from flowbuilder.editor.panels.drawn import Drawn, Option, address_of
from flowbuilder.editor.panels.fields import Telling, tell
from flowbuilder.editor.panels.kinds_of_text import Unreadable, read_worked_out
from flowbuilder.editor.panels.single import Single


@dataclass(frozen=True)
class Expression(Single):
    """One of some ready expressions, each under a name; any other can be written in one line as well."""

    ready: Sequence[tuple[str, str, Any]] = ()
    fields_as: str = ""
    none: str = ""
    own: str = "Something else"
    hint: Telling = ""

    @override
    def shown(self, settings: Settings, desk: Desk, at: str) -> Drawn:
        name, written = f"{at}{self.key}", settings.get(self.key)
        named = self._named(desk)
        chosen = next((value for value, _, expression in named if expression == written), "own")
        line = show_expression(written) if chosen == "own" and written is not None else ""
        options = tuple(Option(value, label) for value, label, _ in named)
        parts = (
            Drawn("bare_choice", name, self.label, values=(chosen,), options=(*options, Option("own", self.own))),
            Drawn("bare", f"{name}.own", self.own, values=(line,)),
        )
        return Drawn(
            "expression", f"{name}.choice", self.label, tell(self.hint, desk), parts=parts, address=address_of(name)
        )

    @override
    def read(self, form: Form, settings: Changing, at: str) -> None:
        name = f"{at}{self.key}"
        chosen, typed = form.text(name), form.text(f"{name}.own")
        if chosen != "own":
            found = [expression for value, _, expression in self._named(form.desk) if value == chosen]
            if found:
                put(settings, self.key, found[0])
            return
        try:
            if typed:
                settings[self.key] = read_worked_out(typed, "")
            else:
                form.refuse(f"{name}.own", "Enter a field such as lead.city.")
        except Unreadable as problem:
            form.refuse(f"{name}.own", str(problem))

    def _named(self, desk: Desk) -> list[tuple[str, str, Any]]:
        none: list[tuple[str, str, Any]] = [("none", self.none, None)] if self.none else []
        own = [
            (f"lead.{key}", self.fields_as.format(field.label), {"var": f"lead.{key}"})
            for key, field in (desk.fields.items() if self.fields_as else ())
        ]
        return [*none, *self.ready, *own]
