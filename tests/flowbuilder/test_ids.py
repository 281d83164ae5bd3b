"""Identifiers: in the order of time, shown and read back, never mistaken for one another."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbuilder import ids


def test_ids_of_one_process_are_all_different_and_in_order() -> None:
    made = [ids.new_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_ids_made_by_many_threads_at_once_are_all_different() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: ids.new_id(), range(8_000)))
    assert len(set(made)) == len(made)


def test_an_id_is_a_uuid_of_version_seven_and_knows_its_time() -> None:
    identifier = ids.new_id()
    assert (identifier.version, identifier.variant) == (7, "specified in RFC 4122")
    assert abs(ids.made_at(identifier) - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_first_id_of_a_moment_comes_before_all_others_of_it() -> None:
    first = ids.first_id_at(datetime(2026, 11, 1, tzinfo=UTC))
    assert ids.made_at(first) == datetime(2026, 11, 1, tzinfo=UTC)
    assert first < ids.first_id_at(datetime(2026, 11, 1, 0, 0, 1, tzinfo=UTC))


@given(st.uuids())
def test_what_is_shown_is_read_back(identifier: UUID) -> None:
    shown = ids.show(identifier)
    assert len(shown) == 26
    assert ids.read(shown) == ids.read(shown.lower()) == identifier
    assert ids.read(ids.show(identifier, "con"), "con") == identifier


@pytest.mark.parametrize("text", ["", "con_", "x" * 26, "Z" * 26, "0" * 25, "0" * 27])
def test_other_texts_are_no_ids(text: str) -> None:
    with pytest.raises(ids.NotAnId):
        ids.read(text)


def test_an_id_of_one_kind_is_not_one_of_another() -> None:
    shown = ids.show(ids.new_id(), "src")
    with pytest.raises(ids.NotAnId):
        ids.read(shown, "con")
    with pytest.raises(ids.NotAnId):
        ids.read(ids.show(ids.new_id()), "con")


def test_public_keys_are_short_and_all_different() -> None:
    made = {ids.new_key() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(key) for key in made} == {10}
