"""How workers talk to the database: none that stands still in a transaction holds up the others for long.

What it has locked is free again after a few seconds: far less than a lease, and seldom long enough that another worker
is paused meanwhile with a lead in hand that it waits to move.
"""

from sqlalchemy import Connection, Engine

from flowbuilder import db

STANDS_STILL = "5s"
"""For how long a transaction may wait for its worker, or for a lock."""
LONGEST_TURN = "10s"
"""How long a turn's transaction may take: it counts where the server does not see that a worker stands still, as
`statements.ENDS_LONG_TRANSACTIONS` says."""
_LIMIT = "SELECT set_config(name, '{}', false) FROM pg_settings WHERE name = 'transaction_timeout'"


def make_engine(database_url: str, *, pool_size: int = 8) -> Engine:
    """Return a worker's engine for PostgreSQL."""
    return db.make_engine(database_url, pool_size=pool_size, stands_still=STANDS_STILL)


def be_impatient(link: Connection) -> None:
    """Have what a loop's own connection waits for, and each of its transactions, end after some seconds."""
    link.exec_driver_sql(f"SET lock_timeout = '{STANDS_STILL}'")
    link.exec_driver_sql(_LIMIT.format(LONGEST_TURN))
