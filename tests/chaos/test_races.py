"""Processes that race for places, loops that race for leads, posts that race for one key: each is had once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.races import AT_ONCE, race_for_keys, race_for_leads, race_for_places
from tests.support.battle import Battle, a_battle, publish_plain
from tests.support.servers import private_servers


def test_four_processes_never_pass_a_cap_and_lose_no_place(fresh_database_url: str) -> None:
    verdict = race_for_places(fresh_database_url, racers=4, seeds=50)
    assert verdict.findings == []
    assert verdict.figures.startswith("50 seeds, 4 processes")


def test_a_lead_that_loops_take_from_each_other_is_sold_once(fresh_database_url: str, fresh_redis_url: str) -> None:
    verdict = race_for_leads(fresh_database_url, fresh_redis_url, loops=8, seed=1, leads=100)
    assert verdict.findings == []
    assert "100 of 100 leads sold by 8 loops" in verdict.figures


@pytest.fixture
def battle(tmp_path: Path) -> Iterator[Battle]:
    """Give a web and one worker on servers of their own, with a plain flow."""
    with private_servers() as servers, a_battle(servers, tmp_path, leads=0, workers=1, publish=publish_plain) as one:
        yield one


def test_a_lead_that_is_posted_many_times_at_once_is_one_lead(battle: Battle) -> None:
    verdict = race_for_keys(battle, seeds=3)
    assert verdict.findings == []
    assert f"{{201: {3 * AT_ONCE}}}" in verdict.figures
