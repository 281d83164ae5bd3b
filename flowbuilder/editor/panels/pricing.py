"""What a buyer of a group pays: a fixed price, what it bids, its highest bid, or one price alone and another shared."""

from dataclasses import dataclass
from typing import Any, Literal

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Settings, take_all
from flowbuilder.editor.panels.drawn import Drawn, Option
from flowbuilder.editor.panels.fields import Field
from flowbuilder.editor.panels.kinds_of_text import PRICE
from flowbuilder.editor.panels.targets import group_of
from rules.steps.group.rows import PINGS

Way = Literal["fixed", "bids", "auction", "hybrid"]
PRICES = ("price", "max_bid", "shared_price")
NEEDED = "Enter what this buyer pays for a lead."
FIELDS = {
    "price": Field("price", "Price", PRICE, "An amount, or a field such as lead.price.", needed=NEEDED),
    "max_bid": Field("max_bid", "Pays up to", PRICE, "It competes with this amount.", needed=NEEDED),
    "shared_price": Field("shared_price", "Pays when shared", PRICE, "For a lead that others get too.", needed=NEEDED),
}
SHOWN: dict[str, tuple[str, ...]] = {
    "fixed": ("price",),
    "bids": (),
    "auction": ("max_bid",),
    "hybrid": ("max_bid", "shared_price"),
}
WORDS: dict[str, str] = {
    "fixed": "A fixed price",
    "bids": "What it bids: it is asked for a bid",
    "auction": "Its highest bid, without being asked",
    "hybrid": "One price alone, another when shared",
}


@dataclass(frozen=True)
class Pricing:
    """How a row is priced, and the amounts that this needs."""

    keys: tuple[str, ...] = ("pricing", *PRICES)

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the choice and its amounts."""
        chosen = pricing_of(settings, desk)
        offered = [way for way in WORDS if way != "bids" or chosen == "bids" or _asks_for_bids(settings, desk)]
        options = tuple(Option(way, WORDS[way]) for way in offered)
        choice = Drawn("choice", f"{at}pays", "Pays", values=(chosen,), options=options, address=f"{at}pricing")
        amounts = (FIELDS[key].draw(settings, desk, at) for key in SHOWN[chosen])
        return Drawn("plain", parts=(choice, *amounts))

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Set the amounts; another pricing takes the amount over that was there."""
        before, chosen = pricing_of(settings, form.desk), form.text(f"{at}pays")
        changed = take_all([FIELDS[key] for key in SHOWN[before]], form, settings, at)
        settings.clear()
        settings.update(changed)
        if chosen in SHOWN and chosen != before:
            self._switch(settings, chosen, form.desk)

    def _switch(self, settings: Changing, chosen: str, desk: Desk) -> None:
        old = {key: settings.pop(key) for key in ("pricing", *PRICES) if key in settings}
        amount: Any = old.get("price", old.get("max_bid"))
        for key in SHOWN[chosen]:
            if key in old or amount is not None:
                settings[key] = old.get(key, amount)
        if pricing_of(settings, desk) != chosen:
            settings["pricing"] = chosen


def pricing_of(settings: Settings, desk: Desk) -> Way:
    """Return how a row is priced, as the language reads it."""
    written = settings.get("pricing")
    if written == "fixed" or (written is None and "price" in settings and "max_bid" not in settings):
        return "fixed"
    if written == "hybrid" or (written is None and "max_bid" in settings and "shared_price" in settings):
        return "hybrid"
    if "max_bid" in settings:
        return "auction"
    asks = _asks_for_bids(settings, desk)
    return "bids" if asks else "auction" if written == "auction" else "fixed"


def _asks_for_bids(settings: Settings, desk: Desk) -> bool:
    group = group_of(desk.document, settings.get("id"))
    return group.get("mode") in PINGS
