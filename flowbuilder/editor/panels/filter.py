"""The panel of a filter."""

from collections.abc import Sequence
from typing import ClassVar

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Settings
from flowbuilder.editor.panels.fields import Field
from flowbuilder.editor.panels.kinds_of_text import text
from flowbuilder.editor.panels.rule_fields import PolarityRule
from flowbuilder.editor.panels.sheets import Sheet, SheetPanel
from flowbuilder.editor.panels.ways import WayChoice

SHEETS = (
    Sheet("", (PolarityRule(),)),
    Sheet(
        "Leads that do not pass",
        (
            WayChoice("otherwise", "What happens to the lead", ("reject", "fallback", "go_to"), "reject"),
            Field(
                "reason",
                "Reason",
                text(),
                "The supplier reads this where the lead is rejected.",
                "Does not match",
            ),
        ),
    ),
)


class FilterPanel(SheetPanel):
    """Lets some leads through and stops the rest."""

    kind: ClassVar[str] = "filter"
    about: ClassVar[str] = "Decides which leads carry on."

    def sheets(self, settings: Settings, desk: Desk) -> Sequence[Sheet]:
        """Return what is on the panel."""
        return SHEETS
