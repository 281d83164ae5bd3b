"""Kept connections are counted, so that libcurl looks for one only where there should be one."""

from rules.delivery.url import Target, parse
from workers.delivery.spares import Spares

HERE, ELSEWHERE = parse("https://buyer.example/leads"), parse("https://other.example/leads")
SAME_PLACE = parse("https://buyer.example/pings")


def spares(*kept: Target, most: int = 3) -> Spares:
    """Return the count after calls that were answered one after the other, a second apart."""
    made = Spares(most, lasts=20)
    for at, target in enumerate(kept):
        made.keep(target, at)
    return made


def test_the_first_call_finds_none_and_the_next_one_has_what_it_left() -> None:
    assert not spares().take(HERE, 10)
    assert spares(HERE).take(HERE, 10)


def test_each_is_taken_once() -> None:
    counted = spares(HERE)
    assert [counted.take(HERE, 10), counted.take(HERE, 10)] == [True, False]


def test_a_connection_serves_all_addresses_of_its_server_and_no_other() -> None:
    assert spares(HERE).take(SAME_PLACE, 10)
    assert not spares(HERE).take(ELSEWHERE, 10)


def test_what_libcurl_has_no_room_to_keep_is_not_counted() -> None:
    counted = spares(HERE, HERE, HERE, HERE, most=3)
    assert [counted.take(HERE, 10) for _ in range(4)] == [True, True, True, False]


def test_one_that_waited_for_too_long_is_no_use_nor_are_those_before_it() -> None:
    counted = spares(HERE, HERE, ELSEWHERE)
    assert [counted.take(HERE, 22), len(counted)] == [False, 1]
    assert [counted.take(ELSEWHERE, 22), len(counted)] == [True, 0]


def test_those_that_are_too_old_make_room_for_others() -> None:
    counted = spares(ELSEWHERE, ELSEWHERE, ELSEWHERE)
    counted.keep(HERE, 10)
    assert not counted.take(HERE, 10)
    counted.keep(HERE, 22)
    assert [counted.take(HERE, 22), len(counted)] == [True, 1]
