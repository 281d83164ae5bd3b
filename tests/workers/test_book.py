"""What carrying knows of connections is read again every second, all that are in use at once."""

import pytest

from flowbuilder import ids
from tests.support.buyers import a_buyer
from tests.support.market import VAULT, Market
from workers import book as module
from workers.book import Book
from workers.statements import Statement


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
    assert read == [*[1] * 8, 4, 4, 4, 4, 2, 2, 2, 2]


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
