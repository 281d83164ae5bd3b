"""Has the database write down who writes to a lead, to find writes under a lease that was no longer theirs.

Workers must be started with a name of their own (`Yard.start(called=…)`), by which the database knows them. What the
web writes, as it does into a ping that waits for its post, is under nobody's lease.
"""

from collections.abc import Collection

from sqlalchemy import Engine, text

_WRITE_DOWN = """
    CREATE TABLE written (number bigint GENERATED ALWAYS AS IDENTITY, lead_id uuid, who text, token bigint);
    CREATE INDEX written_lead ON written (lead_id, token, number);
    ALTER TABLE written ADD PRIMARY KEY (number);
    CREATE FUNCTION write_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO written (lead_id, who, token) VALUES (NEW.id, current_setting('application_name'), NEW.lease_token);
        RETURN NULL;
    END $$;
    CREATE FUNCTION write_down_part() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO written (lead_id, who, token) SELECT id, current_setting('application_name'), lease_token
          FROM lead WHERE id = NEW.lead_id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER write_down AFTER UPDATE ON lead FOR EACH ROW {by_workers} EXECUTE FUNCTION write_down();
"""
_BY_WORKERS = "WHEN (current_setting('application_name') <> 'flowbuilder')"
_PARTS = ("lead_event", "offer", "attempt")
_CLAIMED = "(SELECT DISTINCT ON (lead_id, token) * FROM written ORDER BY lead_id, token, number)"
_LATE = f"""
    SELECT count(*) FROM written JOIN {_CLAIMED} AS claimed USING (lead_id, token)
     WHERE written.who <> claimed.who OR EXISTS (
        SELECT FROM written AS newer
         WHERE newer.lead_id = written.lead_id AND newer.token <> written.token
           AND newer.number BETWEEN claimed.number AND written.number)
"""
"""Writes under a lease that somebody else had claimed, or that was no longer the newest one."""
_HOLDS = """
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = :who AND state <> 'idle'
                      AND wait_event = 'ClientRead' AND clock_timestamp() - xact_start > interval '20 ms')
"""


def write_down_who_writes(database: Engine) -> None:
    """Begin to write down every write to leads, events, offers and attempts."""
    with database.begin() as connection:
        connection.execute(text(_WRITE_DOWN.replace("{by_workers}", _BY_WORKERS)))
        for table in _PARTS:
            when = f"AFTER INSERT OR UPDATE ON {table} FOR EACH ROW {_BY_WORKERS}"
            connection.execute(text(f"CREATE TRIGGER write_down {when} EXECUTE FUNCTION write_down_part()"))


def late_writes(database: Engine) -> tuple[int, int, set[str]]:
    """Return how many writes came too late, of how many, and who wrote at all."""
    with database.connect() as connection:
        late = connection.execute(text(_LATE)).scalar_one()
        many = connection.execute(text("SELECT count(*) FROM written")).scalar_one()
        return late, many, set(connection.execute(text("SELECT DISTINCT who FROM written")).scalars())


def newest_writer(database: Engine, among: Collection[str]) -> str:
    """Return which of some workers wrote last; any of them if none did."""
    newest = text("SELECT who FROM written WHERE who = ANY(:among) ORDER BY number DESC LIMIT 1")
    with database.connect() as connection:
        return connection.execute(newest, {"among": list(among)}).scalar() or min(among)


def holds_a_transaction(database: Engine, who: str) -> bool:
    """Return whether the database waits for a worker that is in the middle of a transaction, for a moment at least."""
    with database.connect() as connection:
        return bool(connection.execute(text(_HOLDS), {"who": who}).scalar_one())


def forget(database: Engine) -> None:
    """End it, and drop what was written down."""
    with database.begin() as connection:
        connection.execute(text("DROP TABLE written; DROP FUNCTION write_down CASCADE"))
        connection.execute(text("DROP FUNCTION write_down_part CASCADE"))
