"""Checks of PostgreSQL: it answers, is new enough, has the tables of this release, keeps what it promised."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from flowbuilder import db, troubles
from flowbuilder.config import Settings
from flowbuilder.operating.doctor.findings import Finding, ok, warning, wrong

OLDEST = 14
MOST_APART = 2.0  # seconds; workers refuse to start beyond it
NOTICEABLY_APART = 0.5
LITTLE_SPACE = 5 * 1024**3  # bytes
TOO_LITTLE_SPACE = 512 * 1024**2
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
TABLES = ("lead", "lead_event", "offer", "attempt")

TURNED_OFF = text("SELECT name FROM pg_settings WHERE name = ANY(:names) AND setting = 'off' ORDER BY name")
FOLDER = text("SELECT setting FROM pg_settings WHERE name = 'data_directory'")
LOCAL = text("SELECT inet_server_addr() IS NULL")
NEXT_MONTH = text("""
    SELECT p.parent FROM unnest(CAST(:parents AS text[])) AS p(parent)
     WHERE to_regclass(p.parent || to_char((now() AT TIME ZONE 'UTC') + interval '1 month', '_YYYY_MM')) IS NULL
""")


def check(own: Settings) -> Iterator[Finding]:
    """Yield what is found; when it cannot be reached, that alone."""
    engine = db.make_engine(own.database_url, pool_size=1)
    try:
        yield from _check(engine)
    except SQLAlchemyError as problem:
        yield wrong(
            "database", f"{_where(own)} does not answer ({_kind(problem)}): start it, or put DATABASE_URL right."
        )
    finally:
        engine.dispose()


def _check(engine: Engine) -> Iterator[Finding]:
    with engine.connect() as database:
        yield _version(database)
        yield _clock(database)
        yield _durability(database)
        yield _space(database)
        migrations = _migrations(database)
        yield migrations
        if migrations.state == "ok":
            yield _partitions(database)


def _version(database: Connection) -> Finding:
    number = int(database.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
    if number < OLDEST:
        return wrong("database", f"It is PostgreSQL {number}: use {OLDEST} or newer.")
    return ok("database", f"PostgreSQL {number} answers.")


def _clock(database: Connection) -> Finding:
    before = datetime.now(UTC)
    theirs: datetime = database.execute(text("SELECT clock_timestamp()")).scalar_one()
    middle = before + (datetime.now(UTC) - before) / 2
    return judge_clock(abs((theirs - middle).total_seconds()))


def judge_clock(apart: float) -> Finding:
    """Return what it means that the clocks of this machine and of the database are some seconds apart."""
    if apart > MOST_APART:
        return wrong("clock", f"The clocks here and in the database are {apart:.1f} s apart: set both by NTP.")
    if apart > NOTICEABLY_APART:
        return warning("clock", f"The clocks here and in the database are {apart:.1f} s apart, and drift: use NTP.")
    return ok("clock", f"The clocks here and in the database agree within {max(apart, 0.001):.3f} s.")


def _durability(database: Connection) -> Finding:
    off = list(database.execute(TURNED_OFF, {"names": list(DURABLE)}).scalars())
    if off:
        return wrong("durability", f"{', '.join(off)} is off: leads that were answered for can be lost. Turn it on.")
    return ok("durability", "What is committed is on disk.")


def _space(database: Connection) -> Finding:
    """A server that is reached by a socket stands on this machine; of any other nobody here knows the disk."""
    try:
        folder = database.execute(FOLDER).scalar() if database.execute(LOCAL).scalar_one() else None
        free = shutil.disk_usage(Path(folder)).free if folder else None
    except (ProgrammingError, OSError):
        free = None
    return judge_space(free)


def judge_space(free: int | None) -> Finding:
    """Return what so many free bytes mean; None when they are not known."""
    if free is None:
        return ok("space", "The disk of the database cannot be seen from here: watch it where it is.")
    said = f"{free / 1024**3:.1f} GB are free on the disk of the database"
    if free < TOO_LITTLE_SPACE:
        return wrong("space", f"{said}: make room now, or posts will be answered 503.")
    if free < LITTLE_SPACE:
        return warning("space", f"{said}: make room soon.")
    return ok("space", f"{said}.")


def _migrations(database: Connection) -> Finding:
    known = _revisions()
    try:
        there = set(database.execute(text("SELECT version_num FROM alembic_version")).scalars())
    except ProgrammingError:
        database.rollback()
        return wrong("tables", "There are none yet: `flowbuilder migrate` makes them, and so does the first start.")
    if there - set(known):
        return wrong("tables", "They are of a newer release than this one: take that release, or restore a dump.")
    if known[-1] not in there:
        return wrong("tables", f"They are of revision {max(there, default='none')}: run `flowbuilder migrate`.")
    return ok("tables", f"They are those of this release ({known[-1]}).")


def _revisions() -> list[str]:
    """Return the revisions of this release, oldest first."""
    from alembic.config import Config  # noqa: PLC0415 - slow to load, and of no use to most commands
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(db.MIGRATIONS))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def _partitions(database: Connection) -> Finding:
    missing = list(database.execute(NEXT_MONTH, {"parents": list(TABLES)}).scalars())
    if missing:
        return wrong("partitions", f"{', '.join(missing)} has no room for next month: start a worker, which makes it.")
    return ok("partitions", "There is room for next month's leads.")


def _where(own: Settings) -> str:
    url = make_url(own.database_url)
    return f"PostgreSQL at {url.host or url.query.get('host') or 'its socket'}, database {url.database},"


def _kind(problem: SQLAlchemyError) -> str:
    """Return why nobody was let in, or what kind of error it is: what a statement refused may hold values."""
    return troubles.why_shut(problem) or type(getattr(problem, "orig", None) or problem).__name__
