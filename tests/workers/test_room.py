"""Windows far from full are dealt from without a lock, as a loop remembers them; nothing is passed by that."""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import text

from flowbuilder import db
from tests.support.buyers import a_buyer, accepting, in_turn
from tests.support.flows import NO, YES, buyer, cap
from tests.support.loops import a_loop, hear, turn
from tests.support.market import Market
from workers import caps, journal, moving
from workers.caps import PLENTY, Ask, Dealer, KnownWindows
from workers.engine import Engine
from workers.rows import Changes

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC).isoformat()
OTHERS_USE = "UPDATE cap_window SET used = used + :others"


@pytest.fixture
def database(fresh_database_url: str) -> Iterator[Database]:
    """Give an empty database."""
    engine = db.make_engine(fresh_database_url)
    yield engine
    engine.dispose()


def ask(limit: int, take: int = 1, cap: str = "s1/day") -> Ask:
    return Ask(cap, cap, "", limit, take, NOON, None, keep=False)


def deal(known: KnownWindows, asks: Sequence[Ask]) -> bool:
    """Take places in one transaction, as a turn does; return whether its windows were remembered."""
    found = known.find(asks)
    dealer = Dealer(known)
    with known._engine.connect() as connection:
        is_remembered = dealer.recall(asks, [])
        if not is_remembered:
            dealer.lock(connection, found)
        dealer.take(asks)
        changes = Changes()
        dealer.add_to(changes)
        journal.write(connection, changes)
        connection.commit()
    dealer.remember()
    return is_remembered


def sell_one(market: Market, loop: Engine) -> None:
    """Post a lead, and take turns until its buyer's answer is written; a turn that failed is taken again."""
    market.post(1)
    while not loop._load.out:
        turn(loop)
    hear(loop, 1)
    turn(loop)


@pytest.mark.parametrize(
    ("limit", "take", "is_remembered"),
    [
        (PLENTY, 1, False),
        (PLENTY + 1, 1, True),
        (PLENTY * 250, 250, False),
        (PLENTY * 250 + 250, 250, True),
        (PLENTY * 250, 0, False),
    ],
    ids=["a lead too few", "as many as must be", "money too little", "money enough", "an amount that is not known yet"],
)
def test_a_window_with_room_for_many_more_is_not_locked_again(
    database: Database, limit: int, take: int, is_remembered: bool
) -> None:
    known = KnownWindows(database)
    assert [deal(known, [ask(limit, take)]) for _ in range(2)] == [False, is_remembered]


def test_one_window_that_is_nearly_full_has_all_of_a_turn_locked(database: Database) -> None:
    known = KnownWindows(database)
    far, near = ask(5 * PLENTY), ask(10, cap="s2/day")
    deal(known, [far, near])
    assert [deal(known, [far]), deal(known, [far, near])] == [True, False]


def test_a_window_is_looked_at_again_from_time_to_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    known, far = KnownWindows(database), ask(5 * PLENTY)
    assert [deal(known, [far]), deal(known, [far])] == [False, True]
    monkeypatch.setattr(caps, "TRUSTED_FOR", 0)
    assert not deal(known, [far])


def test_after_a_failure_nothing_is_remembered(database: Database) -> None:
    known, far = KnownWindows(database), ask(5 * PLENTY)
    deal(known, [far])
    known.forget()
    assert not deal(known, [far])


def test_windows_may_become_too_many_to_remember(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    known, far = KnownWindows(database), [ask(5 * PLENTY, cap=f"s{at}/day") for at in range(5)]
    deal(known, far)
    monkeypatch.setattr(caps, "MOST_KNOWN", 4)
    assert [deal(known, far[:1]), deal(known, far[:1]), deal(known, far[1:])] == [True, True, False]


def test_the_lowest_limit_that_was_dealt_under_holds_for_what_is_not_locked(database: Database) -> None:
    known = KnownWindows(database)
    deal(known, [ask(5 * PLENTY)])
    with database.begin() as other:
        other.execute(text(OTHERS_USE), {"others": 2 * PLENTY - 1})
    with pytest.raises(journal.CapPassed):
        deal(known, [ask(5 * PLENTY), ask(2 * PLENTY)])


def test_who_asks_how_much_is_used_exactly_is_not_told_what_is_remembered(database: Database) -> None:
    known, far = KnownWindows(database), ask(5 * PLENTY)
    deal(known, [far])
    dealer = Dealer(known)
    assert dealer.recall([far], [])
    assert [dealer.holds([far]), dealer.holds([far], exactly=True)] == [True, False]
    assert not dealer.holds([ask(5 * PLENTY, take=5 * PLENTY)]), "nobody can say that it is full"


def test_a_cap_that_others_filled_meanwhile_is_not_passed(market: Market, caplog: pytest.LogCaptureFixture) -> None:
    limit = PLENTY + 10
    with a_buyer(accepting) as sunrise:
        market.publish([cap(limit), buyer(market.connect(sunrise))])
        with a_loop(market) as loop:
            sell_one(market, loop)
            market.execute(OTHERS_USE, others=limit - 2)
            market.post(2)
            with caplog.at_level(logging.WARNING, moving.log.name):
                sell_one(market, loop)
    assert sorted(lead.outcome or "" for lead in market.leads()) == ["rejected"] * 2 + ["sold"] * 2
    assert market.used() == {"c/day": limit}
    market.execute(OTHERS_USE, others=2 - limit)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["a turn of 3 leads failed"]


def test_a_full_cap_in_money_costs_no_turn_more(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise), price=60, caps=[{"spend": 100, "per": "day"}])])
        with a_loop(market) as loop:
            sell_one(market, loop)
            [lead] = market.post(1)
            turn(loop)
    assert (market.lead(lead).outcome, market.used()) == ("rejected", {"s1/day/spend": 6000})


def test_a_lead_that_moves_alone_relies_on_nothing_remembered(market: Market) -> None:
    limit = PLENTY + 10
    with a_buyer(accepting) as sunrise:
        market.publish([cap(limit), buyer(market.connect(sunrise))])
        with a_loop(market) as loop:
            sell_one(market, loop)
            market.execute(OTHERS_USE, others=limit - 1)
            [lead] = market.post(1)
            market.execute("UPDATE lead SET crashes = 2 WHERE state = 'received'")
            while market.lead(lead).state != "done":
                turn(loop)
    market.execute(OTHERS_USE, others=1 - limit)
    assert (market.lead(lead).outcome, market.lead(lead).reason_code) == ("rejected", "cap_reached")


def test_places_come_back_to_windows_that_are_not_locked(market: Market) -> None:
    with a_buyer(in_turn(YES, NO, YES, NO)) as sunrise:
        market.publish([cap(2 * PLENTY), buyer(market.connect(sunrise), caps=[{"limit": 2 * PLENTY, "per": "hour"}])])
        with a_loop(market) as loop:
            for _ in range(4):
                sell_one(market, loop)
    assert market.used() == {"c/day": 2, "s1/hour": 2}


def test_loops_that_share_a_large_cap_sell_exactly_as_much(market: Market) -> None:
    limit = PLENTY + 40
    with a_buyer(accepting) as sunrise:
        market.publish([cap(limit), buyer(market.connect(sunrise))])
        market.post(limit + 20)
        with market.carrying(3):
            market.wait_until_settled()
    outcomes = [lead.outcome for lead in market.leads()]
    assert {said: outcomes.count(said) for said in ("sold", "rejected")} == {"sold": limit, "rejected": 20}
    assert market.used() == {"c/day": limit}
