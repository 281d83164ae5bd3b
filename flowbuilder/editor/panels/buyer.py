"""The panel of a buyer step."""

from collections.abc import Sequence
from typing import ClassVar

from flowbuilder.editor.panels import buying
from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Settings
from flowbuilder.editor.panels.drawn import Option
from flowbuilder.editor.panels.fields import Choice
from flowbuilder.editor.panels.sheets import Sheet, SheetPanel

NEXT = "Next step"
SELL = Choice(
    "sell",
    "When it says yes",
    (
        Option("stop", "The lead is sold, and stops here"),
        Option("continue", "The lead is sold, and goes on to other buyers too"),
    ),
    "stop",
)
SHEETS = (
    Sheet("", (buying.WHO, buying.PAYS)),
    buying.cap_sheet(NEXT),
    buying.when_sheet(NEXT),
    buying.hours_sheet(NEXT),
    buying.answers_sheet(NEXT, SELL),
    buying.rare_sheet(NEXT),
)


class BuyerPanel(SheetPanel):
    """Offers the lead to one buyer."""

    kind: ClassVar[str] = "buyer"
    about: ClassVar[str] = "Offers the lead to one buyer, and says what happens with every kind of answer."

    def sheets(self, settings: Settings, desk: Desk) -> Sequence[Sheet]:
        """Return what is on the panel."""
        return SHEETS
