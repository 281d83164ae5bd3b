"""The panel of the last card: what happens when nobody takes the lead."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from flowbuilder.editor.new_ids import new_id
from flowbuilder.editor.panels import buying
from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Only, Settings
from flowbuilder.editor.panels.drawn import Drawn, Option
from flowbuilder.editor.panels.fields import Choice, Field, Length
from flowbuilder.editor.panels.kinds_of_text import text
from flowbuilder.editor.panels.sheets import Sheet, SheetPanel
from flowbuilder.editor.panels.targets import outer_steps
from rules.steps.fallback import NO_BUYER


def _holds(settings: Settings, _desk: Desk) -> bool:
    return settings.get("do") == "hold"


def _begin_again(desk: Desk) -> list[Option]:
    """Return the steps at which a lead that waited can go on."""
    names = desk.around.names.connections
    steps = [Option(place.id, place.name(names)) for place in outer_steps(desk.document)]
    return [Option("", "The first step"), *steps]


DO = Choice(
    "do",
    "What happens to the lead",
    (
        Option("reject", "Reject it", "At once, with the reason below."),
        Option("hold", "Let it wait, and try again", "It goes through the flow again until somebody takes it."),
        Option("buyer", "Offer it to a last buyer", "And reject it if that one does not take it either."),
    ),
    called="end",
)
ASK_AGAIN = Choice(
    "ask_again",
    "Who is asked again",
    (
        Option("unavailable", "Those that were full, closed, paused or failed", "A no stays a no."),
        Option("all", "Everyone", "Also those that said no before."),
    ),
    "unavailable",
)
WAITING = tuple(
    Only(control, _holds)
    for control in (
        Length("retry_every", "Try again every", "15m"),
        Length("for_up_to", "For up to", "24h"),
        Choice("from", "Begin again at", _begin_again, "", macro="choice"),
        ASK_AGAIN,
    )
)
REASON = Field("reason", "Reason", text(), "The supplier reads this where the lead is rejected in the end.", NO_BUYER)
REJECTED = "Reject the lead"
LEFT = "The last buyer is taken out, with all that was set for it. Undo brings it back."
LAST_BUYER = (
    Sheet("The last buyer", (buying.WHO, buying.PAYS), inside="buyer"),
    *(
        replace(sheet, inside="buyer")
        for sheet in (
            buying.cap_sheet(REJECTED),
            buying.when_sheet(REJECTED),
            buying.hours_sheet(REJECTED),
            buying.answers_sheet(REJECTED),
            buying.rare_sheet(REJECTED),
        )
    ),
)


@dataclass(frozen=True)
class End:
    """What is done with the lead; a last buyer comes and goes with that choice, because no other has a use for it."""

    keys: tuple[str, ...] = ("do", "buyer")

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the choice."""
        return DO.draw(settings, desk, at)

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Set what is done, with a buyer or without."""
        before = settings.get("do")
        DO.take(form, settings, at)
        if settings.get("do") == before:
            return
        if settings.get("do") != "buyer":
            row = settings.pop("buyer", None)
            if isinstance(row, dict) and any(value for key, value in row.items() if key != "id"):
                form.said = LEFT
        elif "buyer" not in settings:
            settings["buyer"] = {"id": new_id(form.desk.document), "connection": ""}


class FallbackPanel(SheetPanel):
    """The fixed end of a flow."""

    kind: ClassVar[str] = "fallback"
    about: ClassVar[str] = "Every lead that nobody took comes here, so that none is without an end."

    def sheets(self, settings: Settings, desk: Desk) -> Sequence[Sheet]:
        """Return what is on the panel."""
        end = Sheet("", (End(), *WAITING, REASON))
        return (end, *LAST_BUYER) if settings.get("do") == "buyer" else (end,)
