"""What carrying knows of connections, flows and sources is read again every second, all that are in use at once."""

from collections.abc import Collection
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import Connection as Database

from flowbuilder import ids
from tests.support.buyers import a_buyer
from tests.support.market import VAULT, Market
from workers import book as module
from workers import together
from workers.book import Book
from workers.statements import Statement
from workers.together import Together

NOWHERE = cast("Database", None)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give how many rows each statement asks for, in books that forget at every turn."""
    asked: list[int] = []
    run = Statement.named_rows

    def noted(self: Statement, database: object, values: dict[str, list[object]]) -> object:
        asked.append(len(values["ids"]))
        return run(self, database, values)  # type: ignore[arg-type]

    monkeypatch.setattr(Statement, "named_rows", noted)
    monkeypatch.setattr(module, "FRESH", 0.0)
    return asked


def connections(market: Market, many: int) -> list[str]:
    with a_buyer() as buyer:
        return [market.connect(buyer) for _ in range(many)]


def test_connections_in_use_are_read_together(market: Market, read: list[int]) -> None:
    names, book = connections(market, 4), Book(VAULT)
    with market.database.connect() as database:
        for asked in (names, names, names[:2], names[:1], names[3:]):
            book.refresh()
            assert all(book.connection(database, name) for name in asked)
    assert read == [1] * 8 + [4] * 8


def test_what_nobody_asked_for_lately_is_not_read(
    market: Market, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "LATELY", 0.0)
    monkeypatch.setattr(together, "IN_USE_FOR", 0.0)
    names, book = connections(market, 4), Book(VAULT)
    with market.database.connect() as database:
        for asked in (names, names[:2]):
            book.refresh()
            assert all(book.connection(database, name) for name in asked)
    assert read == [1] * 12


def test_what_is_asked_for_all_the_time_does_not_wait_for_what_was_asked_for_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, read = [0.0], []

    def read_all(_database: Database, keys: Collection[str]) -> dict[str, bool]:
        read.append("".join(sorted(keys)))
        return dict.fromkeys(keys, True)

    monkeypatch.setattr(together, "time", SimpleNamespace(monotonic=lambda: now[0]))
    known: Together[str, bool] = Together(read_all)
    for second, asked in enumerate(["a", "abcd", "a", "a", "a", "abc", "bcd"]):
        now[0] = float(second)
        known.forget()
        for key in asked:
            assert known.get(NOWHERE, key)
    assert read == ["a", "a", "b", "c", "d", "abcd", "abcd", "a", "a", "bcd", "abc", "d"]


def test_a_pause_shows_in_the_next_second_and_what_is_unknown_stays_so(market: Market, read: list[int]) -> None:
    [name, other], book = connections(market, 2), Book(VAULT)
    unknown = ids.show(ids.new_id(), "con")
    with market.database.connect() as database:
        for state in ("active", "paused"):
            market.execute("UPDATE connection SET state = :state", state=state)
            book.refresh()
            for one in (name, other):
                known = book.connection(database, one)
                assert known is not None
                assert known.state == state
            assert book.connection(database, unknown) is None
            assert book.connection(database, "no id") is None
            database.rollback()
    assert max(read) == 3


def test_flows_and_sources_in_use_are_read_together(market: Market, read: list[int]) -> None:
    made = []
    for _ in range(3):
        market.publish([])
        made.append((market.flow_id, market.source_id))
    book = Book(VAULT)
    with market.database.connect() as database:
        for asked in (made, made, made[:1]):
            book.refresh()
            for flow_id, source_id in asked:
                assert flow_id is not None
                assert source_id is not None
                assert not book.flow_state(database, flow_id).is_paused
                assert book.source(database, source_id, flow_id, 1).cost == {"fixed": 10}
    assert read == [1] * 6 + [3] * 4


def test_a_source_is_compiled_again_when_its_row_has_changed(market: Market, read: list[int]) -> None:
    market.publish([])
    book, known = Book(VAULT), []
    assert market.flow_id is not None
    assert market.source_id is not None
    with market.database.connect() as database:
        for name in ("Ads", "Ads", "Mail"):
            market.execute("UPDATE source SET name = :name WHERE id = :id", name=name, id=market.source_id)
            book.refresh()
            known.append(book.source(database, market.source_id, market.flow_id, 1))
            database.rollback()
    assert [one.name for one in known] == ["Ads", "Ads", "Mail"]
    assert known[0] is known[1]
    assert len(read) == 3
