"""The panel of a look-up: what is asked, what it is told, and which fields that sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flowbuilder.connections.written import NotReadable, read_rule, show_rule
from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.connection import ConnectionPick
from flowbuilder.editor.panels.controls import Changing, Form, Only, Settings
from flowbuilder.editor.panels.drawn import Drawn, Option
from flowbuilder.editor.panels.expression import Expression
from flowbuilder.editor.panels.fields import Choice, Field
from flowbuilder.editor.panels.key_pick import KeyPick
from flowbuilder.editor.panels.kinds_of_text import WORKED_OUT, Line, Unreadable, duration_in_seconds, text
from flowbuilder.editor.panels.list_fields import list_options
from flowbuilder.editor.panels.rows import Rows, Shape
from flowbuilder.editor.panels.sheets import Sheet, SheetPanel
from flowbuilder.editor.panels.ways import WayChoice
from rules.delivery.answers import parse_path
from rules.delivery.service import LONGEST_TIMEOUT, MOST_OUTPUTS
from rules.differences.base import same
from rules.steps.look_up import ON_ERROR, ON_NOT_FOUND

SOURCES = {
    "connection": ("connection", "inputs", "outputs", "found_if", "timeout", "on_not_found", "on_error", "reason"),
    "list": ("list", "of", "into"),
    "score": ("score", "into"),
}
WORDS = (
    Option("connection", "A service", "It is asked over the network, and its answer sets fields."),
    Option("list", "A stored list", "Whether a value is in it becomes yes or no."),
    Option("score", "A score", "A number that is worked out from the lead."),
)
LEFT = {
    source: f"What was set for {what} is taken out. Undo brings it back."
    for source, what in (("connection", "the service"), ("list", "the stored list"), ("score", "the score"))
}
A_YES = "body.valid is yes"


def source_of(settings: Settings) -> str:
    """Return which source a look-up has; a service where none is written yet."""
    return next((source for source in SOURCES if source in settings), "connection")


def _start(source: str, desk: Desk) -> Changing:
    """Return the first settings of a source."""
    first = next(iter(desk.fields), "email")
    if source == "list":
        listed = next(iter(desk.around.lists), "")
        return {"list": listed, "of": {"var": f"lead.{first}"}, "into": "is_listed"}
    return (
        {"score": 0, "into": "score"}
        if source == "score"
        else {"connection": "", "outputs": [["result", "body.result"]]}
    )


@dataclass(frozen=True)
class SourcePick:
    """Where the values come from; another source has other settings."""

    keys: tuple[str, ...] = ()

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the choice."""
        return Drawn("radios", f"{at}source", "Look in", values=(source_of(settings),), options=WORDS)

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Change the source."""
        before, chosen = source_of(settings), form.text(f"{at}source")
        if chosen in SOURCES and (chosen != before):
            dropped = {key: settings.pop(key) for key in SOURCES[before] if key in settings}
            if dropped and not same(dropped, _start(before, form.desk)):
                form.said = LEFT[before]
            settings.update(_start(chosen, form.desk))


def _is(source: str, *controls: Any) -> tuple[Only, ...]:
    return tuple(Only(control, lambda settings, _: source_of(settings) == source) for control in controls)


def _read_path(typed: str, _currency: str) -> str:
    if parse_path(typed) is None:
        raise Unreadable("Enter a place in the answer, such as body.line.type.")
    return typed


def _read_rule(typed: str, _currency: str) -> Any:
    try:
        return read_rule(typed, A_YES)
    except NotReadable as problem:
        raise Unreadable(str(problem)) from None


PATH = Line(lambda value, _: value if isinstance(value, str) else None, _read_path)
RULE = Line(lambda value, _: show_rule(value), _read_rule)


def _open_pair(entry: Any) -> Changing | None:
    """Return `[name, value]`, and what may stand behind it, as settings."""
    if not isinstance(entry, list) or len(entry) not in (2, 3) or not isinstance(entry[0], str):
        return None
    return {"name": entry[0], "value": entry[1], **({"options": entry[2]} if len(entry) == 3 else {})}


def _close_pair(changed: Changing, _before: Any) -> list[Any]:
    options = [changed["options"]] if "options" in changed else []
    return [changed.get("name", ""), changed.get("value", ""), *options]


PAIR = Shape(_open_pair, _close_pair)
TOLD = Rows(
    "inputs",
    "What it is told",
    "field",
    (
        Field("name", "Their field", text(), needed="Enter the name of their field."),
        Field("value", "Gets", WORKED_OUT, "Such as lead.phone_1, or lead.phone_1 | phone national."),
    ),
    lambda settings, desk: {"name": "value", "value": {"var": f"lead.{next(iter(desk.fields), 'email')}"}},
    shape=PAIR,
    none="What its connection says.",
)
ADDS = Rows(
    "outputs",
    "What it adds",
    "field",
    (
        KeyPick("name", "Sets the field"),
        Field("value", "From its answer", PATH, "Such as body.line.type.", needed="Enter a place in the answer."),
    ),
    lambda settings, desk: {"name": f"result_{len(settings.get('outputs', [])) + 1}", "value": "body.result"},
    most=MOST_OUTPUTS,
    shape=PAIR,
)
INTO = KeyPick("into", "Sets the field")
CAN_STOP = "“End it as an error” is neither a yes nor a no: a person looks at it."
SHEETS = (
    Sheet(
        "",
        (
            SourcePick(),
            *_is("connection", ConnectionPick("connection", "Service", may_pretend=False), TOLD, ADDS),
            *_is(
                "list",
                Choice("list", "Stored list", list_options, macro="choice"),
                Expression("of", "Looks for", fields_as="{}"),
                INTO,
            ),
            *_is(
                "score", Field("score", "Worked out by", WORKED_OUT, "Such as lead.credit_score, or JSON-logic."), INTO
            ),
        ),
    ),
)
THEN = Sheet(
    "What happens then",
    (
        WayChoice("on_not_found", "When it knows nothing", ON_NOT_FOUND, "continue"),
        WayChoice("on_error", "When it fails or takes too long", ON_ERROR, "continue", CAN_STOP),
        Field(
            "timeout", "Wait for its answer", duration_in_seconds(1, LONGEST_TIMEOUT), "1 to 30.", "3", macro="short"
        ),
        Field("found_if", "It knows the lead if", RULE, f"Such as: {A_YES}. Blank: on a status from 200 to 299."),
        Field("reason", "Reason", text(), "The supplier reads this where the lead ends here."),
    ),
)


class LookUpPanel(SheetPanel):
    """Adds data to the lead."""

    kind: ClassVar[str] = "look_up"
    about: ClassVar[str] = "Adds data to the lead for the steps after it. What was posted stays as it is."

    def sheets(self, settings: Settings, desk: Desk) -> Sequence[Sheet]:
        """Return what is on the panel for the source that is chosen."""
        return (*SHEETS, THEN) if source_of(settings) == "connection" else SHEETS
