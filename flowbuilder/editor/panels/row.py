"""The panel of one buyer of a group."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from flowbuilder.editor.panels import buying
from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Only, Settings
from flowbuilder.editor.panels.drawn import Drawn, Option
from flowbuilder.editor.panels.fields import Choice, Field, Switch
from flowbuilder.editor.panels.kinds_of_text import whole
from flowbuilder.editor.panels.list_fields import AREAS
from flowbuilder.editor.panels.mix_fields import MIX
from flowbuilder.editor.panels.pricing import Pricing
from flowbuilder.editor.panels.sheets import Sheet, SheetPanel
from flowbuilder.editor.panels.targets import group_of

NEXT = "Next buyer of the group"


def _is_weighted(settings: Settings, desk: Desk) -> bool:
    return "weight" in settings or group_of(desk.document, settings.get("id")).get("mode") == "weighted"


def _may_share(settings: Settings, desk: Desk) -> bool:
    group = group_of(desk.document, settings.get("id"))
    return bool({"sharing", "share_up_to"} & set(settings)) or group.get("sell_up_to") != 1


@dataclass(frozen=True)
class GroupLink:
    """The way back to the group."""

    keys: tuple[str, ...] = ()

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the link."""
        group = group_of(desk.document, settings.get("id")).get("id")
        return Drawn("group_link", told={"step": group, "flow": desk.flow.id}) if group else Drawn("nothing")

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Change nothing."""


SHARING = (
    Choice(
        "sharing",
        "Takes leads",
        (
            Option("", "As the group sells them"),
            Option("exclusive", "Only alone"),
            Option("shared", "Only shared with others"),
            Option("either", "Alone or shared, whichever brings more"),
        ),
        "",
        macro="choice",
    ),
    Field("share_up_to", "Shares with, in all", whole(2, 20, "buyers"), "Blank: 3.", macro="short"),
)
AMONG = Sheet(
    "Among the others",
    (
        Only(
            Field("weight", "Weight", whole(1, 10), "1 to 10: how often it comes first.", "1", macro="short"),
            _is_weighted,
        ),
        Field("priority", "Priority", whole(1, 100), "1 is asked first, 100 is usual.", "100", macro="short"),
        *(Only(control, _may_share) for control in SHARING),
        AREAS,
        MIX,
    ),
    folded=True,
)
SHEETS = (
    Sheet("", (GroupLink(), buying.WHO, Pricing(), Switch("off", "Turned off: it is passed by"))),
    AMONG,
    buying.cap_sheet(NEXT),
    buying.when_sheet(NEXT),
    buying.hours_sheet(NEXT),
    buying.answers_sheet(NEXT),
    buying.rare_sheet(NEXT),
)


class RowPanel(SheetPanel):
    """One of the buyers of a group."""

    kind: ClassVar[str] = "row"
    about: ClassVar[str] = "One of the buyers of a group. The group says in which order they are asked."

    def sheets(self, settings: Settings, desk: Desk) -> Sequence[Sheet]:
        """Return what is on the panel."""
        return SHEETS
