"""Rules in a panel, drawn by the rule builder."""

from dataclasses import dataclass, replace

from flowbuilder.editor import rules
from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Settings, put, rename
from flowbuilder.editor.panels.drawn import Drawn, Option, address_of
from flowbuilder.editor.panels.fields import Telling, tell
from rules.builder import NO_RULE


@dataclass(frozen=True)
class RuleField:
    """A rule, drawn by the rule builder. One that is not `needed` is left out while it has no conditions.

    One with a way to `begin` is a button with these words until somebody wants a rule.
    """

    key: str
    label: str
    hint: Telling = ""
    needed: bool = False
    begin: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the one setting."""
        return (self.key,)

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the rule with its builder, or the button that begins one."""
        if self.begin and self.key not in settings:
            return Drawn("begin_rule", f"{at}{self.key}", self.begin, address=address_of(f"{at}{self.key}"))
        return draw_rule(settings.get(self.key), f"{at}{self.key}", self.label, tell(self.hint, desk), desk)

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Set the rule as it is in the form; a row that is not complete stays what it is."""
        name = f"{at}{self.key}"
        if not self.begin or self.key in settings:
            take_rule(form, settings, self.key, name, needed=self.needed)
        elif form.action(name) == ("begin", ""):
            settings[self.key] = NO_RULE


def draw_rule(rule: object, name: str, label: str, hint: str, desk: Desk) -> Drawn:
    """Return a rule as it is drawn."""
    view = rules.view(rule, name, desk, desk.refused)
    return Drawn("rule", name, label, hint, address=address_of(name), told={"rule": view})


def take_rule(form: Form, settings: Changing, key: str, name: str, *, needed: bool) -> None:
    """Set a rule as it is in the form."""
    before = settings.get(key)
    rule, refused = rules.read(form.posted, name, before, form.desk)
    form.refused |= refused
    if rule == before or (before is None and rules.is_no_rule(rule)):
        return
    put(settings, key, None if rules.is_no_rule(rule) and not needed else rule)


@dataclass(frozen=True)
class PolarityRule:
    """What a filter does with leads that its rule is true for: continue, or stop."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the two settings of which a filter has one."""
        return ("continue_if", "stop_if")

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the choice and the rule under it."""
        key = _polarity(settings)
        options = (Option("continue_if", "Continue only if"), Option("stop_if", "Stop if"))
        choice = Drawn("segments", f"{at}polarity", "What this step does", values=(key,), options=options)
        rule = draw_rule(settings.get(key), f"{at}rule", "Rules", "", desk)
        return Drawn("plain", parts=(choice, replace(rule, name=f"{at}{key}", address=address_of(f"{at}{key}"))))

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Set the rule, and what happens where it is true."""
        key, chosen = _polarity(settings), form.text(f"{at}polarity")
        take_rule(form, settings, key, f"{at}rule", needed=True)
        if chosen in self.keys and chosen != key:
            if key in settings:
                rename(settings, key, chosen)
            else:
                settings[chosen] = NO_RULE


def _polarity(settings: Settings) -> str:
    return "stop_if" if "stop_if" in settings and "continue_if" not in settings else "continue_if"
