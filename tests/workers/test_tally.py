"""What a worker tells and counts: a line for each attempt, sums of leads, offers and durations; nobody's data."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from flowbuilder import counting, enqueue, ids, logs
from tests.support.buyers import a_buyer, accepting, declining
from tests.support.flows import buyer
from tests.support.market import Market


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Give what is written, as JSON."""
    before, stream = logs._lines, io.StringIO()
    logs._lines = logs.Lines(stream, as_json=True, level=20, process="leads")
    yield stream
    logs._lines = before


def attempts(lines: io.StringIO) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in lines.getvalue().splitlines()]
    return [row for row in rows if row["event"] == "attempt"]


def sums(market: Market) -> dict[str, float]:
    with enqueue.connect(market.redis_url) as redis:
        return counting.read_sums(redis)


def test_every_attempt_is_one_line_with_ids_and_numbers(market: Market, lines: io.StringIO) -> None:
    with a_buyer(declining) as sunrise, a_buyer(accepting) as helio:
        market.publish([buyer(market.connect(sunrise), "s1"), buyer(market.connect(helio), "s2")])
        [lead_id] = market.post()
        market.carry()
    first, second = attempts(lines)
    assert list(first) == [
        "at", "level", "event", "process", "lead", "offer", "attempt", "method", "connection", "status",
        "outcome", "ms", "bytes",
    ]  # fmt: skip
    assert [row["outcome"] for row in (first, second)] == ["declined", "ok"]
    assert {row["lead"] for row in (first, second)} == {ids.show(lead_id)}
    assert [row["offer"] for row in (first, second)] == [ids.show(offer.id) for offer in market.offers(lead_id)]
    assert (first["status"], first["attempt"], first["connection"][:4], first["bytes"] > 10) == (200, 1, "con_", True)
    assert "ana0" not in lines.getvalue()


def test_a_call_without_an_answer_is_a_line_without_a_status(market: Market, lines: io.StringIO) -> None:
    with a_buyer(accepting) as sunrise:
        sunrise.hangs_up = True
        market.publish([buyer(market.connect(sunrise, on_ambiguous="treat_as_declined"))])
        market.post()
        market.carry()
    row = attempts(lines)[0]
    assert (row["status"], row["outcome"], row["bytes"]) == (None, "ambiguous", 0)


def test_sums_agree_with_the_rows(market: Market) -> None:
    with a_buyer(declining) as sunrise, a_buyer(accepting) as helio:
        market.publish([buyer(market.connect(sunrise), "s1"), buyer(market.connect(helio), "s2")])
        market.post(20)
        market.carry()
    counted = sums(market)
    assert counted["flowbuilder_leads/sold"] == 20
    assert (counted["flowbuilder_offers/declined"], counted["flowbuilder_offers/accepted"]) == (20, 20)
    in_buckets = [many for name, many in counted.items() if "attempt_seconds/ok" in name and "sum" not in name]
    assert sum(in_buckets) == 20


def test_a_lead_that_is_put_aside_counts_as_an_error(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        market.execute("ALTER TABLE offer ADD CONSTRAINT planted CHECK (step <> 's1')")
        market.post()
        market.carry()
        market.execute("ALTER TABLE offer DROP CONSTRAINT planted")
    counted = sums(market)
    assert (counted["flowbuilder_leads/error"], counted["flowbuilder_leads_quarantined"]) == (1, 1)


def test_leads_go_out_while_nobody_takes_the_sums(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        [lead_id] = market.post()
        with enqueue.connect(market.redis_url) as redis:
            redis.set(counting.SUMS, "not a hash")
        market.carry()
    assert market.lead(lead_id).outcome == "sold"
