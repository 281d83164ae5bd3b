"""A thousand leads while workers are killed, Valkey is wiped and PostgreSQL stops: none lost, none sold twice."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from tests.support import chaos
from tests.support.chaos import Outcome
from tests.support.servers import private_servers
from tests.support.trade import Logged

LEADS, SECONDS = 1000, 60.0

pytestmark = pytest.mark.timeout(240)  # the fight itself is in the first test's set-up

Fought = tuple[Outcome, Connection]


@pytest.fixture(scope="module")
def fought() -> Iterator[Fought]:
    """Give what is left after the fight."""
    with private_servers(fsync=True) as servers, chaos.a_battlefield(servers) as (yard, outcome):
        chaos.fight(yard, outcome, LEADS, SECONDS)
        yard.close()
        with yard.market.database.connect() as database:
            yield outcome, database


def test_no_lead_is_lost_or_sold_twice_and_no_cap_is_passed(fought: Fought) -> None:
    outcome, database = fought
    assert chaos.findings(database, outcome) == []
    assert len(outcome.acknowledged) == LEADS
    assert outcome.faults == {
        "workers killed": int(SECONDS / chaos.KILL_EVERY),
        "Valkey wiped": 1,
        "PostgreSQL stopped": 1,
    }
    assert outcome.settled_after <= chaos.SETTLE


@pytest.mark.parametrize(
    "fault",
    [
        "DELETE FROM lead_event WHERE ctid = (SELECT ctid FROM lead_event LIMIT 1)",
        "UPDATE cap_window SET used = used + 1 WHERE id = (SELECT min(id) FROM cap_window)",
        "DELETE FROM lead WHERE id = (SELECT min(id::text)::uuid FROM lead)",
        """UPDATE offer SET is_winner = true, state = 'accepted', slot = 2
            WHERE ctid = (SELECT ctid FROM offer WHERE state = 'declined' LIMIT 1)""",
        "UPDATE offer SET state = 'declined' WHERE ctid = (SELECT ctid FROM offer WHERE is_winner LIMIT 1)",
        "DELETE FROM attempt WHERE ctid = (SELECT ctid FROM attempt WHERE state = 'ok' LIMIT 1)",
        "UPDATE attempt SET state = 'ok' WHERE attempt_no = 1 AND state = 'ambiguous'",
        "UPDATE lead SET reason_code = 'quarantined' WHERE reason_code = 'unknown'",
        "UPDATE lead SET revenue = revenue + 1 WHERE id = (SELECT min(id::text)::uuid FROM lead)",
    ],
)
def test_the_checks_find_what_is_planted_in_the_database(fought: Fought, fault: str) -> None:
    outcome, database = fought
    database.exec_driver_sql(fault)
    assert chaos.findings(database, outcome)
    database.rollback()


@pytest.mark.parametrize("planted", ["a repeat", "another sale", "a strange key"])
def test_the_checks_find_what_is_planted_in_a_buyers_log(fought: Fought, planted: str) -> None:
    outcome, database = fought
    sold = next(entry for entry in outcome.logs["sunrise"].log if entry.decision == "taken")
    entries = {
        "a repeat": sold,
        "another sale": Logged("another key", sold.email, "taken", 0.0),
        "a strange key": Logged("another key", "ana@example.com", "declined", 0.0),
    }
    log = outcome.logs["helio"].log
    log.append(entries[planted])
    try:
        assert chaos.findings(database, outcome)
    finally:
        log.pop()
