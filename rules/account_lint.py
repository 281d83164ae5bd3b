"""What is worth a look in a flow beside the account that it is in: its connections, and what its leads cost."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rules.delivery.destination import Destination, parse_destination
from rules.delivery.mapping import Entry
from rules.delivery.sample import sample_view
from rules.findings import finding
from rules.flow import Flow
from rules.logic import RuleError
from rules.money import exponent_of, say_money
from rules.problems import Problem
from rules.reach import buyers_on
from rules.reading import amount_of
from rules.remembering import Remembering
from rules.steps import Buyer, Group, LookUp

KEPT = 512
"""How many destinations are not read again: those of some flows that people work on."""
STATES: Mapping[str, tuple[str, str]] = {
    "untested": ("untested_connection", "{} has not received a test lead yet. Send it one before you publish."),
    "paused": ("paused_connection", "{} is paused, so it is passed by. Resume it, or choose another buyer."),
    "revoked": ("revoked_connection", "{} was revoked, so it gets no leads. Choose another buyer."),
}


@dataclass(frozen=True, slots=True)
class Known:
    """A connection as the account has it: `state` is active, untested, paused or revoked."""

    name: str
    state: str
    destination: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Account:
    """What is around a flow: connections by their shown ids, and what suppliers are paid for a lead, by their names."""

    connections: Mapping[str, Known]
    costs: Mapping[str, Decimal]


def lint_in(account: Account, flow: Flow) -> list[Problem]:
    """Return what is worth a look in a flow of an account; steps and buyers that are turned off have nothing."""
    found = (*_states(account, flow), *_empty(account, flow), *_unmapped(account, flow), *_cheap(account, flow))
    return sorted(found, key=lambda problem: -1 if (at := flow.position_of(problem.path)) is None else at)


def _states(account: Account, flow: Flow) -> Iterator[Problem]:
    """Yield buyers that were never tested, or that get no leads; and services that are not asked."""
    for address, buyer in buyers_on(flow):
        known = account.connections.get(buyer.connection)
        if known and known.state in STATES:
            code, message = STATES[known.state]
            yield finding(f"{address}.connection", code, message.format(known.name))
    for spot in flow.spots:
        service = getattr(spot.step.source, "service", None) if isinstance(spot.step, LookUp) else None
        known = account.connections.get(service.connection) if service and not spot.step.common.off else None
        if known and known.state in ("paused", "revoked"):
            code, message = STATES[known.state][0], f"{known.name} is {known.state}, so nothing is looked up there."
            yield finding(f"{spot.address}.connection", code, message)


def _empty(account: Account, flow: Flow) -> Iterator[Problem]:
    """Yield buyers that would be sent a lead without a field, and those that are to bid and cannot be asked to."""
    bidders = {row.id for spot in flow.spots if isinstance(spot.step, Group) for row in spot.step.rows if row.bids}
    for address, buyer in buyers_on(flow):
        known = account.connections.get(buyer.connection)
        destination = _destination_of(known.destination) if known else None
        if known is None or destination is None:
            continue
        if not destination.mapping and destination.deliver_by != ("inbox",):
            message = (
                f"{known.name} would get an empty lead: none of its fields is mapped. Fill them in its connection."
            )
            yield finding(f"{address}.connection", "nothing_mapped", message)
        if buyer.common.id in bidders and destination.ping is None:
            told = f"{known.name} is to bid, and its connection has no address for pings: it never gets a lead here."
            yield finding(f"{address}.connection", "cannot_bid", f"{told} Fill it in, or let it pay a fixed price.")


def _unmapped(account: Account, flow: Flow) -> Iterator[Problem]:
    """Yield what a buyer requires, or asks for as a consent, of fields that the flow does not have."""
    for address, buyer in buyers_on(flow):
        known = account.connections.get(buyer.connection)
        destination = _destination_of(known.destination) if known else None
        if known is None or destination is None:
            continue
        pinged = destination.ping.mapping if destination.ping else None
        for entry in (*destination.mapping, *(pinged or ())):
            missing = _missing_for(entry, flow)
            if missing:
                told = f"{known.name} requires “{entry.name}”, which is made of {_listed(missing)}"
                message = f"{told}: this flow has no such field. Add it to “Leads arrive”."
                yield finding(f"{address}.connection", "unmapped_field", message)
        consent = destination.consent
        for key in (consent.certificate, consent.yes, consent.at) if consent else ():
            if key and key not in flow.by_key:
                message = f"{known.name} asks for a consent in “{key}”, and this flow has no such field."
                yield finding(f"{address}.connection", "consent_not_asked", message)


def _read_destination(document: object) -> Destination | None:
    return parse_destination(document, "", [])


_destination_of = Remembering(_read_destination, most=KEPT)


def _missing_for(entry: Entry, flow: Flow) -> list[str]:
    """Return the fields that a required entry is made of and the flow does not have; none where it is filled anyway."""
    names = [path.split(".")[1] for path in sorted(entry.value.variables) if path.startswith("lead.")]
    missing = [name for name in names if name not in flow.by_key]
    if not entry.is_required or not missing or len(missing) < len(entry.value.variables):
        return []
    try:
        return missing if entry.value(sample_view({})) in (None, "") else []
    except RuleError:
        return missing


def _cheap(account: Account, flow: Flow) -> Iterator[Problem]:
    """Yield buyers whose fixed price is below what a supplier is paid for the lead, where it is sold to one alone."""
    if not account.costs:
        return
    supplier, cost = max(account.costs.items(), key=lambda one: one[1])
    for address, buyer in _sold_once(flow):
        price = amount_of(buyer.price_written)
        if price is not None and price < cost:
            pays, costs = (_say(amount, flow.currency) for amount in (price, cost))
            message = f"A lead from {supplier} is sold at a loss here: it costs {costs}, and this buyer pays {pays}."
            key = "max_bid" if "max_bid" in flow.written_at(address) else "price"
            yield finding(f"{address}.{key}", "below_the_cost", message)


def _sold_once(flow: Flow) -> Iterator[tuple[str, Buyer]]:
    """Yield the buyers whose sale ends the lead's way, and is the only one."""
    shared = {
        row.id
        for spot in flow.spots
        if isinstance(spot.step, Group) and spot.step.sell_up_to > 1
        for row in spot.step.rows
    }
    return ((at, buyer) for at, buyer in buyers_on(flow) if not buyer.sells_on and buyer.common.id not in shared)


def _say(amount: Decimal, currency: str) -> str:
    return say_money(int(amount.scaleb(exponent_of(currency))), currency)


def _listed(keys: Iterable[str]) -> str:
    return " and ".join(f"“{key}”" for key in keys)
