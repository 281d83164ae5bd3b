"""The panel of “Change fields”: each field, what it is set to, and when, with a sample before and after."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from flowbuilder.connections.written import show_expression
from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Settings, Simple
from flowbuilder.editor.panels.drawn import Drawn, Option, address_of
from flowbuilder.editor.panels.fields import currency_of
from flowbuilder.editor.panels.key_pick import KeyPick
from flowbuilder.editor.panels.kinds_of_text import Unreadable, read_worked_out
from flowbuilder.editor.panels.list_fields import field_options
from flowbuilder.editor.panels.rows import Rows, Shape
from flowbuilder.editor.panels.rule_fields import RuleField
from flowbuilder.editor.panels.samples import changes_of
from flowbuilder.editor.panels.sheets import Sheet, SheetPanel
from flowbuilder.editor.panels.ways_to_set import (
    DATE_FORMATS,
    PHONE_FORMATS,
    SHAPES,
    Setting,
    expression_of,
    setting_of,
    unreadable_line,
)
from rules.steps.transform import MOST_CHANGES

FORMATS = {"phone": PHONE_FORMATS, "date": DATE_FORMATS}


FIELD = KeyPick("field", "Field")


@dataclass(frozen=True)
class HowSet(Simple):
    """What a field is set to: one of the usual ways, or any expression."""

    keys: tuple[str, ...] = ("value",)

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the way, and the fields that this way needs."""
        written = settings.get("value")
        setting = setting_of(written)
        shapes = tuple(Option(shape, words) for shape, words in SHAPES.items())
        shape = Drawn("bare_choice", f"{at}shape", "Set to", values=(setting.shape,), options=shapes)
        inner = tuple(self._inner(setting, written, desk, at))
        return Drawn("how_set", f"{at}value", "Set to", parts=(shape, *inner), address=address_of(f"{at}value"))

    def read(self, form: Form, settings: Changing, at: str) -> None:
        """Set the expression; another way starts from the field that the old one had."""
        setting, shape = setting_of(settings.get("value")), form.text(f"{at}shape")
        if shape not in SHAPES:
            form.refuse(f"{at}shape", "Choose one of these.")
        elif shape != setting.shape:
            settings["value"] = self._begun(shape, setting, settings, form.desk)
        elif shape == "own":
            self._read_own(form, settings, at)
        else:
            typed = replace(setting, **{
                key: form.text(f"{at}{key}")
                for key in ("of", "form", "text", "table", "otherwise")
                if f"{at}{key}" in form.posted
            })  # fmt: skip
            wrong = unreadable_line(typed.table)
            if wrong:
                form.refuse(f"{at}table", f"“{wrong[:40]}” is no line like: solar = S.")
            else:
                settings["value"] = expression_of(typed)

    def _read_own(self, form: Form, settings: Changing, at: str) -> None:
        try:
            settings["value"] = read_worked_out(form.text(f"{at}own"), "")
        except Unreadable as problem:
            form.refuse(f"{at}own", str(problem))

    def _begun(self, shape: str, setting: Setting, settings: Settings, desk: Desk) -> Any:
        """Return a first expression of another shape."""
        if shape == "own":
            return settings.get("value", "")
        form = next(iter(FORMATS.get(shape, {})), "")
        begun = replace(setting, shape=shape, of=setting.of or next(iter(desk.fields), ""), form=form)
        return expression_of(begun)

    def _inner(self, setting: Setting, written: Any, desk: Desk, at: str) -> Sequence[Drawn]:
        if setting.shape == "own":
            hint = "Such as lead.city | upper, or JSON-logic."
            return [
                Drawn("area", f"{at}own", "Worked out by", hint, (show_expression(written),), told={"is_code": True})
            ]
        if setting.shape == "text":
            hint = "It may hold fields, such as {{lead.first_name}}."
            return [Drawn("line", f"{at}text", "Text", hint, (setting.text,))]
        options = field_options(desk)
        if setting.of not in desk.fields:
            options.insert(0, Option(setting.of, setting.of or "Choose"))
        base = Drawn("choice", f"{at}of", "Of", values=(setting.of,), options=tuple(options))
        return [base, *self._shaped(setting, at)]

    def _shaped(self, setting: Setting, at: str) -> Sequence[Drawn]:
        if setting.shape in FORMATS:
            options = tuple(Option(form, like) for form, like in FORMATS[setting.shape].items())
            return [Drawn("choice", f"{at}form", "Written like", values=(setting.form,), options=options)]
        if setting.shape != "table":
            return []
        return [
            Drawn("area", f"{at}table", "Table", "One in a line, as: solar = S.", (setting.table,)),
            Drawn("line", f"{at}otherwise", "Otherwise", "Blank: nothing.", (setting.otherwise,)),
        ]


def _open(entry: Any) -> Changing | None:
    """Return `[field, expression, {"when": rule}]` as settings, None for what is no such entry."""
    if not isinstance(entry, list) or len(entry) not in (2, 3) or not isinstance(entry[0], str):
        return None
    options = entry[2] if len(entry) == 3 else {}
    if not isinstance(options, dict) or set(options) - {"when"}:
        return None
    return {"field": entry[0], "value": entry[1], **options}


def _close(changed: Changing, _before: Any) -> list[Any]:
    when = [{"when": changed["when"]}] if "when" in changed else []
    return [changed.get("field", ""), changed.get("value", ""), *when]


CHANGES = Rows(
    "set",
    "Changes, one after the other",
    "change",
    (FIELD, HowSet(), RuleField("when", "Only if", begin="Set it only for some leads")),
    lambda settings, desk: {"field": next(iter(desk.fields), ""), "value": ""},
    "What was posted stays as it is; the steps after this one see the new values.",
    ordered=True,
    most=MOST_CHANGES,
    shape=Shape(_open, _close),
)


@dataclass(frozen=True)
class Sample:
    """What the step makes of a made-up lead."""

    keys: tuple[str, ...] = ()

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return each changed field with its value before and after."""
        written = settings.get("set")
        opened = map(_open, written if isinstance(written, list) else [])
        entries = [entry for entry in opened if entry is not None]
        return Drawn(
            "sample", label="With a made-up lead", told={"changes": changes_of(entries, desk, currency_of(desk))}
        )

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Change nothing."""


SHEETS = (Sheet("", (CHANGES, Sample())),)


class TransformPanel(SheetPanel):
    """Changes fields for the steps after it."""

    kind: ClassVar[str] = "transform"
    about: ClassVar[str] = "Changes fields for the steps after it."

    def sheets(self, settings: Settings, desk: Desk) -> Sequence[Sheet]:
        """Return what is on the panel."""
        return SHEETS
