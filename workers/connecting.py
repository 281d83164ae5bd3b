"""How workers talk to the database: none that stands still in a transaction holds up the others for long.

What it has locked is free again after a few seconds: far less than a lease, and seldom long enough that another worker
is paused meanwhile with a lead in hand that it waits to move.
"""

from sqlalchemy import Connection, Engine, text

from flowbuilder import db
from flowbuilder.db import STANDS_STILL
from flowbuilder.handover import LONGEST_TURN

CALLED, KNOWN_BY = "flowbuilder worker", "%worker%"
"""What the database calls workers, and by what it tells them from others."""
LONGER = "15s"
"""For how long is waited for a lock where giving up means that something is done once more: longer than any turn."""
_END_UNREAD = text("""
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
     WHERE usename = current_user AND datname = current_database() AND application_name LIKE :workers
       AND wait_event = 'ClientWrite' AND xact_start < clock_timestamp() - make_interval(secs => :longest)
""")
_LIMIT = "SELECT set_config(name, '{:.0f}ms', false) FROM pg_settings WHERE name = 'transaction_timeout'"


def make_engine(database_url: str, *, pool_size: int = 8, lock_timeout: str = STANDS_STILL) -> Engine:
    """Return a worker's engine for PostgreSQL."""
    patience = {"stands_still": STANDS_STILL, "lock_timeout": lock_timeout}
    return db.make_engine(database_url, pool_size=pool_size, called=CALLED, **patience)


def limit_turns(link: Connection) -> None:
    """Have PostgreSQL end turns on a loop's own connection that take too long, from its version 17 on.

    It takes a worker that stands still between two statements which travel together for one at work; see
    `statements.ENDS_LONG_TRANSACTIONS`.
    """
    link.exec_driver_sql(_LIMIT.format(LONGEST_TURN * 1000))


def end_those_that_read_nothing(database: Connection) -> int:
    """Return how many transactions of workers were ended that PostgreSQL would not end by itself.

    It looks at no limit while it sends more than a connection holds: who stands still then keeps what is locked.
    """
    return int(database.execute(_END_UNREAD, {"workers": KNOWN_BY, "longest": LONGEST_TURN}).scalar_one())
