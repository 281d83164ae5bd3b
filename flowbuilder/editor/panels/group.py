"""The panel of a buyer group: its mode, its buyers, and on which terms they get the lead."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from flowbuilder.editor.new_ids import new_id
from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.connection import ConnectionPick
from flowbuilder.editor.panels.controls import Changing, Form, Only, Settings
from flowbuilder.editor.panels.drawn import Drawn, Option
from flowbuilder.editor.panels.fields import Choice, Field
from flowbuilder.editor.panels.kinds_of_text import MONEY, in_seconds, whole
from flowbuilder.editor.panels.margin import Margin
from flowbuilder.editor.panels.mix_fields import MIX
from flowbuilder.editor.panels.pricing import Pricing
from flowbuilder.editor.panels.rows import Rows
from flowbuilder.editor.panels.sheets import Sheet, SheetPanel
from rules.steps.group.campaign import MOST_ROWS
from rules.steps.group.rows import PINGS

MODES = (
    Option("waterfall", "In this order", "The first is asked, then the second, until one takes it."),
    Option("round_robin", "Take turns", "Whoever comes after the last one that bought is asked first."),
    Option("weighted", "By share", "Drawn by weight: a weight of 3 comes first three times as often as 1."),
    Option("least_loaded", "Fewest today first", "Whoever bought the fewest leads today is asked first."),
    Option("quota", "Keep a mix", "Whoever is furthest behind its mix of leads is asked first."),
    Option("highest_bid", "Highest bid", "All are asked for a bid; the highest gets it, after a no the next highest."),
    Option("fastest", "Fastest bid", "All are asked for a bid; the first that bids gets it."),
    Option("broadcast", "Everyone", "Each is offered the lead at the same time, and each pays for it."),
)


def _asks(settings: Settings, _desk: Desk) -> bool:
    return settings.get("mode") in PINGS


def _is_broadcast(settings: Settings, _desk: Desk) -> bool:
    return settings.get("mode") == "broadcast"


def _is_no_broadcast(settings: Settings, desk: Desk) -> bool:
    return not _is_broadcast(settings, desk)


def _new_row(settings: Settings, desk: Desk) -> Changing:
    return {"id": new_id(desk.document), "connection": ""}


@dataclass(frozen=True)
class RowLink:
    """The way to all settings of a row."""

    keys: tuple[str, ...] = ()

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the link, with what the row already says beside its price."""
        return Drawn("row_link", told={"step": settings.get("id"), "flow": desk.flow.id, "is_off": settings.get("off")})

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Change nothing."""


@dataclass(frozen=True)
class FromCampaign:
    """Says that buyers of a campaign join; which one is kept as it is written."""

    keys: tuple[str, ...] = ("buyers_from",)

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the sentence, nothing for a group without a campaign."""
        if "buyers_from" not in settings:
            return Drawn("nothing")
        name = f"{at}buyers_from"
        return Drawn("told", name, "The buyers of a campaign join: they come behind these, in its order.", address=name)

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Change nothing."""


BUYERS = Rows(
    "buyers",
    "Buyers",
    "buyer",
    (ConnectionPick("connection", "Buyer", is_terse=True), Pricing(), RowLink()),
    _new_row,
    ordered=True,
    most=MOST_ROWS,
    none="No buyer yet.",
)
SELLS = "1 is exclusive; more is shared, and each buyer pays."
SHEETS = (
    Sheet("", (Choice("mode", "Who is asked first", MODES), BUYERS, FromCampaign())),
    Sheet(
        "How it is sold",
        (
            Only(
                Field("sell_up_to", "Sell to up to", whole(1, 20, "buyers"), SELLS, "1", macro="short"),
                _is_no_broadcast,
            ),
            Only(
                Field("sell_up_to", "Sell to up to", whole(1, 20, "buyers"), "Blank: to all of them.", macro="short"),
                _is_broadcast,
            ),
            Field("floor", "Floor price", MONEY, "An offer or a bid below it is not made.", macro="short"),
            Margin(),
            Choice(
                "then",
                "Once it is sold",
                (
                    Option("stop", "The lead stops here"),
                    Option("continue", "The lead goes on with the next step too"),
                ),
                "stop",
            ),
        ),
    ),
)
BIDDING = Sheet(
    "Bids",
    (
        Field("wait_ms", "Wait for bids", in_seconds(0, 10), "0.1 to 10: later ones do not count.", "3", macro="short"),
        Field("bids_up_to", "No bid is above", MONEY, "More is taken for a mistake. Blank: 10,000.", macro="short"),
        Choice(
            "mixed",
            "Buyers that are not asked for bids",
            (
                Option("networks_first", "Come after all bids", "They are asked if everyone that bid says no."),
                Option(
                    "one_ranking",
                    "Compete with bids",
                    "Those that pay up to an amount are ranked by it; fixed prices follow.",
                ),
            ),
            "networks_first",
        ),
    ),
)
MIXES = Sheet("Mix", (MIX,), "For all its buyers that have none of their own.")


class GroupPanel(SheetPanel):
    """Several buyers, of which one or more get the lead."""

    kind: ClassVar[str] = "group"
    about: ClassVar[str] = "Several buyers, of which one or more get the lead."

    def sheets(self, settings: Settings, desk: Desk) -> Sequence[Sheet]:
        """Return what is on the panel in the group's mode."""
        has_bidding = _asks(settings, desk) or any(key in settings for key in BIDDING.keys)
        has_mix = settings.get("mode") == "quota" or "mix" in settings
        return (*SHEETS, *((BIDDING,) if has_bidding else ()), *((MIXES,) if has_mix else ()))
