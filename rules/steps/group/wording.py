"""A group in words: what its mode does, how a lead leaves it, and what each row pays."""

from collections.abc import Callable, Mapping

from rules.earnings import Least
from rules.money import say_money
from rules.ranking import LAST
from rules.saying import say_list
from rules.steps.base import Exit, Words
from rules.steps.group.deal import Deal
from rules.steps.group.rows import PINGS, Row

PRIORITY_SHOWS = "waterfall"
"""The mode in which the order of the rows is their priority."""


def say_deal(deal: Deal, words: Words) -> str:
    """Return `Offer to 3 buyers in this order, sell to up to 2, at least $30.00`."""
    shared = f", sell to up to {deal.sell_up_to}" if deal.sell_up_to > 1 and not _reaches_all(deal) else ""
    return f"{MODES[deal.mode](deal)}{shared}{say_least(deal.least, words)}"


def say_least(least: Least | None, words: Words) -> str:
    """Return `, at least $30.00 and 20% margin`; nothing where nothing is asked for."""
    if least is None:
        return ""
    said = [say_money(least.floor, words.currency)] if least.floor else []
    if least.percent is not None:
        said.append(f"{least.percent}% margin")
    elif least.margin is not None:
        said.append(f"{say_money(least.margin, words.currency)} margin")
    return f", at least {' and '.join(said)}" if said else ""


def exits_of(deal: Deal) -> tuple[Exit, ...]:
    """Return the way of a sold lead and of one that no row took; each row has its own exits."""
    until = "Sold" if deal.sell_up_to == 1 else f"Sold {deal.sell_up_to} times, or all asked"
    sold = Exit("ok", f"{until}: next step" if deal.goes_on else f"{until}: stop here")
    may_bid = _bidders(deal) or (deal.campaign and deal.mode in PINGS)
    late = [Exit("que", f"No bid within {deal.wait_ms / 1000:g} s: not waited for")] if may_bid else []
    if deal.leaves == "unanswered":
        late.append(Exit("que", "No answer yet: others are asked meanwhile"))
    nobody = "Nobody bids or takes it" if may_bid else "Nobody takes it"
    turned_away = "as full or closed buyers say, else next step" if _has_ways(deal) else "next step"
    return sold, *late, Exit("nxt", f"{nobody}: {turned_away}")


def say_row(row: Row, deal: Deal, words: Words) -> str:
    """Return `Sunrise Energy at $42.00, up to 100 a day, weight 3`."""
    priority = f", priority {row.priority}" if row.priority != LAST and deal.mode != PRIORITY_SHOWS else ""
    weight = f", weight {row.weight}" if deal.mode == "weighted" else ""
    mix = f", {row.mix.say()}" if row.mix else ""
    said = f"{words.buyer(row.buyer.connection)} {_say_price(row, deal, words)}"
    return f"{said}{row.buyer.say_caps(words)}{priority}{weight}{_say_sharing(row)}{mix}{_say_areas(row, words)}"


def _say_price(row: Row, deal: Deal, words: Words) -> str:
    if row.bids:
        return "by its bid"
    price = words.value(row.buyer.price_written, words.currency)
    if row.pricing != "hybrid":
        return f"at {price}"
    shared = words.value(row.shared_price_written, words.currency)
    return f"at {price}" if deal.sell_up_to == 1 else f"at {price} when it is exclusive, {shared} when shared"


def _say_sharing(row: Row) -> str:
    if row.sharing == "exclusive":
        return ", alone"
    if row.sharing == "":
        return ""
    others = f"{row.share_up_to - 1} other{'' if row.share_up_to == 2 else 's'}"
    return f", {'alone or ' if row.sharing == 'either' else ''}with up to {others}"


def _say_areas(row: Row, words: Words) -> str:
    """Return `, from Bay Area or North`, the number of areas where their names are not known."""
    areas = row.buyer.areas
    names = [words.lists[area.list_id] for area in areas if area.list_id in words.lists]
    many = f"{len(areas)} area{'' if len(areas) == 1 else 's'}"
    return f", from {say_list(names, 'or') if len(names) == len(areas) else many}" if areas else ""


def say_buyers(count: int) -> str:
    """Return `3 buyers`."""
    return f"{count} buyer{'' if count == 1 else 's'}"


def _all_buyers(deal: Deal, count: int | None = None) -> str:
    """Return `3 buyers`, with those of a campaign that join; `count` says how many of the written ones are meant."""
    count = len(deal.rows) if count is None else count
    if not deal.campaign:
        return say_buyers(count)
    return f"{say_buyers(count)} and those of a campaign" if count else "the buyers of a campaign"


def _bidders(deal: Deal) -> int:
    return sum(row.bids for row in deal.rows)


def _reaches_all(deal: Deal) -> bool:
    return deal.mode == "broadcast" and deal.sell_up_to >= len(deal.rows)


def _has_ways(deal: Deal) -> bool:
    """Return whether some row that cannot be asked sends leads elsewhere once nobody else takes them."""
    own = [row.buyer.ways for row in deal.rows if not row.buyer.common.off]
    ways = [way for one in own for way in (one.outside_hours, one.when_full, one.when_not_met, one.when_no_funds)]
    return not deal.is_plain and any(way.kind != "next" for way in ways)


def _say_auction(deal: Deal) -> str:
    """Return `Ask 3 buyers for bids, offer to the highest first, then to 2 direct buyers`."""
    bidders = _bidders(deal)
    direct = len(deal.rows) - bidders
    if direct and not bidders:
        return f"Offer to {_all_buyers(deal)}, first to the one that pays most"
    best = "the highest" if deal.mode == "highest_bid" else "the fastest"
    bids = "a bid" if bidders == 1 and not deal.campaign else "bids"
    asked = f"Ask {_all_buyers(deal, bidders)} for {bids}, offer to {best} first"
    others = f"{direct} direct buyer{'' if direct == 1 else 's'}"
    if not direct:
        return asked
    return f"{asked}, {others} among them" if deal.one_ranking else f"{asked}, then to {others}"


MODES: Mapping[str, Callable[[Deal], str]] = {
    "waterfall": lambda deal: f"Offer to {_all_buyers(deal)} in {'' if deal.campaign else 'this '}order",
    "round_robin": lambda deal: f"Offer to {_all_buyers(deal)} in turn, first to the one after the last sale",
    "weighted": lambda deal: f"Offer to {_all_buyers(deal)}, drawn by weight",
    "least_loaded": lambda deal: f"Offer to {_all_buyers(deal)}, first to the one with the fewest today",
    "quota": lambda deal: f"Offer to {_all_buyers(deal)}, first to the one furthest behind its mix",
    **dict.fromkeys(PINGS, _say_auction),
    "broadcast": lambda deal: f"Offer to each of {_all_buyers(deal)} at once",
}
"""What each mode does, in words."""
