"""Checks of the work itself: workers live, leads are taken in time, and nobody's decision is waited for unseen."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from flowbuilder import db
from flowbuilder.config import Settings
from flowbuilder.operating.doctor.findings import Finding, ok, warning, wrong
from flowbuilder.operating.measures import count_workers

LATE, TOO_LATE = timedelta(minutes=1), timedelta(minutes=5)
LATELY = timedelta(days=7)

OVERDUE = text("""
    SELECT count(*), coalesce(max(now() - due_at), interval '0') FROM lead
     WHERE state <> 'done' AND due_at < now() - CAST(:late AS interval)
""")
QUARANTINED = text("""
    SELECT count(*) FROM lead
     WHERE id >= first_id_at(now() - CAST(:lately AS interval)) AND reason_code = 'quarantined'
""")
UNKNOWN = text("""
    SELECT count(*) FROM offer
     WHERE lead_id >= first_id_at(now() - CAST(:lately AS interval)) AND state = 'unknown'
""")
FOR_A_PERSON = text("SELECT count(*) FROM lead WHERE state = 'waiting' AND waiting_for = 'person'")


def check(own: Settings) -> Iterator[Finding]:
    """Yield what is found; nothing while the database is away, which its own check says."""
    engine = db.make_engine(own.database_url, pool_size=1)
    try:
        with engine.connect() as database:
            yield from _check(database)
    except SQLAlchemyError:
        return
    finally:
        engine.dispose()


def _check(database: Connection) -> Iterator[Finding]:
    late, longest = database.execute(OVERDUE, {"late": LATE}).one()
    yield from _workers(count_workers(database), is_needed=late > 0)
    if late:
        judge = wrong if longest > TOO_LATE else warning
        minutes = int(longest.total_seconds() // 60)
        yield judge("leads", f"{late} leads are due, one for {minutes} min: start more workers, or see why they stand.")
    else:
        yield ok("leads", "None is overdue.")
    yield from _for_people(database)


def _workers(alive: dict[str, int], *, is_needed: bool) -> Iterator[Finding]:
    if not alive["leads"]:
        judge = wrong if is_needed else warning
        yield judge("workers", "None carries leads: start `flowbuilder serve`, or `flowbuilder worker leads`.")
    elif not alive["jobs"]:
        yield warning("workers", "None does background jobs, such as test calls: start `flowbuilder worker jobs`.")
    else:
        yield ok("workers", f"{alive['leads']} carry leads, {alive['jobs']} do other jobs.")


def _for_people(database: Connection) -> Iterator[Finding]:
    quarantined = database.execute(QUARANTINED, {"lately": LATELY}).scalar_one()
    unknown = database.execute(UNKNOWN, {"lately": LATELY}).scalar_one()
    waiting = database.execute(FOR_A_PERSON).scalar_one()
    if quarantined:
        yield warning("quarantine", f"{quarantined} leads of the last week could not be carried: their pages say why.")
    if unknown:
        yield warning(
            "unknown", f"Of {unknown} offers of the last week nobody knows whether they were taken: ask buyers."
        )
    if waiting:
        yield warning("decisions", f"{waiting} leads wait for a person to decide: find them under Leads, waiting.")
    if not (quarantined or unknown or waiting):
        yield ok("decisions", "No lead waits for a person.")
