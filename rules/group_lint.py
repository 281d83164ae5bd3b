"""What is worth a look in the groups of a flow: settings without an effect, and rows that can never win."""

from collections.abc import Iterator, Mapping

from rules.findings import finding
from rules.flow import Flow
from rules.money import exponent_of, say_money
from rules.problems import Problem
from rules.reading import amount_of
from rules.steps import Group, Row
from rules.steps.group.rows import PINGS

OF_MODES: Mapping[str, tuple[str, ...]] = {"wait_ms": PINGS, "bids_up_to": PINGS, "mixed": PINGS}
"""Settings of a group that only some modes have a use for; so has a row's weight."""
SETTINGS: Mapping[str, str] = {
    "wait_ms": "The time to wait for bids",
    "bids_up_to": "The highest bid that is believed",
    "mixed": "How bidders and direct buyers mix",
    "weight": "The share of this buyer",
}
MODES: Mapping[str, str] = {
    "waterfall": "the group asks its buyers in order",
    "round_robin": "the buyers of this group take turns",
    "weighted": "the group draws its buyers by weight",
    "least_loaded": "the group asks the buyer with the fewest leads first",
    "quota": "the group goes by the mix of its buyers",
    "highest_bid": "the highest bid gets the lead",
    "fastest": "the fastest bid gets the lead",
    "broadcast": "every buyer of this group is asked",
}


def find_missing_campaigns(flow: Flow) -> Iterator[Problem]:
    """Find groups that take buyers from a campaign: there is none yet that anybody could be in."""
    for address, group in _groups(flow):
        if group.deal.campaign:
            who = "only to the buyers that are written in it" if _active(group) else "to nobody"
            message = f"There are no campaigns yet: this group sells {who}."
            yield finding(f"{address}.buyers_from", "no_campaigns", message)


def find_idle_groups(flow: Flow) -> Iterator[Problem]:
    """Find groups all of whose buyers are turned off."""
    for address, group in _groups(flow):
        if not _active(group) and not group.deal.campaign:
            message = "All buyers of this group are turned off, so that nobody is asked."
            yield finding(f"{address}.buyers", "no_active_buyer", message)


def find_settings_without_effect(flow: Flow) -> Iterator[Problem]:
    """Find settings that the mode of a group has no use for."""
    for address, group in _groups(flow):
        for key, modes in OF_MODES.items():
            if key in flow.written_at(address) and group.mode not in modes:
                yield _unused(f"{address}.{key}", key, group.mode)
        for number, row in enumerate(group.rows):
            if row.weight != 1 and group.mode != "weighted":
                yield _unused(f"{address}.buyers[{number}].weight", "weight", group.mode)
            if row.sharing and group.sell_up_to == 1:
                message = "How this buyer shares has no effect: the group sells each lead once."
                yield finding(f"{address}.buyers[{number}].sharing", "no_effect", message)


def find_rows_below_the_floor(flow: Flow) -> Iterator[Problem]:
    """Find rows whose price is below the floor of their group; where all are, nobody can get a lead."""
    for address, group in _groups(flow):
        floor = group.least.floor if group.least else 0
        low = [number for number, row in _active(group) if _is_below(row, floor, flow.currency)]
        said = say_money(floor, flow.currency)
        if low and len(low) == len(_active(group)) and not group.deal.campaign:
            message = f"No buyer of this group pays its floor of {said}, so that none can get a lead."
            yield finding(f"{address}.floor", "floor_above_all", message)
            continue
        for number in low:
            message = f"This buyer never gets a lead: its price is below the floor of {said}."
            key = "max_bid" if group.rows[number].pricing != "fixed" else "price"
            yield finding(f"{address}.buyers[{number}].{key}", "below_the_floor", message)


def find_auctions_without_bids(flow: Flow) -> Iterator[Problem]:
    """Find groups that wait for the fastest bid and of which nobody makes any."""
    for address, group in _groups(flow):
        may_bid = group.deal.campaign or any(row.bids for _, row in _active(group))
        if group.mode == "fastest" and _active(group) and not may_bid:
            message = "No buyer of this group makes bids, so that there is none to be the fastest."
            yield finding(f"{address}.mode", "nobody_bids", message)


def find_sales_without_buyers(flow: Flow) -> Iterator[Problem]:
    """Find groups that would sell a lead more often than they have buyers."""
    for address, group in _groups(flow):
        count = len(_active(group))
        is_known = "sell_up_to" in flow.written_at(address) and not group.deal.campaign
        if 0 < count < group.sell_up_to and is_known:
            message = f"This group sells a lead up to {group.sell_up_to} times, and {count} of its buyers can get it."
            yield finding(f"{address}.sell_up_to", "more_sales_than_buyers", message)


def _groups(flow: Flow) -> Iterator[tuple[str, Group]]:
    return ((spot.address, spot.step) for spot in flow.spots if isinstance(spot.step, Group))


def _active(group: Group) -> list[tuple[int, Row]]:
    return [(number, row) for number, row in enumerate(group.rows) if not row.buyer.common.off]


def _unused(address: str, key: str, mode: str) -> Problem:
    return finding(address, "no_effect", f"{SETTINGS[key]} has no effect here: {MODES[mode]}.")


def _is_below(row: Row, floor: int, currency: str) -> bool:
    """Return whether a row's price is written as a number below a floor in minor units."""
    amount = amount_of(row.buyer.price_written)
    return amount is not None and amount.scaleb(exponent_of(currency)) < floor
