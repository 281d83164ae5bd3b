"""Over many leads every mode keeps what it promises, starves nobody, and ranks the same lead in the same way again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from math import sqrt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.caps import MOST, Cap
from rules.mixes import Mix
from rules.ranking import RANKERS, Seed, Standing, least_loaded, quota, round_robin, weighted
from rules.sharing import next_offer
from rules.values import compile_value

LEADS = 10_000
NOW = datetime(2026, 11, 20, tzinfo=UTC)
NAMES = "abcdefgh"
WEIGHTS = st.lists(st.integers(1, 10), min_size=2, max_size=6)
STANDINGS = st.lists(
    st.builds(
        Standing,
        id=st.sampled_from(NAMES),
        number=st.just(0),
        priority=st.integers(1, 3),
        weight=st.integers(1, 10),
        alone=st.none() | st.integers(1, 9),
        beside=st.none() | st.integers(1, 9),
        most=st.integers(2, 4),
        sold=st.integers(0, 3),
        behind=st.integers(-3, 3),
        competes=st.booleans(),
        ms=st.integers(0, 3),
    ),
    max_size=8,
    unique_by=lambda row: row.id,
)


def rows(weights: Sequence[int], **settings: Any) -> list[Standing]:
    return [Standing(NAMES[at], at + 1, weight=weight, **settings) for at, weight in enumerate(weights)]


@settings(max_examples=4)
@given(WEIGHTS)
def test_weighted_gives_each_its_share_of_those_that_can_be_asked(weights: list[int]) -> None:
    first = Counter(weighted(rows(weights), Seed(f"lead-{n}", "g"))[0].id for n in range(LEADS))
    for row in rows(weights):
        assert abs(first[row.id] / LEADS - row.weight / sum(weights)) <= 0.02


@settings(max_examples=4)
@given(WEIGHTS)
def test_who_is_second_is_drawn_by_weight_from_those_that_are_left(weights: list[int]) -> None:
    ranked = [weighted(rows(weights), Seed(f"lead-{n}", "g")) for n in range(LEADS)]
    second = Counter(both[1].id for both in ranked if both[0].id == "a")
    left, many = sum(weights) - weights[0], second.total()
    for row in rows(weights)[1:]:
        share = row.weight / left
        assert abs(second[row.id] / many - share) <= 5 * sqrt(share * (1 - share) / many)


@settings(max_examples=25)
@given(st.integers(2, 8), st.lists(st.sets(st.integers(1, 8)), min_size=1, max_size=30))
def test_round_robin_gives_a_turn_in_each_round_to_whoever_takes_every_lead(
    count: int, refusals: list[set[int]]
) -> None:
    sold: list[int] = []
    for lead in range(LEADS // 10):
        ranked = round_robin(rows([1] * count), Seed(f"{lead}", "g", sold[-1] if sold else 0))
        refused = refusals[Seed(f"{lead}", "refusals").draw("") % len(refusals)]
        takers = [row.number for row in ranked if row.number not in refused]
        assert len(ranked) == count
        sold += takers[:1]
    always = [number for number in range(1, count + 1) if not any(number in refused for refused in refusals)]
    rounds = [sold[at : at + count] for at in range(len(sold) - count + 1)]
    assert all(number in one for number in always for one in rounds)
    assert len(rounds) > LEADS // 20 or not always


def test_round_robin_shares_evenly_among_those_that_always_take_leads() -> None:
    last, sold = 0, Counter[int]()
    for lead in range(LEADS):
        last = round_robin(rows([1] * 7), Seed(f"{lead}", "g", last))[0].number
        sold[last] += 1
    assert max(sold.values()) - min(sold.values()) <= 1


def test_least_loaded_keeps_everyone_level() -> None:
    sold = Counter(dict.fromkeys("abcde", 0))
    for lead in range(LEADS // 10):
        standings = [Standing(name, at, sold=sold[name]) for at, name in enumerate("abcde", 1)]
        sold[least_loaded(standings, Seed(f"{lead}", "g"))[0].id] += 1
        assert max(sold.values()) - min(sold.values()) <= 1


def mix(*shares: int) -> Mix:
    by = compile_value({"var": "lead.kind"}, {})
    return Mix(by, {f"k{at}": share for at, share in enumerate(shares)}, Cap("a/mix", MOST, "day", "UTC"))


@settings(max_examples=10)
@given(st.lists(st.integers(1, 100), min_size=2, max_size=4), st.integers(0, 2**32))
def test_quota_keeps_the_shares_of_every_buyer(shares: list[int], start: int) -> None:
    """Kinds of leads come as they like, each often enough; every buyer's own mix is right after each sale."""
    wanted, names = mix(*shares), "abc"
    counts = {name: [0] * len(shares) for name in names}
    for lead in range(LEADS):
        kind = f"k{Seed(f'{start}-{lead}', 'kinds').draw('') % len(shares)}"
        able = [name for name in names if wanted.has_room(kind, counts[name])]
        standings = [Standing(name, at, behind=wanted.behind(kind, counts[name])) for at, name in enumerate(able)]
        if standings:
            counts[quota(standings, Seed(f"{lead}", "g"))[0].id][int(kind[1:])] += 1
    for sold in counts.values():
        assert sum(sold) > 0
        for share, count in zip(shares, sold, strict=True):
            exact = Decimal(share * sum(sold)) / sum(shares)
            assert -len(shares) <= count - exact < 1 + Decimal(share) / sum(shares) * len(shares)
            assert abs(count / sum(sold) - share / sum(shares)) <= max(0.02, 2 / sum(sold))


@settings(max_examples=200)
@given(st.lists(st.integers(1, 100), min_size=2, max_size=5), st.lists(st.integers(0, 500), min_size=5, max_size=5))
def test_a_mix_always_has_room_for_some_kind(shares: list[int], counts: list[int]) -> None:
    wanted, sold = mix(*shares), counts[: len(shares)]
    room = [kind for kind in wanted.shares if wanted.has_room(kind, sold)]
    assert room
    for at, kind in enumerate(wanted.shares):
        most = wanted.most(kind, sold)
        whole, others = sum(shares), sum(sold) - sold[at]
        assert (most - 1) * whole < shares[at] * (others + most) <= most * whole + whole * shares[at]


@given(st.sampled_from(sorted(RANKERS)), STANDINGS, st.text(max_size=5), st.integers(0, 9))
def test_every_mode_ranks_all_once_and_the_same_again(mode: str, found: list[Standing], lead: str, last: int) -> None:
    standings = [Standing(**{**fields_of(row), "number": at}) for at, row in enumerate(found, 1)]
    ranked = RANKERS[mode](standings, Seed(lead, "g", last))
    assert sorted(row.number for row in ranked) == list(range(1, len(found) + 1))
    assert ranked == RANKERS[mode](list(reversed(standings)), Seed(lead, "g", last))
    direct = [row.priority for row in ranked if mode not in ("highest_bid", "fastest") or not row.competes]
    assert all(before <= after for before, after in pairwise(direct))


def fields_of(row: Standing) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Standing.__dataclass_fields__}


@given(st.sampled_from(["waterfall", "highest_bid", "fastest"]), STANDINGS, st.integers(1, 5))
def test_a_lead_is_sold_alone_or_shared_as_everyone_allows(mode: str, found: list[Standing], sell_up_to: int) -> None:
    left = [replace(row, number=at) for at, row in enumerate(found, 1)]
    sold, alone = list[Standing](), False
    while not alone and (planned := next_offer(mode, left, sold, sell_up_to)):
        left.remove(planned.row)
        sold.append(planned.row)
        alone = planned.is_alone
        assert planned.price == (planned.row.alone if alone else planned.row.beside)
    assert len(sold) <= sell_up_to
    assert not alone or len(sold) == 1
    assert alone or all(row.beside is not None and len(sold) <= row.most for row in sold)


@pytest.mark.parametrize("last", range(4))
def test_the_draw_of_one_lead_does_not_follow_from_another(last: int) -> None:
    orders = {tuple(row.id for row in weighted(rows([1, 1, 1]), Seed(f"lead-{n}", "g", last))) for n in range(200)}
    assert len(orders) == 6
