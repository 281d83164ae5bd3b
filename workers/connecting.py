"""How workers talk to the database: none that stands still in a transaction holds up the others for long.

What it has locked is free again after a few seconds: far less than a lease, and seldom long enough that another worker
is paused meanwhile with a lead in hand that it waits to move.
"""

from sqlalchemy import Connection, Engine

from flowbuilder import db
from flowbuilder.db import STANDS_STILL
from flowbuilder.handover import LONGEST_TURN

LONGER = "15s"
"""For how long is waited for a lock where giving up means that something is done once more: longer than any turn."""
_LIMIT = "SELECT set_config(name, '{:.0f}ms', false) FROM pg_settings WHERE name = 'transaction_timeout'"


def make_engine(database_url: str, *, pool_size: int = 8, lock_timeout: str = STANDS_STILL) -> Engine:
    """Return a worker's engine for PostgreSQL."""
    return db.make_engine(database_url, pool_size=pool_size, stands_still=STANDS_STILL, lock_timeout=lock_timeout)


def limit_turns(link: Connection) -> None:
    """Have PostgreSQL end turns on a loop's own connection that take too long, from its version 17 on.

    It takes a worker that stands still between two statements which travel together for one at work; see
    `statements.ENDS_LONG_TRANSACTIONS`.
    """
    link.exec_driver_sql(_LIMIT.format(LONGEST_TURN * 1000))
