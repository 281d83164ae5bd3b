"""Which field is set: one that the lead has, or a new one that the step makes."""

from dataclasses import dataclass

from typing_extensions import override

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Settings
from flowbuilder.editor.panels.drawn import Drawn, Option, address_of
from flowbuilder.editor.panels.list_fields import field_options
from flowbuilder.editor.panels.single import Single
from rules.fields.parsing import KEY

NEW = "+"


@dataclass(frozen=True)
class KeyPick(Single):
    """A field by its label, or the name of a new one, which becomes its key: `Full name` is `full_name`."""

    @override
    def shown(self, settings: Settings, desk: Desk, at: str) -> Drawn | None:
        name, written = f"{at}{self.key}", settings.get(self.key, "")
        if not isinstance(written, str):
            return None
        is_known = written in desk.fields
        options = (*field_options(desk), Option(NEW, "A new field"))
        parts = (
            Drawn("bare_choice", name, self.label, values=(written if is_known else NEW,), options=options),
            Drawn("bare", f"{name}.new", "Its name", values=("" if is_known else written,)),
        )
        return Drawn("key_pick", f"{name}.pick", self.label, parts=parts, address=address_of(name))

    @override
    def read(self, form: Form, settings: Changing, at: str) -> None:
        name = f"{at}{self.key}"
        chosen, typed = form.text(name), form.text(f"{name}.new")
        key = "_".join(typed.lower().replace("-", " ").split()) if chosen == NEW else chosen
        if KEY.fullmatch(key):
            settings[self.key] = key
        else:
            form.refuse(f"{name}.new", "Name the field, with letters and digits: Full name becomes full_name.")
