"""The panel of a cap."""

from collections.abc import Sequence
from typing import ClassVar

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.cap_fields import CapLine, count_by, zone_field
from flowbuilder.editor.panels.controls import Settings
from flowbuilder.editor.panels.fields import Field
from flowbuilder.editor.panels.kinds_of_text import text
from flowbuilder.editor.panels.rows import Folded
from flowbuilder.editor.panels.sheets import Sheet, SheetPanel
from flowbuilder.editor.panels.ways import WayChoice

SHEETS = (
    Sheet(
        "At most",
        (CapLine(), count_by(), Folded("Time zone", (zone_field("Whose hours, days and weeks are counted."),))),
        "Leads that are sold count. Each takes its place on the way in, and gives it back if nobody buys it.",
    ),
    Sheet(
        "When it is full",
        (
            WayChoice("when_full", "What happens to the lead", ("reject", "fallback", "go_to", "hold"), "reject"),
            Field("reason", "Reason", text(), "The supplier reads this where the lead is rejected.", "Cap reached"),
        ),
    ),
)


class CapPanel(SheetPanel):
    """Limits how many leads pass to the steps after it."""

    kind: ClassVar[str] = "cap"
    about: ClassVar[str] = "Limits how many leads pass to the steps after it."

    def sheets(self, settings: Settings, desk: Desk) -> Sequence[Sheet]:
        """Return what is on the panel."""
        return SHEETS
