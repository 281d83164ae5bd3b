"""Leads share commits; what is wrong with one of them does not touch the others."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

from flowbuilder import embedded, enqueue
from flowbuilder.embedded.homes import posts_folder
from flowbuilder.intake.batch import LOCKED_FOR, MOST_TRIES, Batcher
from flowbuilder.intake.desk import Desk
from flowbuilder.intake.handing import Handing
from flowbuilder.intake.reading import Reading
from flowbuilder.intake.refused import Refused
from flowbuilder.intake.store import INSERT_LEADS, LeadStore, as_list
from flowbuilder.intake.tickets import Entry, IdempotencyKey, KeyUsed, make_entry
from tests.support.servers import plain_url
from tests.support.supplier import Rows, Supplier
from workers.posts import Door


def an_entry(supplier: Supplier, *, comment: str = "fine", key: str = "") -> Entry:
    """Return a lead on its way; a comment may hold what PostgreSQL cannot store."""
    desk: Desk = supplier.app.extensions["intake"]
    source = desk.sources.find(supplier.flow.key, supplier.source.key)
    reading = Reading(posted={"comment": comment}, values={"comment": comment})
    kept = IdempotencyKey(key, bytes(32)) if key else None
    return make_entry(source, reading, kept, answer_to=None, now=datetime.now(UTC))


@contextmanager
def a_store(
    database_url: str, *failures: Exception, lock_timeout: LiteralString = LOCKED_FOR, **options: Any
) -> Iterator[LeadStore]:
    """Give a store of the test's own, whose first inserts fail as told."""
    engine = create_engine(database_url, connect_args={"prepare_threshold": None, **options})
    store = Failing(engine, list(failures), lock_timeout)
    yield store
    store.drop()
    engine.dispose()


class Failing(LeadStore):
    """A store whose first inserts fail the way that PostgreSQL fails, and then go through."""

    def __init__(self, engine: Engine, failures: list[Exception], lock_timeout: LiteralString) -> None:
        super().__init__(engine, lock_timeout=lock_timeout)
        self.failures = failures

    def insert(self, rows: Iterable[bytes]) -> set[UUID]:
        if self.failures:
            raise self.failures.pop(0)
        return super().insert(rows)


def store_or_refuse(store: LeadStore, *entries: Entry) -> None:
    """Do with the entries what the batcher's thread does with a batch, announced to nobody."""
    Batcher(store, lambda _: None)._store_or_refuse(entries)


def test_one_poisoned_lead_is_refused_and_the_others_are_stored(supplier: Supplier, rows: Rows, database_url: str):
    entries = [an_entry(supplier), an_entry(supplier, comment="a\0b"), an_entry(supplier)]
    with a_store(database_url) as store:
        store_or_refuse(store, *entries)
    refused = entries[1].ticket.settlement
    assert isinstance(refused, Refused)
    assert (refused.status, refused.problems[0].code) == (422, "cannot_be_stored")
    assert [row["id"] for row in rows.leads(supplier)] == [entries[0].ticket.lead_id, entries[2].ticket.lead_id]
    assert all(entries[n].ticket.settlement is entries[n].pending for n in (0, 2))


def test_posts_that_come_together_share_a_commit(supplier: Supplier, rows: Rows):
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda _: supplier.post(), range(256)))
    assert {answer.status_code for answer in answers} == {202}
    commits = rows.all(
        "SELECT count(DISTINCT xmin::text) AS n FROM lead WHERE source_id = %(id)s", id=supplier.source.id
    )
    assert len(rows.leads(supplier)) == 256
    assert commits[0]["n"] < 200


def test_storing_is_planned_once_for_a_connection(supplier: Supplier, database_url: str):
    """Five plans are made for what is stored; then PostgreSQL sees that none is better, and keeps one."""
    with a_store(database_url, options="-c plan_cache_mode=force_custom_plan") as store:
        for _ in range(8):
            store_or_refuse(store, an_entry(supplier))
        plans = store.execute("SELECT custom_plans, generic_plans FROM pg_prepared_statements").fetchall()
    assert plans == [(5, 3)]


def test_leads_that_are_too_much_at_once_are_stored_one_by_one(supplier: Supplier, rows: Rows, database_url: str):
    entries = [an_entry(supplier), an_entry(supplier)]
    with a_store(database_url, psycopg.errors.ProgramLimitExceeded()) as store:
        store_or_refuse(store, *entries)
    assert [row["id"] for row in rows.leads(supplier)] == [entry.ticket.lead_id for entry in entries]


def test_a_deadlock_is_tried_again(supplier: Supplier, rows: Rows, database_url: str):
    entry = an_entry(supplier)
    with a_store(database_url, psycopg.errors.DeadlockDetected(), psycopg.errors.DeadlockDetected()) as store:
        store_or_refuse(store, entry)
    assert (entry.is_stored, len(rows.leads(supplier))) == (True, 1)


def test_a_deadlock_that_never_ends_is_503(supplier: Supplier, rows: Rows, database_url: str):
    entry = an_entry(supplier)
    with a_store(database_url, *[psycopg.errors.DeadlockDetected()] * MOST_TRIES) as store:
        store_or_refuse(store, entry)
    assert isinstance(entry.ticket.settlement, Refused)
    assert (entry.ticket.settlement.status, rows.leads(supplier)) == (503, [])


def test_an_error_that_nobody_thought_of_is_503_and_not_a_hang(supplier: Supplier, database_url: str):
    entry = an_entry(supplier)
    with a_store(database_url, ZeroDivisionError()) as store:
        store_or_refuse(store, entry)
    assert isinstance(entry.ticket.settlement, Refused)
    assert entry.ticket.settlement.status == 503


@pytest.mark.parametrize("committed", [True, False])
def test_after_a_broken_connection_each_lead_is_stored_once(
    supplier: Supplier, rows: Rows, database_url: str, committed: bool
):
    """Nobody knows whether the insert was committed before the connection broke, so both must end well."""
    entry = an_entry(supplier)
    with a_store(database_url) as store:
        if committed:
            store.insert([entry.row])
        [(pid,)] = store.execute("SELECT pg_backend_pid()")
        assert rows.all("SELECT pg_terminate_backend(%(pid)s, 60000) AS ended", pid=pid)[0]["ended"]
        store_or_refuse(store, entry)
    assert (entry.is_stored, len(rows.leads(supplier))) == (True, 1)


def test_a_lead_whose_insert_goes_on_after_its_connection_broke_is_stored_once_and_not_refused(
    supplier: Supplier, rows: Rows, database_url: str, eventually
):
    entry = an_entry(supplier)
    with a_store(database_url, lock_timeout="0") as store, psycopg.connect(plain_url(database_url)) as still_at_it:
        still_at_it.execute(INSERT_LEADS, [as_list([entry.row])])
        [(pid,)] = store.execute("SELECT pg_backend_pid()")
        assert rows.all("SELECT pg_terminate_backend(%(pid)s, 60000) AS ended", pid=pid)[0]["ended"]
        with ThreadPoolExecutor(1) as pool:
            ours = pool.submit(store_or_refuse, store, entry)
            waits = "SELECT pid FROM pg_locks WHERE transactionid::text = %(id)s AND NOT granted"
            [(xid,)] = still_at_it.execute("SELECT pg_current_xact_id()::text")
            eventually(lambda: rows.all(waits, id=xid))
            still_at_it.commit()
            ours.result()
    assert (entry.is_stored, entry.ticket.settlement, len(rows.leads(supplier))) == (True, entry.pending, 1)


def test_a_lead_that_somebody_else_stores_in_the_same_moment_is_not_refused(
    supplier: Supplier, rows: Rows, database_url: str
):
    entry, other = an_entry(supplier), an_entry(supplier)
    with a_store(database_url) as store:
        store.insert([entry.row])
        store_or_refuse(store, entry, other)
    assert (entry.ticket.settlement, other.ticket.settlement) == (entry.pending, other.pending)
    assert len(rows.leads(supplier)) == 2


def test_a_key_that_its_own_lead_has_is_no_key_that_was_used(supplier: Supplier, rows: Rows, database_url: str):
    entry = an_entry(supplier, key="order-1")
    with a_store(database_url) as store:
        store.insert([entry.row])
        store_or_refuse(store, entry)
    assert (entry.is_stored, entry.ticket.settlement, len(rows.leads(supplier))) == (True, entry.pending, 1)


def test_a_table_that_is_missing_is_503_for_everybody(supplier: Supplier, database_url: str):
    entries = [an_entry(supplier), an_entry(supplier)]
    with a_store(database_url, options="-c search_path=pg_catalog") as store:
        store_or_refuse(store, *entries)
    assert [entry.ticket.settlement.status for entry in entries] == [503, 503]  # type: ignore[union-attr]


def test_a_month_whose_tables_are_missing_is_503_and_not_a_lead_that_is_wrong(supplier: Supplier, database_url: str):
    entry = an_entry(supplier)
    entry.row = entry.row.replace(str(entry.ticket.lead_id).encode(), str(UUID(int=7 << 76)).encode())
    with a_store(database_url) as store:
        store_or_refuse(store, entry)
    assert isinstance(entry.ticket.settlement, Refused)
    assert entry.ticket.settlement.status == 503


def test_refused_posts_never_hold_leads_up(supplier: Supplier, intake: Flask, rows: Rows, eventually):
    desk: Desk = intake.extensions["intake"]
    desk.batcher.note_refusal({"id": "no id at all"})
    assert supplier.post().status_code == 202
    assert supplier.post({}).status_code == 422
    assert len(rows.leads(supplier)) == 1


@pytest.fixture
def taken(tmp_path: Path, redis_url: str) -> Iterator[list[bytes]]:
    """Give what somebody takes who tells that it carries leads, and never carries one."""
    rows: list[bytes] = []
    door = Door(tmp_path, "nobody", lambda brought: rows.extend(row for _, row in brought.rows))
    door.open()
    with enqueue.connect(redis_url) as redis:
        assert enqueue.tell_carried(redis, "nobody")
        redis.persist(enqueue.CARRIED)
        yield rows
        door.shut()
        enqueue.tell_idle(redis, "nobody")
    embedded.delete(tmp_path)


@contextmanager
def handing_over(home: Path, store: LeadStore, redis_url: str) -> Iterator[Batcher]:
    """Give a batcher that hands posts over."""
    with enqueue.connect(redis_url) as redis:
        yield Batcher(store, lambda _: None, partial(Handing, redis, home))


def let_go(batcher: Batcher) -> None:
    """Hang up, and store what was not."""
    assert batcher._handing
    batcher._handing.end()
    batcher._store_or_refuse(batcher._handing.overdue())


def test_a_lead_that_has_to_be_tried_again_is_stored_also_where_others_are_handed_over(
    supplier: Supplier, rows: Rows, database_url: str, tmp_path: Path, redis_url: str, taken: list[bytes], eventually
):
    again, fresh = an_entry(supplier), an_entry(supplier)
    again.was_handed, fresh.may_be_handed = True, True
    with a_store(database_url) as store, handing_over(tmp_path, store, redis_url) as batcher:
        batcher._store_or_refuse(batcher._hand([again, fresh]))
        assert [row["id"] for row in rows.leads(supplier)] == [again.ticket.lead_id]
        eventually(lambda: taken == [fresh.row])
        let_go(batcher)
    assert len(rows.leads(supplier)) == 2


def test_a_key_that_was_used_is_not_handed_over_nor_one_that_is_out(
    supplier: Supplier, rows: Rows, database_url: str, tmp_path: Path, redis_url: str, taken: list[bytes], eventually
):
    """A loop that meets a used key takes its turn in vain."""
    used, other, same = (an_entry(supplier, key=key) for key in ("used", "new", "new"))
    unhandy = an_entry(supplier, key="new")
    for entry in (used, other, same):
        entry.may_be_handed = True
    with a_store(database_url) as store, handing_over(tmp_path, store, redis_url) as batcher:
        store.insert([an_entry(supplier, key="used").row])
        batcher._store_or_refuse([an_entry(supplier, key="used")])
        assert list(batcher._hand([used, other, same])) == [used]
        assert list(batcher._hand([unhandy])) == []
        eventually(lambda: taken == [other.row])
        batcher._store_or_refuse([used])
        let_go(batcher)
    told = [entry.ticket.settlement for entry in (used, other, same, unhandy)]
    assert {one.lead.id for one in told if isinstance(one, KeyUsed)} == {row["id"] for row in rows.leads(supplier)}
    assert [type(one) for one in told].count(KeyUsed) == 3
    assert sum(entry.is_stored for entry in (other, same, unhandy)) == 1


def test_nothing_is_handed_over_in_a_folder_that_others_may_write_to(
    supplier: Supplier, database_url: str, tmp_path: Path, redis_url: str, taken: list[bytes]
):
    entry = an_entry(supplier)
    entry.may_be_handed = True
    posts_folder(tmp_path.resolve()).chmod(0o777)
    with a_store(database_url) as store, handing_over(tmp_path, store, redis_url) as batcher:
        assert list(batcher._hand([entry])) == [entry]
    assert (taken, entry.was_handed) == ([], False)


@pytest.mark.parametrize("told", ["../x", "a\0b", "\xff", "", "begins:"])
def test_a_loop_that_is_no_loop_is_none(redis_url: str, told: str):
    with enqueue.connect(redis_url) as redis:
        redis.set(enqueue.CARRIED, told.encode("latin-1"))
        try:
            assert enqueue.carrying_loop(redis) is None
        finally:
            redis.delete(enqueue.CARRIED)


@contextmanager
def being_stored(database_url: str, *entries: Entry) -> Iterator[psycopg.Connection]:
    """Have a loop stand still that stores leads."""
    with psycopg.connect(plain_url(database_url)) as loop:
        loop.execute(INSERT_LEADS, [as_list(entry.row for entry in entries)])
        yield loop
        loop.rollback()


@pytest.mark.parametrize("commits", [True, False])
def test_a_lead_that_a_loop_is_storing_is_looked_for_until_that_has_ended(
    supplier: Supplier, rows: Rows, database_url: str, tmp_path: Path, redis_url: str, commits: bool
):
    """A loop may stand still in the middle of it; the others' leads do not wait for it, with it or without."""
    locked, free, other = (an_entry(supplier) for _ in range(3))
    locked.was_handed = free.was_handed = True
    with (
        a_store(database_url) as store,
        handing_over(tmp_path, store, redis_url) as batcher,
        being_stored(database_url, locked) as loop,
    ):
        batcher._store_or_refuse([locked, free])
        assert (locked.ticket.settlement, locked.is_stored) == (None, False)
        batcher._store_or_refuse(batcher._hand([other]))
        assert {row["id"] for row in rows.leads(supplier)} == {free.ticket.lead_id, other.ticket.lead_id}
        if commits:
            loop.commit()
        else:
            loop.rollback()
        let_go(batcher)
    assert (locked.ticket.settlement, locked.is_stored, len(rows.leads(supplier))) == (locked.pending, True, 3)


def test_a_key_that_a_loop_is_taking_holds_nobody_up(
    supplier: Supplier, rows: Rows, database_url: str, tmp_path: Path, redis_url: str
):
    first, second, other = (an_entry(supplier, key=key) for key in ("same", "same", "other"))
    with (
        a_store(database_url) as store,
        handing_over(tmp_path, store, redis_url) as batcher,
        being_stored(database_url, first) as loop,
    ):
        batcher._store_or_refuse([second, other])
        assert [row["id"] for row in rows.leads(supplier)] == [other.ticket.lead_id]
        loop.commit()
        let_go(batcher)
    assert isinstance(second.ticket.settlement, KeyUsed)
    assert second.ticket.settlement.lead.id == first.ticket.lead_id


def test_a_lead_that_somebody_is_storing_for_too_long_is_503(
    supplier: Supplier, database_url: str, tmp_path: Path, redis_url: str
):
    entry = an_entry(supplier)
    entry.was_handed, entry.ticket.since = True, entry.ticket.since - 60
    with (
        a_store(database_url) as store,
        handing_over(tmp_path, store, redis_url) as batcher,
        being_stored(database_url, entry),
    ):
        batcher._store_or_refuse([entry])
    assert isinstance(entry.ticket.settlement, Refused)
    assert entry.ticket.settlement.status == 503


def test_where_others_cannot_be_stored_those_that_are_there_are_not_refused(
    supplier: Supplier, rows: Rows, database_url: str, tmp_path: Path, redis_url: str
):
    there, handed, plain = (an_entry(supplier) for _ in range(3))
    there.was_handed = handed.was_handed = True
    with (
        a_store(database_url, psycopg.errors.DiskFull()) as store,
        handing_over(tmp_path, store, redis_url) as batcher,
    ):
        LeadStore.insert(store, [there.row])
        batcher._store_or_refuse([there, handed, plain])
        assert there.ticket.settlement == there.pending
        assert handed.ticket.settlement is None  # A loop may be storing it.
        assert isinstance(plain.ticket.settlement, Refused)
        let_go(batcher)
    assert handed.ticket.settlement == handed.pending
    assert {row["id"] for row in rows.leads(supplier)} == {there.ticket.lead_id, handed.ticket.lead_id}


def test_what_nobody_thought_of_ends_no_thread(
    supplier: Supplier, intake: Flask, monkeypatch: pytest.MonkeyPatch, eventually
):
    """Such as no connection for the record of a refused post."""
    store, failures = intake.extensions["intake"].batcher._store, [PoolTimeout()]
    record = store.insert_refusals
    monkeypatch.setattr(store, "insert_refusals", lambda rows: record(rows) if not failures else fail(failures.pop()))
    assert supplier.post({}).status_code == 422
    eventually(lambda: not failures)
    assert supplier.post().status_code == 202


def fail(problem: Exception) -> None:
    raise problem
