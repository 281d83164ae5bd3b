"""The statements of intake, and how a failing database is told apart from a row that cannot be stored."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, LiteralString, cast
from uuid import UUID

import psycopg
from sqlalchemy import Engine, Row, TextClause, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flowbuilder.intake.answers import LeadAnswer
from flowbuilder.intake.posted import COLUMNS, RECORD, TAKE_KEYS, FullKey
from flowbuilder.intake.refused import IN_DOUBT, Refused, refuse, unavailable
from rules import json_text

log = logging.getLogger(__name__)

_NEVER = 1_000_000_000
TRY_AGAIN = ("40P01", "40001")
"""Deadlock and serialization failure: the same statement may pass at once."""
STORED_ALREADY = "23505"
"""What a row is told that is there: somebody else has stored it, and it has no fault."""
DATA_CLASSES = ("22", "23", "54")
"""SQLSTATE classes of what is wrong with rows: data exception, integrity constraint violation, more than fits."""
CHECK_VIOLATION = "23514"
"""What a row is told that breaks a rule of its table, by that rule's name, or for which no month's table is there."""

# The rows come as one JSON document: for many rows that costs far less than a parameter for each value, and half of it
# where the document is read as `jsonb`.
INSERT_LEADS: LiteralString = f"""
WITH posted AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS row {RECORD}), keyed AS ({TAKE_KEYS})
INSERT INTO lead ({COLUMNS}, due_at, kind)
SELECT {COLUMNS}, now(), COALESCE(kind, 'post') FROM posted WHERE id IN (SELECT lead_id FROM keyed) OR key IS NULL
RETURNING id
"""  # noqa: S608  (constants)
# A lead that a buyer is soon asked about again may still be answered while its supplier waits.
STATE = """CASE WHEN lead.waiting_for IN ('retry', 'answer') AND lead.due_at < now() + interval '20 seconds'
                THEN 'working' ELSE lead.state END"""
# The columns after SELECT are those of LeadAnswer, in its order.
ANSWERS = f"SELECT id, {STATE}, outcome, reason, cost, currency, ignored FROM lead WHERE id = ANY(%s::uuid[])"  # noqa: S608  (a constant)
KEY_OWNERS = f"""
SELECT used.source_id, used.key, used.body_hash,
       lead.id, {STATE}, lead.outcome, lead.reason, lead.cost, lead.currency, lead.ignored
FROM json_to_recordset(%s::json) AS asked (source_id uuid, key text)
JOIN idempotency AS used ON used.source_id = asked.source_id AND used.key = asked.key
JOIN lead ON lead.id = used.lead_id
"""  # noqa: S608  (a constant)
USED_KEYS = """
SELECT used.source_id, used.key
FROM json_to_recordset(%s::json) AS asked (source_id uuid, key text)
JOIN idempotency AS used ON used.source_id = asked.source_id AND used.key = asked.key
"""
STORED = "SELECT id FROM lead WHERE id = ANY(%s::uuid[])"
INSERT_REFUSALS = """
INSERT INTO intake_refusal (id, account_id, flow_id, source_id, status, codes, fields, at)
SELECT id, account_id, flow_id, source_id, status, codes, fields, at FROM json_to_recordset(%s::json) AS row (
    id uuid, account_id uuid, flow_id uuid, source_id uuid, status smallint, codes text[], fields text[],
    at timestamptz)
"""
ANSWER = text(
    """
    SELECT id, state, outcome, reason, cost, currency, ignored FROM lead
    WHERE id = :lead_id AND source_id = :source_id
    """
)


class Broken(psycopg.OperationalError):
    """The connection broke, so that nobody knows what became of the statement."""


def refusal_of(problem: Exception) -> Refused:
    """Return what the supplier is told about a failed statement; what the database says may hold the lead's values."""
    if is_about_data(problem):
        return refuse(422, "cannot_be_stored", "A value of the lead cannot be stored.")
    log.error("the database refused: %s %s", type(problem).__name__, sqlstate(problem))
    return unavailable("not_stored", f"The database is away, and {IN_DOUBT}")


def sqlstate(problem: Exception) -> str:
    """Return the five characters by which PostgreSQL names an error, or nothing when it was never asked."""
    return getattr(getattr(problem, "orig", problem), "sqlstate", None) or ""


def is_about_data(problem: Exception) -> bool:
    """Say whether a row is at fault, and not the database: one that lacks a month's tables breaks no named rule."""
    state = sqlstate(problem)
    is_other = state == STORED_ALREADY or (state == CHECK_VIOLATION and _broken_rule(problem) is None)
    return state[:2] in DATA_CLASSES and not is_other


def _broken_rule(problem: Exception) -> str | None:
    return problem.diag.constraint_name if isinstance(problem, psycopg.Error) else None


class Database:
    """Short reads for requests, each with a connection from the pool."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    def first(self, statement: TextClause, **values: object) -> Row[Any] | None:
        """Return the first row, or None; raises Refused (503) when the database is away."""
        return next(iter(self.all(statement, **values)), None)

    def all(self, statement: TextClause, **values: object) -> Sequence[Row[Any]]:
        """Return all rows; raises Refused (503) when the database is away."""
        try:
            with self.engine.connect() as connection:
                return connection.execute(statement, values).all()
        except (DBAPIError, PoolTimeout) as problem:
            raise refusal_of(problem) from None

    def answer(self, lead_id: UUID, source_id: UUID) -> LeadAnswer | None:
        """Return a lead as it stands, if it is there and came by that source; raises Refused (503)."""
        row = self.first(ANSWER, lead_id=lead_id, source_id=source_id)
        return None if row is None else LeadAnswer._make(row)


class HeldConnection:
    """One connection that a thread keeps, and makes anew after it broke; each statement is its own transaction.

    It speaks to the driver itself: these few statements are sent for every batch of leads, and the engine's share of
    one is more than the driver's. It waits without end for what others have locked, unless `lock_timeout` says
    for how long: psycopg.errors.LockNotAvailable is raised then.
    """

    def __init__(self, engine: Engine, *, lock_timeout: LiteralString = "0") -> None:
        self._engine, self._lock_timeout = engine, lock_timeout
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def execute(
        self, statement: LiteralString, *values: object, prepare: bool = False
    ) -> psycopg.Cursor[tuple[Any, ...]]:
        """Return the result of a statement; raises psycopg.Error, and Broken when its connection broke meanwhile.

        `prepare` has its plan kept with the connection: for one whose best plan is the same whatever it is given.
        """
        if self._connection is None:
            self._connection = self._connect()
        try:
            return self._connection.execute(statement, values, prepare=prepare)
        except psycopg.Error as problem:
            if self._connection.closed:
                self._connection = None
                raise Broken(type(problem).__name__) from None
            raise

    def drop(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a connection as the engine makes them, which the pool forgets."""
        try:
            pooled = self._engine.raw_connection()
        except PoolTimeout as problem:
            raise psycopg.OperationalError(type(problem).__name__) from None
        connection = cast("psycopg.Connection[tuple[Any, ...]]", pooled.driver_connection)
        pooled.detach()
        connection.autocommit = True
        connection.execute("SET plan_cache_mode = auto")
        connection.execute(f"SET lock_timeout = '{self._lock_timeout}'")
        connection.prepare_threshold = _NEVER  # Only what asks for it is prepared, but that is.
        return connection


class LeadStore(HeldConnection):
    """What the threads of intake write and read."""

    def insert(self, rows: Iterable[bytes]) -> set[UUID]:
        """Store leads, each written as a JSON object, and return the ids of those that were not held by a used key."""
        return {row[0] for row in self.execute(INSERT_LEADS, as_list(rows), prepare=True)}

    def stored(self, lead_ids: Sequence[UUID]) -> set[UUID]:
        """Return which of these leads are in the database."""
        return {row[0] for row in self.execute(STORED, as_array(lead_ids))}

    def insert_refusals(self, rows: Iterable[bytes]) -> None:
        """Store refused posts, each written as a JSON object."""
        self.execute(INSERT_REFUSALS, as_list(rows))

    def answers(self, lead_ids: Sequence[UUID]) -> list[LeadAnswer]:
        """Return these leads as they stand."""
        return [LeadAnswer._make(row) for row in self.execute(ANSWERS, as_array(lead_ids))]

    def key_owners(self, keys: Iterable[FullKey]) -> dict[FullKey, tuple[LeadAnswer, bytes]]:
        """Return the lead that a used key made, and the hash of what it came with."""
        rows = self.execute(KEY_OWNERS, _as_asked(keys))
        return {(row[0], row[1]): (LeadAnswer._make(row[3:]), bytes(row[2])) for row in rows}

    def used_keys(self, keys: Iterable[FullKey]) -> set[FullKey]:
        """Return which of these keys were used."""
        return {(row[0], row[1]) for row in self.execute(USED_KEYS, _as_asked(keys))}


def _as_asked(keys: Iterable[FullKey]) -> str:
    return as_list(json_text.write({"source_id": str(source_id), "key": key}) for source_id, key in keys)


def as_list(rows: Iterable[bytes]) -> str:
    """Return JSON objects as one JSON list."""
    return (b"[" + b",".join(rows) + b"]").decode()


def as_array(lead_ids: Iterable[UUID]) -> str:
    """Return ids as PostgreSQL writes an array."""
    return "{" + ",".join(map(str, lead_ids)) + "}"
