"""What carrying leads needs to know of flows, sources and connections; read again every second."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection as Database
from sqlalchemy import RowMapping, text

from flowbuilder import ids
from flowbuilder.lists.lookup import KIND, Forms
from flowbuilder.vault import Vault, VaultError, credential_place
from rules.breaker import CLOSED, Breaker, read_failures
from rules.caps import Cap, read_caps
from rules.delivery.destination import Destination, parse_destination
from rules.flow import Flow, parse_flow
from rules.logic import Rule, compile_rule
from rules.problems import Problem
from rules.reading import Document, Part
from workers.statements import Statement

FRESH = 1.0
"""For how many seconds a row may be used before it is read again: a pause takes effect within it."""

FLOWS = text("""
    SELECT f.id, f.name, f.state,
           ARRAY(SELECT l.kind || ' ' || l.id FROM stored_list l
                  WHERE l.account_id = f.account_id AND l.suppresses ORDER BY l.id) AS suppress
      FROM flow f WHERE f.id = ANY(:ids)
""")
VERSIONS = text("SELECT document FROM flow_version WHERE flow_id = :flow AND number = :number")
SOURCES = text("SELECT id, name, state, cost, caps, accept_if FROM source WHERE id = ANY(:ids)")
CONNECTIONS = Statement("""
    SELECT c.id, c.account_id, c.name, c.state, c.destination, c.concurrency,
           b.failures, b.opened_at, b.recover_at, b.probe, b.probe_until
      FROM connection c LEFT JOIN breaker b ON b.connection_id = c.id WHERE c.id = ANY(:ids)
""")
CREDENTIALS = Statement("SELECT connection_id, name, sealed FROM credential WHERE connection_id = ANY(:ids)")

log = logging.getLogger(__name__)


class Unreadable(Exception):
    """A stored document that cannot be used: it was published by newer code, or damaged."""


@dataclass(frozen=True, slots=True)
class FlowState:
    """A flow's name, whether its door is open, and its seller's lists of people that no flow takes in.

    Each of these with the type of the fields that are looked for in it.
    """

    name: str
    is_paused: bool
    suppress: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A source as the door sees it; `cost` goes into the journal with the lead."""

    name: str
    is_paused: bool
    cost: Mapping[str, Any] | None
    caps: tuple[Cap, ...]
    accept_if: Rule | None


@dataclass(frozen=True, slots=True)
class Connection:
    """A buyer's destination with its opened credentials."""

    id: UUID
    account_id: UUID
    name: str
    state: str
    destination: Destination
    credentials: Mapping[str, str]
    concurrency: int
    breaker: Breaker = CLOSED


class Book:
    """Keeps what was read for a second; published versions and the forms of lists, which never change, for good.

    What is asked for several times for each lead is kept under ids as numbers, which are found far quicker.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._versions: dict[tuple[int, int], Flow] = {}
        self._flows: dict[int, FlowState] = {}
        self._sources: dict[tuple[int, int, int], Source] = {}
        self._rows: dict[UUID, RowMapping] = {}
        self._connections: dict[str, Connection | None] = {}
        self._asked_for: set[str] = set()
        self._asked_before: set[str] = set()
        self._destinations: dict[UUID, tuple[object, Destination | None]] = {}
        self._read_at = 0.0
        self.list_forms: Forms = {}

    def refresh(self) -> None:
        """Forget rows that are older than a second."""
        if time.monotonic() - self._read_at > FRESH:
            self._flows.clear()
            self._sources.clear()
            self._rows.clear()
            self._connections.clear()
            self._asked_before, self._asked_for = self._asked_for, set()
            self._read_at = time.monotonic()

    def flow(self, database: Database, flow_id: UUID, number: int) -> Flow:
        """Return a published version; raises Unreadable when its document cannot be used."""
        key = (flow_id.int, number)
        found = self._versions.get(key)
        if found is None:
            found = self._versions[key] = _read_version(database, flow_id, number)
        return found

    def flow_state(self, database: Database, flow_id: UUID) -> FlowState:
        """Return a flow's name and whether it is paused."""
        found = self._flows.get(flow_id.int)
        if found is None:
            row = database.execute(FLOWS, {"ids": [flow_id]}).mappings().one()
            suppress = tuple((kind, ids.show(UUID(listed), KIND)) for kind, listed in map(str.split, row["suppress"]))
            found = self._flows[flow_id.int] = FlowState(row["name"], row["state"] == "paused", suppress)
        return found

    def source(self, database: Database, source_id: UUID, flow_id: UUID, number: int) -> Source:
        """Return a source, its rule compiled for the fields of a flow's version."""
        key = (source_id.int, flow_id.int, number)
        found = self._sources.get(key)
        if found is None:
            if source_id not in self._rows:
                self._rows[source_id] = database.execute(SOURCES, {"ids": [source_id]}).mappings().one()
            flow = self.flow(database, flow_id, number)
            found = self._sources[key] = read_source(dict(self._rows[source_id]), flow)
        return found

    def connection(self, database: Database, shown: str) -> Connection | None:
        """Return the connection that a document names, None when there is none.

        One that has to be read is read together with all that were asked for in the second before: an auction asks for
        many, one after the other, and again when they have answered.
        """
        self._asked_for.add(shown)
        if shown not in self._connections:
            self._read_connections(database, {shown, *self._asked_before})
            self._asked_before = set()
        return self._connections[shown]

    def note_breakers(self, breakers: Mapping[UUID, Breaker]) -> None:
        """Know at once what a committed turn made of breakers, by their connections."""
        for identifier, breaker in breakers.items():
            shown = ids.show(identifier, "con")
            if known := self._connections.get(shown):
                self._connections[shown] = replace(known, breaker=breaker)

    def _read_connections(self, database: Database, names: Iterable[str]) -> None:
        wanted: dict[UUID, str] = {}
        for shown in names:
            self._connections.setdefault(shown, None)
            with suppress(ids.NotAnId):
                wanted[ids.read(shown, "con")] = shown
        rows = CONNECTIONS.named_rows(database, {"ids": list(wanted)})
        sealed: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
        for secret in CREDENTIALS.named_rows(database, {"ids": list(wanted)}):
            sealed[secret["connection_id"]].append(secret)
        for row in rows:
            self._connections[wanted[row["id"]]] = self._opened(row, sealed[row["id"]])

    def _opened(self, row: Mapping[str, Any], sealed: Iterable[Mapping[str, Any]]) -> Connection | None:
        """Return a connection from its row and its sealed secrets, None when one of them cannot be used."""
        destination = self._destination(row["id"], row["destination"])
        credentials = self._credentials(row, sealed)
        if destination is None or credentials is None:
            return None
        return Connection(
            id=row["id"],
            account_id=row["account_id"],
            name=row["name"],
            state=row["state"],
            destination=destination,
            credentials=credentials,
            concurrency=row["concurrency"],
            breaker=CLOSED if row["failures"] is None else read_breaker(row),
        )

    def _destination(self, connection_id: UUID, document: object) -> Destination | None:
        """Return a connection's destination, read anew only when its document has changed."""
        read, destination = self._destinations.get(connection_id, (None, None))
        if read != document:
            problems: list[Problem] = []
            destination = parse_destination(document, "destination", problems)
            self._destinations[connection_id] = document, destination
        return destination

    def _credentials(self, row: Mapping[str, Any], sealed: Iterable[Mapping[str, Any]]) -> dict[str, str] | None:
        """Return the opened secrets of a connection, None when one does not open: it is not connected then."""
        opened: dict[str, str] = {}
        for secret in sealed:
            place = credential_place(row["account_id"], row["id"], secret["name"])
            try:
                opened[secret["name"]] = self._vault.open(secret["sealed"], **place)
            except VaultError as problem:
                log.error("a secret of connection %s does not open: %s", row["id"], problem)  # noqa: TRY400
                return None
        return opened


def read_breaker(row: Mapping[str, Any]) -> Breaker:
    """Return a breaker from its row."""
    failures = read_failures(row["failures"])
    return Breaker(failures, row["opened_at"], row["recover_at"], row["probe"], row["probe_until"])


def read_source(row: Mapping[str, Any], flow: Flow) -> Source:
    """Return a source from its row; its rule is compiled for the fields of a flow."""
    document = Document(fields=flow.by_key, currency=flow.currency, time_zone=flow.time_zone)
    part = Part(document, {"caps": row["caps"] or []}, "", "a source")
    return Source(
        name=row["name"],
        is_paused=row["state"] == "paused",
        cost=row["cost"],
        caps=read_caps(part, "caps", "source", at_door=True),
        accept_if=compile_rule(row["accept_if"], flow.by_key) if row["accept_if"] else None,
    )


def _read_version(database: Database, flow_id: UUID, number: int) -> Flow:
    document = database.execute(VERSIONS, {"flow": flow_id, "number": number}).scalar_one()
    flow, problems = parse_flow(document)
    if flow is None:
        raise Unreadable("; ".join(f"{problem.path}: {problem.message}" for problem in problems))
    return flow
