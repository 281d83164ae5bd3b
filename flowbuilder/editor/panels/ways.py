"""Where a lead goes when a step does not simply carry on, as one choice whose words say what happens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Settings, put
from flowbuilder.editor.panels.drawn import Drawn, Option, address_of
from flowbuilder.editor.panels.fields import Telling, length_parts, read_length_at, tell
from flowbuilder.editor.panels.single import Single
from flowbuilder.editor.panels.targets import later_steps

WORDS = {
    "next": "Next step",
    "continue": "Carry on with the next step",
    "hold": "Wait and try again",
    "reject": "Reject the lead",
    "fallback": "Treat it like a lead that nobody takes",
    "stop": "End it as an error",
}
FOUR = ("next", "hold", "reject", "buyer")
TARGETS = {"go_to": "Jump to {}", "buyer": "Offer it to {}"}
HELD = "When it waits: for so long. Blank: until what stood in the way is over."


@dataclass(frozen=True)
class WayChoice(Single):
    """A way: `allowed` are its kinds, `usual` is what no setting means, `following` what the next step is called."""

    allowed: tuple[str, ...] = FOUR
    usual: str = "next"
    hint: Telling = ""
    following: str = ""

    @override
    def shown(self, settings: Settings, desk: Desk, at: str) -> Drawn | None:
        name, written = f"{at}{self.key}", settings.get(self.key, self.usual)
        chosen = _chosen(written)
        if chosen is None:
            return None
        options = self._options(settings, desk)
        if chosen not in [option.value for option in options]:
            kind, _, target = chosen.partition(":")
            named = target or "something that is not known"
            options.append(Option(chosen, TARGETS.get(kind, "“{}”").format(named if target else kind)))
        held = length_parts(
            name,
            f"{self.label}: wait",
            written["hold"] if isinstance(written, dict) and "hold" in written else "",
            "mhd",
        )
        if held is None:
            return None
        choice = Drawn("bare_choice", name, self.label, values=(chosen,), options=tuple(options))
        parts = (choice, *(held if "hold" in self.allowed else ()))
        return Drawn(
            "way", f"{name}.way", self.label, tell(self.hint, desk), parts=parts, address=address_of(name),
            told={"held": HELD},
        )  # fmt: skip

    @override
    def read(self, form: Form, settings: Changing, at: str) -> None:
        name = f"{at}{self.key}"
        kind, _, target = form.text(name).partition(":")
        is_known = kind in self.allowed or form.text(name) == _chosen(settings.get(self.key, self.usual))
        if not is_known or (kind in TARGETS and not target):
            form.refuse(name, "Choose one of these.")
            return
        written: Any = {kind: target} if target else kind
        if kind == "hold":
            length = read_length_at(form, name)
            if f"{name}.amount" in form.refused:
                return
            written = {"hold": length} if length else "hold"
        put(settings, self.key, None if written == self.usual else written)

    def _options(self, settings: Settings, desk: Desk) -> list[Option]:
        own = settings.get("id", "")
        step = own if isinstance(own, str) else ""
        options = []
        for kind in self.allowed:
            if kind in WORDS:
                options.append(Option(kind, self.following if kind == "next" and self.following else WORDS[kind]))
            else:
                places = _later_steps(step, desk) if kind == "go_to" else desk.buyers
                others = ((key, name) for key, name in places.items() if key != step)
                options.extend(Option(f"{kind}:{key}", TARGETS[kind].format(name)) for key, name in others)
        return options


def _later_steps(step: str, desk: Desk) -> Mapping[str, str]:
    names = desk.around.names.connections
    return {place.id: place.name(names) for place in later_steps(desk.document, step)}


def _chosen(written: object) -> str | None:
    """Return a way as the choice posts it, None for what is none."""
    if isinstance(written, str):
        return written
    if isinstance(written, dict) and len(written) == 1:
        [(kind, target)] = written.items()
        if kind == "hold" and isinstance(target, str):
            return "hold"
        return f"{kind}:{target}" if kind in TARGETS and isinstance(target, str) else None
    return None
