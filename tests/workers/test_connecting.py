"""A worker that stands still in the middle of a transaction does not hold up the others for long."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import Connection, text

from flowbuilder import ids
from tests.support.loops import a_loop
from tests.support.market import Market
from workers import connecting, statements
from workers.outages import is_outage
from workers.statements import Statement, _driver, _together, begin_with_first

ROW = ids.new_id()
MINE, OURS = (f"UPDATE worker SET kind = '{kind}' WHERE id = '{ROW}'" for kind in ("mine", "ours"))
WRITE, COUNT = Statement(MINE), Statement("SELECT count(*) FROM worker")


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "STANDS_STILL", "2s")
    monkeypatch.setattr(connecting, "LONGEST_TURN", 4)


@pytest.fixture
def link(market: Market) -> Iterator[Connection]:
    """Give a loop's own connection."""
    database = connecting.make_engine(market.url, lock_timeout="2s")
    connection = begin_with_first(database.connect())
    connecting.limit_turns(connection)
    connection.commit()
    yield connection
    connection.invalidate()
    database.dispose()


@pytest.fixture(autouse=True)
def _row(market: Market) -> Iterator[None]:
    market.execute("INSERT INTO worker (id, kind, started_at, seen_at) VALUES (:id, '', now(), now())", id=ROW)
    yield
    market.execute("DELETE FROM worker WHERE id = :id", id=ROW)


def between_two_statements(link: Connection) -> None:
    WRITE.count(link, {})


def before_the_end_of_those_that_travel_together(link: Connection) -> None:
    COUNT.rows(link, {})
    link.info["travels"] = _together(_driver(link))
    link.info["travels"].__enter__()
    _driver(link).cursor().execute(MINE)


@pytest.fixture(params=["new", "old"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the server be one that does not end long transactions."""
    if request.param == "old":
        monkeypatch.setattr(statements, "ENDS_LONG_TRANSACTIONS", 1_000_000)
        monkeypatch.setattr(connecting, "LONGEST_TURN", 0)


@pytest.mark.parametrize("stands_still", [between_two_statements, before_the_end_of_those_that_travel_together])
def test_what_a_worker_has_locked_that_stands_still_is_soon_free(
    market: Market, server: None, link: Connection, stands_still: Callable[[Connection], None]
) -> None:
    stands_still(link)
    market.wait_until("EXISTS (SELECT FROM pg_locks WHERE relation = 'worker'::regclass AND mode = 'RowExclusiveLock')")
    with market.database.begin() as other:
        other.execute(text("SET LOCAL lock_timeout = '20s'"))
        assert other.execute(text(OURS)).rowcount == 1
    with pytest.raises(psycopg.Error) as told:
        COUNT.commit(link, {})
    assert is_outage(told.value)
    assert market.value(text(f"SELECT kind FROM worker WHERE id = '{ROW}'")) == "ours"


@pytest.mark.parametrize("server", ["old"], indirect=True)
def test_a_loop_does_not_wait_for_a_lock_without_end(market: Market, server: None, link: Connection) -> None:
    with market.database.begin() as other:
        other.execute(text(OURS))
        with pytest.raises(psycopg.Error) as told:
            WRITE.commit(link, {})
    assert is_outage(told.value)


def test_a_loop_has_a_limit_for_everything_that_it_waits_for(market: Market) -> None:
    settings = ("idle_in_transaction_session_timeout", "lock_timeout", "transaction_timeout")
    with a_loop(market) as loop:
        link = loop._transactions._connect()
        assert [link.exec_driver_sql(f"SHOW {name}").scalar_one() for name in settings] == ["2s", "5s", "4s"]


def test_a_worker_that_reads_nothing_of_much_is_found_by_the_sweep(market: Market, link: Connection) -> None:
    driver = _driver(link)
    much = "SELECT repeat('x', 100000) FROM generate_series(1, 1000)"
    driver.pgconn.send_query(f"BEGIN; {MINE}; {much}".encode())
    driver.pgconn.flush()
    stuck = f"FROM pg_stat_activity WHERE pid = {driver.info.backend_pid} AND wait_event = 'ClientWrite'"
    market.wait_until(f"EXISTS (SELECT {stuck} AND xact_start < clock_timestamp() - interval '4 s')")
    with market.database.begin() as other:
        assert connecting.end_those_that_read_nothing(other) == 1
        other.execute(text("SET LOCAL lock_timeout = '20s'"))
        assert other.execute(text(OURS)).rowcount == 1
