"""Kept connections are counted, so that libcurl looks for one only where there should be one."""

from rules.delivery.url import Target, parse
from workers.delivery.spares import Spares

HERE, ELSEWHERE = parse("https://buyer.example/leads"), parse("https://other.example/leads")
SAME_PLACE = parse("https://buyer.example/pings")


def spares(*kept: Target, most: int = 3) -> Spares:
    """Return the count after calls that were answered one after the other."""
    made = Spares(most)
    for target in kept:
        made.keep(target)
    return made


def test_the_first_call_finds_none_and_the_next_one_has_what_it_left() -> None:
    assert not spares().take(HERE)
    assert spares(HERE).take(HERE)


def test_each_is_taken_once() -> None:
    counted = spares(HERE)
    assert [counted.take(HERE), counted.take(HERE)] == [True, False]


def test_a_connection_serves_all_addresses_of_its_server_and_no_other() -> None:
    assert spares(HERE).take(SAME_PLACE)
    assert not spares(HERE).take(ELSEWHERE)


def test_what_libcurl_has_no_room_to_keep_is_not_counted() -> None:
    counted = spares(HERE, HERE, HERE, HERE, most=3)
    assert [counted.take(HERE) for _ in range(4)] == [True, True, True, False]
