"""What must be true of any database that workers wrote to; each finding is a sentence, and no finding is the proof."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from flowbuilder import ids
from rules.breaker import Limits
from rules.delivery.destination import parse_destination, split_secrets
from rules.effects import put_together
from rules.flow import Flow, parse_flow
from rules.interpreter import Diverged, Recorded, replay
from rules.running import QUOTED, Lead, Post
from rules.steps import Group

Rows = dict[UUID, list[RowMapping]]

BROKEN_OFF = ("quarantined", "flow_unreadable", "unknown")
"""Reasons of leads that may have ended without a last word in their journal."""
MAY_HAVE_IT = ("accepted", "unknown", "reserved", "sending")
CURSOR = "/cursor/total"
"""How the names of windows end that say whose turn it was: they count nothing."""
MOST_ROWS = 100


class Books:
    """Everything that a database holds about leads, read at once."""

    def __init__(self, database: Connection) -> None:
        def read(table: str, order: str) -> list[RowMapping]:
            return list(database.execute(text(f"SELECT * FROM {table} ORDER BY {order}")).mappings())

        self.leads = read("lead", "id")
        self.events = by_lead(read("lead_event", "lead_id, run, seq"))
        self.offers = by_lead(read("offer", "lead_id, offer_no"))
        self.attempts = by_lead(read("attempt", "lead_id, offer_no, attempt_no"))
        self.windows = read("cap_window", "id")
        self.claims = read("claim", "scope, kind, hash")
        self.limits = {row["id"]: limits for row in read("connection", "id") if (limits := _limits_of(row))}
        self.costs = {row["id"]: row["cost"] for row in read("source", "id")}
        versions = read("flow_version", "flow_id, number")
        self.flows = {(row["flow_id"], row["number"]): parse_flow(row["document"])[0] for row in versions}


def _limits_of(connection: RowMapping) -> Limits | None:
    """Return when the buyer of a connection is left alone, None where it never is."""
    destination = parse_destination(split_secrets(connection["destination"])[0], "", [])
    return destination.breaker if destination else None


def findings(database: Connection) -> list[str]:
    """Return everything in a database that is not as it must be."""
    return findings_in(Books(database))


def findings_in(books: Books) -> list[str]:
    """Return everything in the books that is not as it must be."""
    found = [*open_leads(books), *wrong_windows(books), *wrong_claims(books)]
    for lead in books.leads:
        found.extend(f"lead {lead['id']}: {finding}" for finding in _of_lead(books, lead))
    return found


def _of_lead(books: Books, lead: RowMapping) -> Iterator[str]:
    yield from wrong_sales(books, lead)
    yield from oversold(books, lead)
    yield from unfinished(books, lead)
    yield from wrong_journal(books, lead)
    yield from wrong_runs(books, lead)


def open_leads(books: Books) -> Iterator[str]:
    """Yield leads that nobody carries and that wait for nothing."""
    for lead in books.leads:
        if lead["state"] in ("received", "working"):
            yield f"lead {lead['id']} is {lead['state']}"


def wrong_windows(books: Books) -> Iterator[str]:
    """Yield windows that hold more or less than the leads and offers that have places in them.

    A cursor's window holds the number of a row instead; it stands where some sale or some earlier turn put it.
    """
    held: Counter[int] = Counter()
    for lead in books.leads:
        for window, take, *rest in held_places(books, lead):
            held[window] += take if len(rest) == 1 else 0
    for window in books.windows:
        if window["cap"].endswith(CURSOR):
            if not 0 <= window["used"] <= MOST_ROWS:
                yield f"cursor {window['cap']} stands at {window['used']}"
        elif window["used"] != held[window["id"]]:
            yield f"window {window['cap']} has {window['used']} used, and {held[window['id']]} places are held"


def wrong_claims(books: Books) -> Iterator[str]:
    """Yield claims at buyers of leads that the buyer neither has, nor may have, nor is being offered."""
    for claim in books.claims:
        at, _, connection = claim["scope"].partition(" ")
        offers = [offer for offer in books.offers[claim["lead_id"]] if str(offer["connection_id"]) == connection]
        if at == "buyer" and not any(offer["state"] in MAY_HAVE_IT for offer in offers):
            yield f"lead {claim['lead_id']} holds the claim of a {claim['kind']} at {connection}"


def held_places(books: Books, lead: RowMapping) -> Iterator[list[Any]]:
    """Yield the places that a lead holds: at the door and in cap steps until it is lost, and those of its offers."""
    by_run: dict[int, list[list[Any]]] = defaultdict(list)
    for event in books.events[lead["id"]]:
        places = by_run[event["run"]]
        if event["effect"] in ("intake", "reserve"):
            places.extend((event["result"] or {}).get("places", []))
        # A run that is closed by its worker gives back what it held, unless it had sold its lead.
        is_closed = event["effect"] == "replaced" and (event["run"] < lead["run"] or lead["outcome"] != "sold")
        if is_closed or (event["effect"] == "hold" and not event["asks"].get("keeps")):
            places[:] = [place for place in places if place[2]]
        if event["effect"] == "by_hand":  # A lead that had ended unsold had given back what it held.
            ended = (run for run, outcome in ends_of(books, lead).items() if outcome != "sold")
            by_run.update({run: [place for place in by_run[run] if place[2]] for run in ended})
    is_lost = lead["outcome"] not in (None, "sold")
    for places in by_run.values():
        yield from (place for place in places if place[2] or not is_lost)
    for offer in books.offers[lead["id"]]:
        yield from offer["places"]


def ends_of(books: Books, lead: RowMapping) -> dict[int, str | None]:
    """Return how each of a lead's runs ended, None for one that was broken off."""
    ends: dict[int, str | None] = {}
    for event in books.events[lead["id"]]:
        ends.setdefault(event["run"], None)
        if event["effect"] == "close":
            ends[event["run"]] = event["asks"]["outcome"]
    return ends


def wrong_sales(books: Books, lead: RowMapping) -> Iterator[str]:
    """Yield what is wrong with who bought a lead, and for how much."""
    if lead["is_test"]:
        return
    offers = books.offers[lead["id"]]
    winners = [offer for offer in offers if offer["is_winner"]]
    flow = books.flows[lead["flow_id"], lead["version"]]
    if flow and any(not sells_on(flow, offer["step"]) for offer in winners[:-1]):
        yield f"it was sold {len(winners)} times"
    if (lead["outcome"] == "sold") != bool(winners) and lead["state"] == "done":
        yield f"it is {lead['outcome']}, and {len(winners)} offers won"
    if lead["state"] == "done" and lead["revenue"] != sum(offer["price"] for offer in winners):
        yield f"its revenue is {lead['revenue']}, its winners pay {[offer['price'] for offer in winners]}"
    for offer in offers:
        yield from _wrong_offer(offer)


def _wrong_offer(offer: RowMapping) -> Iterator[str]:
    if offer["is_winner"] != (offer["state"] == "accepted" and offer["phase"] == "post"):
        yield f"{offer['phase']} {offer['offer_no']} is {offer['state']}, winner: {offer['is_winner']}"
    if offer["state"] in ("declined", "error") and offer["places"]:
        yield f"offer {offer['offer_no']} was {offer['state']} and holds places"


def oversold(books: Books, lead: RowMapping) -> Iterator[str]:
    """Yield the groups that sold a lead more often than they may."""
    flow = books.flows[lead["flow_id"], lead["version"]]
    for group in _groups(flow) if flow else ():
        sales = sum(offer["is_winner"] and _is_row_of(group, offer["step"]) for offer in books.offers[lead["id"]])
        if sales > group.sell_up_to:
            yield f"group {group.common.id} sold it {sales} times"


def unfinished(books: Books, lead: RowMapping) -> Iterator[str]:
    """Yield what a lead that is done has left open, and attempts that their offer does not count."""
    attempts = Counter((attempt["offer_no"], attempt["method"]) for attempt in books.attempts[lead["id"]])
    for offer in books.offers[lead["id"]]:
        many = attempts[offer["offer_no"], offer["delivery_method"]]
        if offer["attempts"] != many:
            yield f"offer {offer['offer_no']} counts {offer['attempts']} attempts of {many}"
        if offer["state"] in ("reserved", "sending") and lead["state"] == "done":
            yield f"offer {offer['offer_no']} is still {offer['state']}"
    if any(attempt["state"] == "sending" for attempt in books.attempts[lead["id"]]) and lead["state"] != "working":
        yield "an attempt is still sending"


def wrong_journal(books: Books, lead: RowMapping) -> Iterator[str]:
    """Yield where the newest run's journal does not lead to where the lead is."""
    flow = books.flows[lead["flow_id"], lead["version"]]
    events = [event for event in books.events[lead["id"]] if event["run"] == lead["run"]]
    if flow is None or not events:
        if lead["state"] == "done" and lead["reason_code"] not in BROKEN_OFF:
            yield "it is done, and nothing says how"
        return
    if events[-1]["effect"] in ("replaced", "by_hand"):
        return
    try:
        walk = replay(flow, as_rules_see(lead, events), events[0]["at"], map(recorded, events))
    except Diverged as difference:
        yield f"its journal diverges: {difference}"
        return
    if lead["state"] == "done" and lead["reason_code"] not in BROKEN_OFF[:2]:
        yield from _wrong_end(lead, events, walk.ended)


def wrong_runs(books: Books, lead: RowMapping) -> Iterator[str]:
    """Yield where the journal of a run that was left for another version does not lead there."""
    for events in by_run(books.events[lead["id"]]).values():
        if events[-1]["effect"] != "start_again":
            continue
        version = events[-1]["result"]["from"]
        flow = books.flows[lead["flow_id"], version]
        try:
            walk = replay(flow, as_rules_see(lead, events), events[0]["at"], map(recorded, events))
            if walk.ended is None or walk.ended.outcome != "left":
                yield f"run {events[0]['run']} was left, and replayed it is {walk.ended}"
        except Diverged as difference:
            yield f"run {events[0]['run']} of version {version} diverges: {difference}"


def by_run(events: Iterable[RowMapping]) -> dict[int, list[RowMapping]]:
    """Return the events of each run of a lead."""
    runs: dict[int, list[RowMapping]] = {}
    for event in events:
        if event["effect"] != "by_hand":
            runs.setdefault(event["run"], []).append(event)
    return runs


def _wrong_end(lead: RowMapping, events: list[RowMapping], ended: Any) -> Iterator[str]:
    close = {name: events[-1]["asks"].get(name) for name in ("outcome", "code", "reason", "revenue", "cost")}
    stands = {name: lead[name] for name in ("outcome", "reason", "revenue", "cost")} | {"code": lead["reason_code"]}
    if ended is None:
        yield "it is done, and its journal has not ended"
    elif close != stands:
        yield f"it is {stands}, and its journal says {close}"
    elif (ended.outcome, ended.code, ended.reason) != (lead["outcome"], lead["reason_code"], lead["reason"]):
        yield f"it is {lead['outcome']}, and replayed it is {ended.outcome}"


def unexplained(books: Books, requests: Iterable[str]) -> Iterator[str]:
    """Yield what buyers were sent, by its keys, that no attempt stands for, and repeats after an answer was read."""
    offers = {ids.show(offer["id"]): offer for rows in books.offers.values() for offer in rows}
    for key, many in Counter(requests).items():
        offer = offers.get(key)
        if offer is None:
            yield f"a buyer was sent the unknown key {key}"
            continue
        states = [row["state"] for row in books.attempts[offer["lead_id"]] if row["offer_no"] == offer["offer_no"]]
        if many > len(states):
            yield f"offer {key} has {len(states)} attempts, and the buyer was asked {many} times"
        if any(state not in ("ambiguous", "error") for state in states[:-1]):
            yield f"offer {key} went on after {states}"


def as_rules_see(lead: RowMapping, events: list[RowMapping]) -> Lead:
    """Return a lead as a run saw it, by the run's own events."""
    left = events[-1] if events and events[-1]["effect"] == "start_again" else None
    first = next((event["result"] for event in events if "source" in (event["result"] or {})), {})
    pinged = None if QUOTED in first.get("source", {}) else lead["pinged"]
    data = pinged or ((left["detail"] or {}).get("lead") if left else None) or lead
    return Lead(
        id=str(lead["id"]),
        fields=data["fields"],
        posted=data["posted"],
        source=first.get("source", {"id": str(lead["source_id"]), "is_test": lead["is_test"]}),
        received_at=lead["received_at"],
        invalid=frozenset(data["invalid"]),
        is_test=lead["is_test"],
        asked_before=left["result"]["asked_before"] if left else lead["asked_before"],
        test_outcome=lead["test_outcome"],
        is_ping=lead["kind"] == "ping" or pinged is not None,
        post=Post(lead["fields"], lead["posted"], frozenset(lead["invalid"])) if pinged else None,
    )


def recorded(event: RowMapping) -> Recorded:
    """Return an event as a replay reads it."""
    result = put_together(event["effect"], event["result"], event["detail"])
    return Recorded(event["seq"], event["effect"], event["step"], event["asks"], result)


def by_lead(rows: Iterable[RowMapping]) -> Rows:
    """Return rows by the lead that they are about."""
    sorted_out: Rows = defaultdict(list)
    for row in rows:
        sorted_out[row["lead_id"]].append(row)
    return sorted_out


def sells_on(flow: Flow, step: str) -> bool:
    """Return whether a lead that a step or row sold may be sold to somebody else afterwards."""
    group = next((group for group in _groups(flow) if _is_row_of(group, step)), None)
    return (group.goes_on or group.sell_up_to > 1) if group else flow.buyers[step].sells_on


def _is_row_of(group: Group, step: str) -> bool:
    """Return whether a row is a group's, also one that joined it from its campaign."""
    campaign = group.deal.campaign
    return any(row.id == step for row in group.rows) or bool(campaign and campaign.has(step))


def _groups(flow: Flow) -> list[Group]:
    return [spot.step for spot in flow.spots if isinstance(spot.step, Group)]
