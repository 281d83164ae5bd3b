"""What carrying leads needs to know of flows, sources and connections; read again every second."""

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection as Database
from sqlalchemy import text

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
from workers.together import Together

FRESH = 1.0
"""For how many seconds a row may be used before it is read again: a pause takes effect within it."""

FLOWS = Statement("""
    SELECT f.id, f.name, f.state,
           ARRAY(SELECT l.kind || ' ' || l.id FROM stored_list l
                  WHERE l.account_id = f.account_id AND l.suppresses ORDER BY l.id) AS suppress
      FROM flow f WHERE f.id = ANY(:ids)
""")
VERSIONS = text("SELECT document FROM flow_version WHERE flow_id = :flow AND number = :number")
SOURCES = Statement("SELECT id, name, state, cost, caps, accept_if FROM source WHERE id = ANY(:ids)")
CONNECTIONS = Statement("""
    SELECT c.id, c.account_id, c.name, c.state, c.destination, c.concurrency,
           b.failures, b.opened_at, b.recover_at, b.probe, b.probe_until
      FROM connection c LEFT JOIN breaker b ON b.connection_id = c.id WHERE c.id = ANY(:ids)
""")
CREDENTIALS = Statement("SELECT connection_id, name, sealed FROM credential WHERE connection_id = ANY(:ids)")

SourceKey = tuple[int, int, int]
"""A source, a flow and its version, for whose fields the source's rule is compiled."""

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
    """A source as the door sees it; `id` (as text) and `cost` go into the journal with the lead."""

    id: str
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
        self._flows = Together(_read_flows)
        self._rows = Together(_read_sources)
        self._connections = Together(self._read_connections)
        self._sources: dict[SourceKey, Source] = {}
        self._compiled: dict[SourceKey, tuple[object, Source]] = {}
        self._destinations: dict[UUID, tuple[object, Destination | None]] = {}
        self._closed: dict[tuple[UUID, str], str] = {}
        self._read_at = 0.0
        self.list_forms: Forms = {}

    def refresh(self) -> None:
        """Forget rows that are older than a second."""
        if time.monotonic() - self._read_at > FRESH:
            self._flows.forget()
            self._rows.forget()
            self._connections.forget()
            self._sources.clear()
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
        return self._flows.get(database, flow_id.int)

    def source(self, database: Database, source_id: UUID, flow_id: UUID, number: int) -> Source:
        """Return a source, its rule compiled for the fields of a flow's version, anew only when its row has changed."""
        key = (source_id.int, flow_id.int, number)
        found = self._sources.get(key)
        if found is None:
            row = self._rows.get(database, source_id.int)
            compiled_of, found = self._compiled.get(key, (None, None))
            if found is None or compiled_of != row:
                found = read_source(row, self.flow(database, flow_id, number))
                self._compiled[key] = row, found
            self._sources[key] = found
        return found

    def connection(self, database: Database, shown: str) -> Connection | None:
        """Return the connection that a document names, None when there is none."""
        return self._connections.find(database, shown)

    def note_breakers(self, breakers: Mapping[UUID, Breaker]) -> None:
        """Know at once what a committed turn made of breakers, by their connections."""
        for identifier, breaker in breakers.items():
            self._connections.change(ids.show(identifier, "con"), partial(replace, breaker=breaker))

    def _read_connections(self, database: Database, names: Collection[str]) -> dict[str, Connection]:
        wanted: dict[UUID, str] = {}
        for shown in names:
            with suppress(ids.NotAnId):
                wanted[ids.read(shown, "con")] = shown
        rows = CONNECTIONS.named_rows(database, {"ids": list(wanted)})
        sealed: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
        for secret in CREDENTIALS.named_rows(database, {"ids": list(wanted)}):
            sealed[secret["connection_id"]].append(secret)
        opened = {wanted[row["id"]]: self._opened(row, sealed[row["id"]]) for row in rows}
        return {shown: connection for shown, connection in opened.items() if connection}

    def _opened(self, row: Mapping[str, Any], sealed: Iterable[Mapping[str, Any]]) -> Connection | None:
        """Return a connection from its row and its sealed secrets, None when its destination cannot be used."""
        destination = self._destination(row["id"], row["destination"])
        if destination is None:
            return None
        return Connection(
            id=row["id"],
            account_id=row["account_id"],
            name=row["name"],
            state=row["state"],
            destination=destination,
            credentials=self._credentials(row, sealed),
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

    def _credentials(self, row: Mapping[str, Any], sealed: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """Return the opened secrets of a connection, without those that do not open.

        A request that needs one of these cannot be built, and says so: an error, not a no. Answers can still be read.
        """
        opened: dict[str, str] = {}
        for secret in sealed:
            place = credential_place(row["account_id"], row["id"], secret["name"])
            try:
                opened[secret["name"]] = self._vault.open(secret["sealed"], **place)
            except VaultError as problem:
                self._tell_closed(row["id"], secret, problem)
        return opened

    def _tell_closed(self, connection_id: UUID, secret: Mapping[str, Any], problem: VaultError) -> None:
        """Say that a secret does not open, once for what is stored: it is read again every second."""
        if self._closed.get((connection_id, secret["name"])) != secret["sealed"]:
            self._closed[connection_id, secret["name"]] = secret["sealed"]
            log.error("the secret %s of connection %s does not open: %s", secret["name"], connection_id, problem)


def _read_flows(database: Database, flows: Collection[int]) -> dict[int, FlowState]:
    rows = FLOWS.named_rows(database, {"ids": [UUID(int=flow) for flow in flows]})
    return {row["id"].int: _flow_state(row) for row in rows}


def _flow_state(row: Mapping[str, Any]) -> FlowState:
    suppress = tuple((kind, ids.show(UUID(listed), KIND)) for kind, listed in map(str.split, row["suppress"]))
    return FlowState(row["name"], row["state"] == "paused", suppress)


def _read_sources(database: Database, sources: Collection[int]) -> dict[int, dict[str, Any]]:
    rows = SOURCES.named_rows(database, {"ids": [UUID(int=source) for source in sources]})
    return {row["id"].int: row for row in rows}


def read_breaker(row: Mapping[str, Any]) -> Breaker:
    """Return a breaker from its row."""
    failures = read_failures(row["failures"])
    return Breaker(failures, row["opened_at"], row["recover_at"], row["probe"], row["probe_until"])


def read_source(row: Mapping[str, Any], flow: Flow) -> Source:
    """Return a source from its row; its rule is compiled for the fields of a flow."""
    document = Document(fields=flow.by_key, currency=flow.currency, time_zone=flow.time_zone)
    part = Part(document, {"caps": row["caps"] or []}, "", "a source")
    return Source(
        id=str(row["id"]),
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
