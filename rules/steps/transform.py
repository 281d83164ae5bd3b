"""Transform: changes fields for the steps after it; what was posted stays as it is."""

from dataclasses import dataclass
from typing import Any, ClassVar

from rules.effects import Note
from rules.fields import Field, in_country_of, normalise
from rules.logic import Rule, truthy
from rules.reading import Document, Part
from rules.running import Interpreting, Next, Run
from rules.saying import say_literal
from rules.steps.base import Common, Exit, Words, changed, read_common
from rules.values import Value

MOST_CHANGES = 100


@dataclass(frozen=True, slots=True)
class Setting:
    """One field and the expression that it is set to, always or only when a rule is true."""

    field: Field
    value: Value
    written: Any
    when: Rule | None


@dataclass(frozen=True, slots=True)
class Transform:
    """Sets fields one after the other, each value in the normal form of its field's type."""

    kind: ClassVar[str] = "transform"
    label: ClassVar[str] = "Change fields"
    common: Common
    settings: tuple[Setting, ...]

    def sentence(self, words: Words) -> str:
        """Return `Set Phone to Phone in national form; State to NV, if Product is Solar`."""
        return f"Set {'; '.join(_say_setting(setting, words) for setting in self.settings)}"

    def exits(self, words: Words) -> tuple[Exit, ...]:  # noqa: ARG002  (every kind is asked the same way)
        """Return the only way."""
        return (Exit("nxt", "Always: next step"),)

    def interpret(self, run: Run) -> Interpreting:
        """Set the fields, and note which have another value now; each setting sees those before it."""
        before = run.view["lead"]
        for setting in self.settings:
            view = run.at(self.common.id)
            if setting.when is None or truthy(setting.when(view)):
                field = in_country_of(setting.field, view["lead"])
                run.change(self.common.id, field.key, normalise(setting.value(view), field))
        keys = [setting.field.key for setting in self.settings]
        yield Note(self.common.id, "passed", changes=changed(before, run.view["lead"], keys))
        return Next()


def _say_setting(setting: Setting, words: Words) -> str:
    is_plain = setting.value.node.is_literal
    value = say_literal(setting.written, setting.field, words.currency) if is_plain else words.value(setting.written)
    said = f"{setting.field.label} to {value}"
    return f"{said}, if {words.whole_rule(setting.when.document)}" if setting.when else said


def read_transform(part: Part) -> Transform | None:
    """Return the transform that a part describes, None when one of its settings has problems."""
    common, written = read_common(part), part.take("set")
    part.finish()
    if not isinstance(written, list) or not 1 <= len(written) <= MOST_CHANGES:
        part.report("set", "not_a_list", f"Choose what to change, 1 to {MOST_CHANGES} fields.")
        return None
    at = part.at("set")
    settings = [_read_setting(part.document, entry, f"{at}[{i}]") for i, entry in enumerate(written)]
    complete = tuple(setting for setting in settings if setting)
    return Transform(common, complete) if len(complete) == len(settings) else None


def _read_setting(document: Document, entry: object, path: str) -> Setting | None:
    """Return one `[field, expression]` or `[field, expression, {"when": rule}]`."""
    if not isinstance(entry, list) or len(entry) not in (2, 3) or not isinstance(entry[0], str):
        document.report(
            path, "not_a_setting", 'A change is written [field, expression] or [field, expression, {"when": rule}].'
        )
        return None
    field = document.fields.get(entry[0])
    if field is None:
        document.report(f"{path}[0]", "bad_key", "A field's key has small letters, digits and underscores only.")
    value = document.value(entry[1], f"{path}[1]")
    condition = _read_condition(document, entry[2], f"{path}[2]") if len(entry) > 2 else None
    if field is None or value is None or (condition is None and len(entry) > 2):
        return None
    return Setting(field, value, entry[1], condition)


def _read_condition(document: Document, written: object, path: str) -> Rule | None:
    """Return the rule of `{"when": rule}`, None when it has problems."""
    options = document.part(written, path, "the condition of a change")
    if options is None:
        return None
    if not options.has("when"):
        options.report("when", "missing_rule", "The condition of a change is a rule in “when”.")
    rule = options.rule("when")
    options.finish()
    return rule
