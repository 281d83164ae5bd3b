"""The world of a dry run: what an account's connections, lists, caps and earlier leads say at a moment."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.cap_names import flow_cap_name
from flowbuilder.claim_keys import claim_keys, duplicates_secret, scope_at_buyer
from flowbuilder.connections.breakers import closed_to_leads
from flowbuilder.lists.queries import contains
from flowbuilder.models import CapWindow, Claim, Connection, Source, StoredList
from flowbuilder.models import Flow as FlowRow
from rules.bounds import RuleError
from rules.delivery.destination import Destination, parse_destination, split_secrets
from rules.dry_world import AtDoor, InList, Seen, Standing, Used, World, nobody_seen, nothing_against, nothing_used
from rules.effects import Asks
from rules.flow import DOOR, Flow
from rules.interpreter import begin
from rules.logic import compile_rule, truthy
from rules.running import Lead
from rules.steps import LookUp
from rules.steps.look_up import Asked as AskedService

Caps = Literal["now", "empty", "full"]
CAPS: tuple[Caps, ...] = get_args(Caps)
WHY_NOT = {"paused": "paused", "revoked": "not_connected"}
GONE = Standing("not_connected")


@dataclass(frozen=True)
class Asked:
    """Which world a dry run is for.

    With caps as `now`, places are taken, buyers paused and people known as they are at this moment. `full` are the
    buyers, steps or the door whose caps are full whatever else is said; `is_seen` says that the person was seen before.
    """

    caps: Caps = "empty"
    full: frozenset[str] = frozenset()
    is_seen: bool = False
    source: Source | None = None
    """Who posts the lead: its own rule counts, if there is one."""
    but: UUID | None = None
    """The lead that is run again: it is no duplicate of itself."""


@dataclass(frozen=True)
class Reached:
    """The connections that a flow's buyers and services are reached by, and where they deliver, by shown id.

    `failing` are those that failed too often just now. `suppress` are the lists of people that hold for all flows of
    the account, each with a field that is looked for there.
    """

    rows: Mapping[str, Connection]
    destinations: Mapping[str, Destination]
    failing: Collection[UUID]
    suppress: tuple[tuple[str, str], ...]


def reached_by(session: Session, account_id: UUID, rules: Flow, now: datetime) -> Reached:
    """Return the connections of the account that a flow names; the destinations without their secrets."""
    known = {}
    for shown in connections_named(rules):
        with suppress(ids.NotAnId):
            known[ids.read(shown, "con")] = shown
    wanted = select(Connection).where(Connection.account_id == account_id, Connection.id.in_(known))
    rows = {known[row.id]: row for row in session.scalars(wanted)} if known else {}
    return Reached(
        rows,
        {shown: found for shown, row in rows.items() if (found := destination_of(row))},
        closed_to_leads(session, rows.values(), now),
        tuple(_suppress(session, account_id, rules)),
    )


def connections_named(rules: Flow) -> Iterable[str]:
    """Return the connections that the flow's buyers and look-ups name, each once."""
    sources = [spot.step.source for spot in rules.spots if isinstance(spot.step, LookUp)]
    services = [source.service.connection for source in sources if isinstance(source, AskedService)]
    return dict.fromkeys([*(buyer.connection for buyer in rules.buyers.values()), *services])


def world_of(
    session: Session,
    flow: FlowRow,
    rules: Flow,
    asked: Asked,
    now: datetime,
    *,
    reached: Reached,
    secret_key: str = "",
    in_list: InList | None = None,
) -> World:
    """Return the world of one run of a flow's document; without an `in_list` stored lists are really looked into."""
    is_now = asked.caps == "now"
    claims = _Claims(session, flow, asked, now, duplicates_secret(secret_key)) if is_now else None
    destinations = reached.destinations
    return World(
        in_list=in_list or (lambda listed, text: contains(session, flow.account_id, listed, text)),
        used=_used(session, flow.id, rules, asked),
        seen=_seen(asked, claims),
        at_door=_at_door(rules, asked.source, now),
        suppress=reached.suppress,
        zones={shown: one.time_zone for shown, one in destinations.items() if one.time_zone},
        standings={shown: _standing(reached, shown, is_now=is_now) for shown in connections_named(rules)},
    )


def _standing(reached: Reached, shown: str, *, is_now: bool) -> Standing:
    row, destination = reached.rows.get(shown), reached.destinations.get(shown)
    if row is None or destination is None or row.state == "revoked":
        return GONE
    why_not = ("breaker_open" if row.id in reached.failing else WHY_NOT.get(row.state)) if is_now else None
    return Standing(
        why_not,
        destination.consent,
        destination.suppress,
        destination.on_ambiguous,
        destination.timeout_ms,
        sets_price=destination.price_from == "answer",
    )


def destination_of(row: Connection) -> Destination | None:
    """Return where a connection delivers, without its secrets; None when its document cannot be used."""
    return parse_destination(split_secrets(row.destination)[0], "", [])


def _at_door(rules: Flow, source: Source | None, now: datetime) -> AtDoor:
    """Return what says whether the source's own rule takes a lead."""
    if source is None or not source.accept_if:
        return nothing_against
    rule = compile_rule(source.accept_if, rules.by_key)

    def against(fields: Mapping[str, Any], posted: Mapping[str, Any]) -> Mapping[str, Any] | None:
        lead = Lead("", fields, posted, {}, now)
        try:
            is_accepted = truthy(rule(begin(rules, lead, now).at(DOOR)))
        except RuleError as error:
            return {"outcome": "error", "reason": error.message}
        return None if is_accepted else {"outcome": "rejected", "reason": "Not accepted"}

    return against


def _suppress(session: Session, account_id: UUID, rules: Flow) -> Iterator[tuple[str, str]]:
    """Yield the lists that hold for all flows, each with every field of its type."""
    wanted = select(StoredList.id, StoredList.kind).where(StoredList.account_id == account_id, StoredList.suppresses)
    for list_id, kind in session.execute(wanted):
        yield from ((ids.show(list_id, "lst"), field.key) for field in rules.fields if field.type == kind)


def _used(session: Session, flow_id: UUID, rules: Flow, asked: Asked) -> Used:
    """Return what says how much of a window is used."""
    own = {cap.key for cap in rules.caps}
    stored = _Windows(session, flow_id).used if asked.caps == "now" else nothing_used

    def used(window: Asks) -> int:
        is_full = asked.caps == "full" or window["cap"].split("/")[0] in asked.full
        return int(window["limit"]) if is_full and window["cap"] in own else stored(window)

    return used


@dataclass
class _Windows:
    """Reads windows, each once."""

    session: Session
    flow_id: UUID
    known: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def used(self, window: Asks) -> int:
        key = window["cap"], window["bucket"], window["starts"]
        if key not in self.known:
            cap = flow_cap_name(self.flow_id, window["cap"])
            starts = datetime.fromisoformat(window["starts"])
            wanted = select(CapWindow.used).where(
                CapWindow.cap == cap, CapWindow.bucket == window["bucket"], CapWindow.starts_at == starts
            )
            self.known[key] = self.session.scalar(wanted) or 0
        return self.known[key]


def _seen(asked: Asked, claims: "_Claims | None") -> Seen:
    """Return what says whether a person was seen before."""
    if asked.is_seen:
        return lambda where, _asked, _fields: not where
    return claims.hold if claims else nobody_seen


@dataclass(frozen=True)
class _Claims:
    """What earlier leads hold, as the keyed hashes of their values say it."""

    session: Session
    flow: FlowRow
    asked: Asked
    now: datetime
    secret: bytes

    def hold(self, where: str, asked: Asks, fields: Mapping[str, Any]) -> bool:
        """Return whether another lead holds a value of this one, within the time that is asked for."""
        scope = self._scope(where, asked)
        if scope is None:
            return False
        values = {key: fields[key] for key in asked["by"] if fields.get(key) is not None}
        keys = claim_keys(scope, values, together=asked["together"], secret=self.secret)
        wanted = [(scope, kind, bytes.fromhex(digest)) for scope, kind, digest in keys]
        since = self.now - timedelta(seconds=asked["within"])
        held = select(Claim.lead_id).where(
            tuple_(Claim.scope, Claim.kind, Claim.hash).in_(wanted), Claim.at >= since, Claim.at <= self.now
        )
        return any(holder != self.asked.but for holder in self.session.scalars(held))

    def _scope(self, where: str, asked: Asks) -> str | None:
        if where:
            return scope_at_buyer(ids.read(where, "con"))
        source_id = self.asked.source.id if self.asked.source else None
        of_door = {"flow": self.flow.id, "source": source_id, "seller": self.flow.account_id}
        scope = of_door[asked.get("scope", "flow")]
        return str(scope) if scope else None
