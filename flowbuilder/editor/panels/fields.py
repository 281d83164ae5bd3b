"""The small controls: one line, a choice, boxes to tick, a switch, a length of time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from typing_extensions import override

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Settings, put
from flowbuilder.editor.panels.drawn import Drawn, Option, address_of
from flowbuilder.editor.panels.kinds_of_text import Line, Unreadable, read_length
from flowbuilder.editor.panels.single import MISSING, Single
from rules.durations import NAMES, DurationError, read_duration

Options = Sequence[Option] | Callable[[Desk], Sequence[Option]]
Telling = str | Callable[[Desk], str]
TICKED = "1"


def currency_of(desk: Desk) -> str:
    """Return the currency of the flow."""
    currency = desk.document.get("currency", "USD")
    return currency if isinstance(currency, str) else "USD"


def tell(telling: Telling, desk: Desk) -> str:
    """Return a hint, which may depend on the flow."""
    return telling if isinstance(telling, str) else telling(desk)


def options_at(options: Options, desk: Desk) -> list[Option]:
    """Return what can be chosen."""
    return list(options(desk) if callable(options) else options)


@dataclass(frozen=True)
class Field(Single):
    """One line of a kind. Blank is the usual again, which leaves the setting out, unless something is `needed`."""

    line: Line
    hint: Telling = ""
    usual: Telling = ""
    needed: str = ""
    macro: str = "line"

    @override
    def shown(self, settings: Settings, desk: Desk, at: str) -> Drawn | None:
        name, value = f"{at}{self.key}", settings.get(self.key, MISSING)
        shown = tell(self.usual, desk) if value is MISSING else self.line.show(value, currency_of(desk))
        if shown is None:
            return None
        told = {"mode": self.line.mode, "unit": self.line.unit, "currency": self.line.is_money and currency_of(desk)}
        return Drawn(self.macro, name, self.label, tell(self.hint, desk), (shown,), address=address_of(name), told=told)

    @override
    def read(self, form: Form, settings: Changing, at: str) -> None:
        name = f"{at}{self.key}"
        typed = form.text(name)
        if not typed and self.needed:
            form.refuse(name, self.needed)
        else:
            try:
                put(settings, self.key, self.line.read(typed, currency_of(form.desk)) if typed else None)
            except Unreadable as problem:
                form.refuse(name, str(problem))


@dataclass(frozen=True)
class Choice(Single):
    """One of some words, each with what it does; what is chosen and not among them stays, and is shown as it is.

    `called` is the name of its field where that is not the setting's own.
    """

    options: Options
    usual: str = ""
    hint: Telling = ""
    macro: str = "radios"
    called: str = ""

    @override
    def shown(self, settings: Settings, desk: Desk, at: str) -> Drawn | None:
        name, options = self._name(at), options_at(self.options, desk)
        value = settings.get(self.key, self.usual)
        if not isinstance(value, str):
            return None
        if value not in [option.value for option in options]:
            options.append(Option(value, f"“{value}”, which is not known" if value else "Choose"))
        hint, address = tell(self.hint, desk), address_of(f"{at}{self.key}")
        return Drawn(self.macro, name, self.label, hint, (value,), tuple(options), address=address)

    @override
    def read(self, form: Form, settings: Changing, at: str) -> None:
        name = self._name(at)
        chosen = form.text(name)
        if chosen in [option.value for option in options_at(self.options, form.desk)]:
            put(settings, self.key, None if chosen == self.usual else chosen)
        else:
            form.refuse(name, "Choose one of these.")

    def _name(self, at: str) -> str:
        return f"{at}{self.called or self.key}"


@dataclass(frozen=True)
class Ticks(Single):
    """Some of several words, in the order in which they were chosen."""

    options: Options
    hint: Telling = ""
    macro: str = "ticks"

    @override
    def shown(self, settings: Settings, desk: Desk, at: str) -> Drawn | None:
        name, value = f"{at}{self.key}", settings.get(self.key, [])
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            return None
        options = options_at(self.options, desk)
        known = [option.value for option in options]
        options += [Option(word, f"{word} (not known)") for word in dict.fromkeys(value) if word not in known]
        ticked = tuple(option.value for option in options if option.value in value)
        return Drawn(
            self.macro, name, self.label, tell(self.hint, desk), ("", *ticked), tuple(options), address=address_of(name)
        )

    @override
    def read(self, form: Form, settings: Changing, at: str) -> None:
        ticked = form.ticked(f"{at}{self.key}")
        kept = [word for word in settings.get(self.key, []) if word in ticked]
        put(settings, self.key, [*kept, *(word for word in ticked if word not in kept)] or None)


@dataclass(frozen=True)
class Switch(Single):
    """A yes or no that is no where it is not written."""

    hint: Telling = ""

    @override
    def shown(self, settings: Settings, desk: Desk, at: str) -> Drawn | None:
        name, value = f"{at}{self.key}", settings.get(self.key, False)
        if not isinstance(value, bool):
            return None
        values = ("", TICKED) if value else ("",)
        return Drawn("switch", name, self.label, tell(self.hint, desk), values, address=address_of(name))

    @override
    def read(self, form: Form, settings: Changing, at: str) -> None:
        put(settings, self.key, True if form.ticked(f"{at}{self.key}") else None)


def length_parts(name: str, label: str, written: object, units: str) -> tuple[Drawn, Drawn] | None:
    """Return number and unit of a duration such as `15m`, None for what is none; blank where nothing is written."""
    try:
        amount, unit = read_duration(written) if written != "" else ("", units[0])
    except DurationError:
        return None
    offered = [*units, *([unit] if unit not in units else [])]
    options = tuple(Option(one, f"{NAMES[one]}s") for one in offered)
    return Drawn("bare", f"{name}.amount", label, values=(str(amount),)), Drawn(
        "bare_choice", f"{name}.unit", f"{label}: unit", values=(unit,), options=options
    )


def read_length_at(form: Form, name: str) -> str | None:
    """Return the duration of number and unit, None for a blank one and after refusing it."""
    amount = form.text(f"{name}.amount")
    if not amount:
        return None
    try:
        return read_length(amount, form.text(f"{name}.unit"))
    except Unreadable as problem:
        form.refuse(f"{name}.amount", str(problem))
        return None


@dataclass(frozen=True)
class Length(Single):
    """A length of time as a number and a unit; blank is the usual again."""

    usual: str
    units: str = "mhd"
    hint: Telling = ""

    @override
    def shown(self, settings: Settings, desk: Desk, at: str) -> Drawn | None:
        name, value = f"{at}{self.key}", settings.get(self.key, self.usual)
        parts = length_parts(name, self.label, value, self.units)
        if parts is None:
            return None
        return Drawn("length", name, self.label, tell(self.hint, desk), parts=parts, address=address_of(name))

    @override
    def read(self, form: Form, settings: Changing, at: str) -> None:
        name = f"{at}{self.key}"
        length = read_length_at(form, name)
        if f"{name}.amount" not in form.refused:
            put(settings, self.key, length)
