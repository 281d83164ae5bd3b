"""What was read a moment ago is read together, and a failure to read is never taken for an answer."""

from collections.abc import Collection
from typing import Any, cast

import pytest

from workers.together import Together

DATABASE = cast("Any", None)
"""Nothing here asks it: what a statement says comes from a table of its own."""


class Shelf:
    """What a statement would say, which statements were made, and whether the database is there."""

    def __init__(self, **known: int) -> None:
        self.known = known
        self.asked: list[set[str]] = []
        self.is_away = False

    def read(self, _database: object, keys: Collection[str]) -> dict[str, int]:
        self.asked.append(set(keys))
        if self.is_away:
            raise ConnectionError("the database is away")
        return {key: self.known[key] for key in keys if key in self.known}


def test_what_failed_to_be_read_is_read_again_and_is_not_nothing() -> None:
    shelf = Shelf(a=1)
    together = Together(shelf.read)
    shelf.is_away = True
    with pytest.raises(ConnectionError):
        together.get(DATABASE, "a")
    with pytest.raises(ConnectionError):
        together.find(DATABASE, "a")
    shelf.is_away = False
    assert together.get(DATABASE, "a") == 1


def test_others_that_were_in_use_are_not_nothing_after_a_failure() -> None:
    shelf = Shelf(a=1, b=2)
    together = Together(shelf.read)
    assert (together.find(DATABASE, "a"), together.find(DATABASE, "b")) == (1, 2)
    together.forget()
    shelf.is_away = True
    with pytest.raises(ConnectionError):
        together.find(DATABASE, "a")
    shelf.is_away = False
    assert (together.find(DATABASE, "b"), together.find(DATABASE, "a")) == (2, 1)


def test_keys_in_use_are_read_by_one_statement_and_an_unknown_one_once() -> None:
    shelf = Shelf(a=1, b=2)
    together = Together(shelf.read)
    together.forget()
    assert [together.find(DATABASE, key) for key in "abcabc"] == [1, 2, None, 1, 2, None]
    together.forget()
    assert [together.find(DATABASE, key) for key in "cba"] == [None, 2, 1]
    assert shelf.asked == [{"a"}, {"b"}, {"c"}, {"a", "b", "c"}]
    with pytest.raises(LookupError, match="nothing is known of c"):
        together.get(DATABASE, "c")
