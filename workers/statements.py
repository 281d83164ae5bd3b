"""SQL that runs in every turn: prepared once for a connection, and run by the driver itself.

It takes part in the transaction of the SQLAlchemy connection that it is given. Building a statement anew, wrapping
its result and planning it cost several times what running it does.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

import psycopg
from psycopg import RawCursor
from psycopg.rows import dict_row, tuple_row
from sqlalchemy import Connection

IDLE = psycopg.pq.TransactionStatus.IDLE
ENDS_LONG_TRANSACTIONS = 170_000
"""The version of PostgreSQL from which on it ends transactions that take too long. Those that stand still it does not
end while statements travel together, nor afterwards until another one has ended: the driver sends a Flush behind the
Sync, and a server that has read that does not count the time for which it waits."""
_NAME = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")

Values = Mapping[str, Any]


@dataclass(slots=True)
class Statement:
    """One statement with `:named` values, in the driver's own form."""

    written: str
    sql: str = field(init=False)
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Number the values in the order in which they are first named, as PostgreSQL wants them."""
        self.names = tuple(dict.fromkeys(_NAME.findall(self.written)))
        self.sql = _NAME.sub(lambda found: f"${self.names.index(found[1]) + 1}", self.written)

    def rows(self, database: Connection, values: Values) -> list[tuple[Any, ...]]:
        """Run it and return its rows; raises psycopg.Error."""
        with RawCursor(_driver(database), row_factory=tuple_row) as cursor:
            self._run(cursor, values)
            return cursor.fetchall()

    def named_rows(self, database: Connection, values: Values) -> list[dict[str, Any]]:
        """Run it and return its rows by the names of their columns; raises psycopg.Error."""
        with RawCursor(_driver(database), row_factory=dict_row) as cursor:
            self._run(cursor, values)
            return cursor.fetchall()

    def count(self, database: Connection, values: Values) -> int:
        """Run it and return how many rows it touched; raises psycopg.Error."""
        with RawCursor(_driver(database)) as cursor:
            self._run(cursor, values)
            return cursor.rowcount

    def commit(self, database: Connection, values: Values) -> None:
        """Run it, and end the transaction if it passes, in one trip to the database; raises psycopg.Error.

        The connection is one that begins with its first statement: where this is the first, it is all there is.
        """
        driver = _driver(database)
        with RawCursor(driver) as cursor, RawCursor(driver) as last:
            if driver.pgconn.transaction_status == IDLE:
                self._execute(cursor, values)
            else:
                with _together(driver):
                    self._execute(cursor, values)
                    last.execute("COMMIT")
        database.commit()  # So that it knows: there is nothing left to send.

    def _run(self, cursor: RawCursor[Any], values: Values) -> None:
        driver = cursor.connection
        if driver.autocommit and driver.pgconn.transaction_status == IDLE:
            with RawCursor(driver) as first, _together(driver):
                first.execute("BEGIN")
                self._execute(cursor, values)
        else:
            self._execute(cursor, values)

    def _execute(self, cursor: RawCursor[Any], values: Values) -> None:
        cursor.execute(self.sql, [values[name] for name in self.names], prepare=True, binary=True)


@contextmanager
def _together(driver: "psycopg.Connection[Any]") -> Iterator[None]:
    """Have what is run inside travel together; raises the first error, and nothing is logged of what follows from it.

    An error may be heard of while the rest is still being sent, or only at the end. Where the server could not end the
    transaction of a client that stands still then, each statement travels alone.
    """
    if driver.pgconn.server_version < ENDS_LONG_TRANSACTIONS:
        yield
        return
    pipeline = driver.pipeline()
    pipeline.__enter__()
    try:
        yield
        pipeline.__exit__(None, None, None)
    except BaseException:
        with suppress(psycopg.Error):
            pipeline.__exit__(None, None, None)
        raise


def begin_with_first(database: Connection) -> Connection:
    """Have each transaction of a connection begin with its first statement, in the same trip to the database."""
    return database.execution_options(isolation_level="AUTOCOMMIT")


def _driver(database: Connection) -> "psycopg.Connection[Any]":
    """Return the driver's connection, inside a transaction that `database` will end."""
    if not database.in_transaction():
        database.begin()
    return cast("psycopg.Connection[Any]", database.connection.driver_connection)


def prefer_indexes(database: Connection) -> None:
    """Have this connection keep one plan for each statement, which goes by index whatever the tables looked like.

    All that a turn does finds few rows by key, and to plan that anew each time costs more than the work. A plan that
    was made for empty tables is not kept for ever: see `plan_anew`.
    """
    for setting, value in _PLANNING.items():
        database.exec_driver_sql(f"SET {setting} = {value}")
    _driver(database).prepare_threshold = _NEVER  # Only what asks for it is prepared, but that is.


def plan_anew(database: Connection) -> None:
    """Have the kept plans made again at their next use, for tables as large as they are by then."""
    database.exec_driver_sql("DISCARD PLANS")


_NEVER = 1_000_000_000
_PLANNING: Mapping[str, str] = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
