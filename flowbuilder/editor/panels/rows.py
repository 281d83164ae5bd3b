"""Controls that hold others: the entries of a list, one below the other, and an object that is there or is not."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Control, Form, Order, Settings, put, take_all
from flowbuilder.editor.panels.drawn import Drawn, address_of, is_untouched
from flowbuilder.editor.panels.fields import TICKED, Telling, tell
from flowbuilder.editor.panels.single import draw_json, take_json

Start = Callable[[Settings, Desk], Changing]


@dataclass(frozen=True)
class Shape:
    """How one entry of a list stands in the document, where that is not an object of settings."""

    open: Callable[[Any], Changing | None]
    close: Callable[[Changing, Any], Any]


def _open(entry: Any) -> Changing | None:
    return entry if isinstance(entry, dict) else None


PLAIN = Shape(_open, lambda changed, _: changed)


@dataclass(frozen=True)
class Rows:
    """A list of entries with the same controls each, and buttons to add, remove and move them.

    `start` makes a new entry. `one` is what an entry is called. The rows of a list that has to stay in its order are
    `ordered`; `most` is how many there can be.
    """

    key: str
    label: str
    one: str
    controls: Sequence[Control]
    start: Start
    hint: Telling = ""
    ordered: bool = False
    most: int = 50
    shape: Shape = PLAIN
    may_be_alone: bool = False
    none: Telling = ""
    may_add: Callable[[Desk], bool] = lambda _: True

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the one setting."""
        return (self.key,)

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the rows and the button that adds one."""
        name, entries = f"{at}{self.key}", self._entries(settings)
        if entries is None:
            return draw_json(self.key, self.label, settings.get(self.key), at)
        rows = tuple(
            Drawn(
                "row",
                f"{name}.{number}",
                f"{self.one.capitalize()} {number + 1}",
                parts=tuple(control.draw(entry, desk, f"{name}.{number}.") for control in self.controls),
                address=address_of(f"{name}.{number}"),
                told={"list": name, "number": number, "one": self.one, "of": len(entries), "ordered": self.ordered},
            )
            for number, entry in enumerate(entries)
        )
        told = {
            "list": name,
            "one": self.one,
            "may_add": len(entries) < self.most and self.may_add(desk),
            "none": tell(self.none, desk),
        }
        return Drawn("rows", name, self.label, tell(self.hint, desk), parts=rows, address=address_of(name), told=told)

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Change each entry by its own controls, then do what a button asks."""
        name, entries = f"{at}{self.key}", self._entries(settings)
        if entries is None:
            take_json(self.draw(settings, form.desk, at), form, settings, self.key)
            return
        written = self._written(settings)
        changed = [
            self.shape.close(take_all(self.controls, form, entry, f"{name}.{number}."), written[number])
            for number, entry in enumerate(entries)
        ]
        order = order_after(form.action(name), len(entries))
        if order is not None:
            new = self.shape.close(deepcopy(self.start(settings, form.desk)), None) if None in order else None
            changed = [new if old is None else changed[old] for old in order]
            form.reorder(name, order)
        if changed != written:
            self._put(settings, changed)

    def _put(self, settings: Changing, entries: list[Any]) -> None:
        stays_alone = self.may_be_alone and len(entries) == 1 and isinstance(settings.get(self.key), dict)
        put(settings, self.key, (entries[0] if stays_alone else entries) if entries else None)

    def _written(self, settings: Settings) -> Any:
        written = settings.get(self.key, [])
        return [written] if self.may_be_alone and isinstance(written, dict) else written

    def _entries(self, settings: Settings) -> list[Changing] | None:
        """Return the settings of all entries, None where one is of another shape."""
        written = self._written(settings)
        if not isinstance(written, list):
            return None
        opened = [self.shape.open(entry) for entry in written]
        complete = [entry for entry in opened if entry is not None]
        return complete if len(complete) == len(opened) else None


def order_after(action: tuple[str, str] | None, many: int) -> Order | None:
    """Return the rows of a list after a button was pressed, None when none of its own was."""
    order: Order = list(range(many))
    match action:
        case ("add", _):
            return [*order, None]
        case ("remove" | "up" | "down" as verb, what) if what.isdecimal() and int(what) < many:
            at = int(what)
            if verb == "remove":
                return [*order[:at], *order[at + 1 :]]
            other = at - 1 if verb == "up" else at + 1
            if 0 <= other < many:
                order[at], order[other] = order[other], order[at]
            return order
    return None


@dataclass(frozen=True)
class Folded:
    """Controls that are folded away until one of them is used."""

    label: str
    controls: Sequence[Control]

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the settings of all its controls."""
        return tuple(key for control in self.controls for key in control.keys)

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the controls, and whether one is used."""
        parts = tuple(control.draw(settings, desk, at) for control in self.controls)
        is_used = any(key in settings for key in self.keys)
        return Drawn("folded", f"{at}{self.keys[0]}.fold", self.label, parts=parts, told={"is_used": is_used})

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Change the settings by all its controls."""
        for control in reversed(self.controls):
            control.take(form, settings, at)


@dataclass(frozen=True)
class Inside:
    """An object of settings that is switched on and off as a whole; `start` makes it when it is switched on."""

    key: str
    label: str
    controls: Sequence[Control]
    start: Start
    hint: Telling = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the one setting."""
        return (self.key,)

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the switch, and while it is on the controls."""
        name, value = f"{at}{self.key}", settings.get(self.key, {})
        if not isinstance(value, dict):
            return draw_json(self.key, self.label, value, at)
        is_on = self.key in settings
        inner = tuple(control.draw(value, desk, f"{name}.") for control in self.controls) if is_on else ()
        return Drawn(
            "inside", f"{name}.is_on", self.label, tell(self.hint, desk), self._ticks(settings), parts=inner,
            address=address_of(name),
        )  # fmt: skip

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Change what is inside, or make it, or leave it out."""
        name, value = f"{at}{self.key}", settings.get(self.key, {})
        if not isinstance(value, dict):
            take_json(self.draw(settings, form.desk, at), form, settings, self.key)
            return
        if self.key in settings:
            settings[self.key] = take_all(self.controls, form, value, f"{name}.")
        switch = Drawn("inside", f"{name}.is_on", values=self._ticks(settings))
        if not is_untouched(switch, form.posted):
            started = {**self.start(settings, form.desk), **settings.get(self.key, {})}
            put(settings, self.key, started if form.ticked(f"{name}.is_on") else None)

    def _ticks(self, settings: Settings) -> tuple[str, ...]:
        return ("", TICKED) if self.key in settings else ("",)
