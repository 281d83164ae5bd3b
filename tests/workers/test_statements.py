"""What every turn runs goes by index, whatever the tables looked like when its plan was made."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, text

from flowbuilder import db, ids
from flowbuilder.clock import now
from flowbuilder.ids import first_id_at
from tests.support.buyers import a_buyer, accepting
from tests.support.market import Market
from workers import caps, journal, statements
from workers import journal_sql as sql
from workers.documents import as_document
from workers.rows import AgainRow, AttemptRow, EventRow, LeadChange, LeaseRow, OfferRow
from workers.statements import Statement, begin_with_first, plan_anew, prefer_indexes

MONTH = journal._month([ids.new_id()])
KINDS = (EventRow, OfferRow, AttemptRow)
WRITE = sql.writing(MONTH, KINDS, (*KINDS, LeadChange))
LEASE = sql.writing(MONTH, (), (LeaseRow,))
EVERY_TURN = [sql.DUE, sql.DUE_OF_OTHERS, sql.guarding(MONTH), sql.RENEW, sql.EVENTS, caps.LOCK, WRITE, LEASE]
DETOURS = re.compile(r"Seq Scan|Bitmap|Hash Join|Merge Join")


@pytest.fixture(params=["never", "just now"], ids=lambda analyzed: f"analyzed {analyzed}")
def hot(market: Market, request: pytest.FixtureRequest) -> Iterator[Connection]:
    """Give a connection as a loop has it, on tables that hold a few thousand leads and a window or two."""
    with a_buyer(accepting) as buyer:
        market.publish([{"buyer": {"id": "b", "connection": market.connect(buyer), "price": 42}}])
        market.post(20)
        market.carry()
    columns = "account_id, flow_id, source_id, version, posted, fields, currency, received_at, due_at"
    made = "(left(id::text, 24) || lpad(n::text, 12, '0'))::uuid, 'done', 'sold'"
    many = "lead, generate_series(1, 200) AS n"
    market.execute(f"INSERT INTO lead (id, state, outcome, {columns}) SELECT {made}, {columns} FROM {many}")
    if request.param == "just now":
        market.execute("ANALYZE")
    engine = db.make_engine(market.url)
    with engine.connect() as connection:
        prefer_indexes(connection)
        yield connection
    engine.dispose()
    market.execute("DELETE FROM lead WHERE lease_token = 0")


def test_values_are_numbered_in_the_order_in_which_they_are_named_first() -> None:
    statement = Statement("SELECT :b::int, CAST(:a AS text), :b")
    assert (statement.sql, statement.names) == ("SELECT $1::int, CAST($2 AS text), $1", ("b", "a"))


@pytest.mark.parametrize("statement", EVERY_TURN, ids=lambda statement: " ".join(statement.written.split())[:40])
def test_what_every_turn_runs_finds_its_rows_by_index(hot: Connection, statement: Statement) -> None:
    plan = "\n".join(hot.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {_typed(statement)}").scalars())
    assert "Index Scan" in plan
    assert not DETOURS.search(plan), plan


def test_a_statement_is_prepared_once_and_planned_anew_on_demand(hot: Connection) -> None:
    for _ in range(3):
        journal.guard(hot, [(ids.new_id(), 1)])
    named = "statement LIKE '%asked_before FROM lead%ANY%FOR UPDATE%'"
    kept = text(f"SELECT generic_plans FROM pg_prepared_statements WHERE {named}")
    assert hot.execute(kept).scalars().all() == [3]
    plan_anew(hot)
    assert journal.guard(hot, [(ids.new_id(), 1)]) == {}


@pytest.fixture(params=["one trip", "a trip each"])
def link(market: Market, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """Give a connection as a loop has it, with a table of its own that no two rows of which may be alike."""
    if request.param == "a trip each":
        monkeypatch.setattr(statements, "ENDS_LONG_TRANSACTIONS", 1_000_000)
    engine = db.make_engine(market.url)
    with begin_with_first(engine.connect()) as connection:
        prefer_indexes(connection)
        connection.exec_driver_sql("CREATE TEMP TABLE mark (n int UNIQUE)")
        connection.commit()
        yield connection
    engine.dispose()


def marks(link: Connection) -> list[int]:
    link.rollback()
    return [n for (n,) in Statement("SELECT n FROM mark ORDER BY n").rows(link, {})]


MARK = Statement("INSERT INTO mark SELECT CAST(:n AS int) + i FROM generate_series(0, :more) AS i RETURNING 1")


@pytest.mark.parametrize("before", [[], [1], [1, 2]], ids=len)
def test_the_last_statement_of_a_transaction_commits_those_before_it(link: Connection, before: list[int]) -> None:
    for n in before:
        assert MARK.count(link, {"n": n, "more": 0}) == 1
    MARK.commit(link, {"n": 7, "more": 1})
    assert not link.in_transaction()
    assert marks(link) == [*before, 7, 8]


@pytest.mark.parametrize("before", [[], [1], [1, 2]], ids=len)
def test_where_the_last_statement_fails_nothing_of_its_transaction_counts(link: Connection, before: list[int]) -> None:
    MARK.commit(link, {"n": 7, "more": 0})
    for n in before:
        MARK.rows(link, {"n": n, "more": 0})
    with pytest.raises(UniqueViolation):
        MARK.commit(link, {"n": 6, "more": 1})
    assert marks(link) == [7]


def test_the_lists_that_rows_are_sent_as_are_read_back_as_the_rows_were(hot: Connection) -> None:
    row = partial(AgainRow, was=0, version=2, asked_before={}, due_at=now())
    whole = row(ids.new_id(), 2**62, run=1, posted={"a": None}, fields={"n": 10**30}, invalid=["a,b", "{"])
    empty = row(ids.new_id(), 1, run=2, ignored=[])
    names = sql.CHANGED[AgainRow]
    read = Statement(f"SELECT {', '.join(names)} FROM {sql._rows(sql._AGAIN).format(rows='rows')} ORDER BY run")
    rows = read.named_rows(hot, {"rows": as_document([whole, empty], names)})
    assert rows == [asdict(whole), asdict(empty)]


def _typed(statement: Statement) -> str:
    """Return a statement whose values have types where a plan without any could not tell."""
    at = {name: f"${position}" for position, name in enumerate(statement.names, start=1)}
    types = {"ids": "bigint[]" if statement is caps.LOCK else "uuid[]", "lease": "interval", "most": "int"}
    sql = statement.sql
    for name, kind in types.items():
        if name in at:
            sql = re.sub(re.escape(at[name]) + r"(?!\d)", f"CAST({at[name]} AS {kind})", sql)
    return sql


def test_a_months_own_tables_are_those_that_its_leads_are_in(hot: Connection) -> None:
    bounds = hot.execute(
        text("SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class WHERE relispartition AND relkind = 'r'")
    ).all()
    leads = [(name, re.findall("[0-9a-f-]{36}", bound)) for name, bound in bounds if name.startswith("lead_2")]
    assert len(leads) >= 3
    for name, (first, end) in leads:
        assert f"lead{journal._month([UUID(first)])}" == name
        assert f"lead{journal._month([UUID(int=UUID(end).int - 1)])}" == name
        assert journal._month([UUID(first), UUID(end)]) == ""


def test_every_month_has_room_for_the_updates_that_its_offers_get(market: Market) -> None:
    with market.database.connect() as database:
        database.execute(text("SELECT ensure_partitions(now() + interval '400 days', 0)"))
        tables = database.execute(
            text("SELECT relname, reloptions FROM pg_class WHERE relispartition AND relkind = 'r'")
        ).all()
    full = {name for name, options in tables if options in (None, ["fillfactor=100"])}
    with_room = {name for name, options in tables if options == ["fillfactor=50"]}
    assert {name.startswith("offer_2") for name in with_room} == {True}
    assert len(full) == 3 * len(with_room)


def test_leads_of_two_months_are_written_in_one_turn(market: Market) -> None:
    with a_buyer(accepting) as buyer:
        market.publish([{"buyer": {"id": "b", "connection": market.connect(buyer), "price": 42}}])
        first, _ = market.post(2)
        market.execute("UPDATE lead SET id = :moved WHERE id = :id", id=first, moved=first_id_at(now() + timedelta(31)))
        market.carry()
    assert [lead.outcome for lead in market.leads()] == ["sold", "sold"]
