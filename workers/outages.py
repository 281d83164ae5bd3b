"""Tells a database that is away from a lead that cannot be carried, and names an error without a lead's values."""

import traceback
from pathlib import Path

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# Classes of SQLSTATE that are about the server or the moment: connection, invalid transaction state (a standby is
# read-only), rollback after a deadlock, lack of resources, a lock that cannot be had, an operator, the system.
OUTAGES = ("08", "25", "40", "53", "55", "57", "58")

DATABASE_ERRORS = (SQLAlchemyError, psycopg.Error)
"""What running a statement raises: through SQLAlchemy the first, by the driver itself the second."""


def is_outage(problem: Exception) -> bool:
    """Return whether the same turn may pass later: the database is away, or transactions stood in each other's way."""
    if isinstance(problem, psycopg.Error):
        state = problem.sqlstate
        return state[:2] in OUTAGES if state else isinstance(problem, psycopg.OperationalError | psycopg.InterfaceError)
    if not isinstance(problem, DBAPIError):
        return isinstance(problem, PoolTimeout)
    state = getattr(problem.orig, "sqlstate", None)
    if state is None:
        return problem.connection_invalidated or isinstance(problem, OperationalError | InterfaceError)
    return problem.connection_invalidated or state[:2] in OUTAGES


def where(problem: Exception) -> str:
    """Return what kind of error it is and where it came up; its own words may hold what a lead says."""
    kind = type(problem.orig if isinstance(problem, DBAPIError) and problem.orig else problem).__name__
    frames = traceback.extract_tb(problem.__traceback__)
    own = [frame for frame in frames if "site-packages" not in frame.filename]
    return f"{kind} at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else kind
