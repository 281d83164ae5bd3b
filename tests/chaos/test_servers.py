"""Valkey and PostgreSQL in every bad state: leads that were acknowledged are there, and go on soon after."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import postgres, valkey
from tests.chaos.check import Case, verdicts
from tests.support import proofs
from tests.support.battle import Battle, a_battle, publish_plain
from tests.support.evidence import AWAY, Evidence, Fault, Posted
from tests.support.servers import private_servers
from tests.support.verdicts import report


@pytest.fixture(scope="module")
def battle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Battle]:
    """Give a plain flow on servers that these tests break."""
    folder = tmp_path_factory.mktemp("servers")
    with private_servers() as servers, a_battle(servers, folder, leads=0, workers=2, publish=publish_plain) as battle:
        yield battle


def is_kept(battle: Battle) -> None:
    """Fail unless the checker finds that every promise is kept."""
    with battle.market.database.connect() as database:
        words, broken = report(verdicts(Case(proofs.Books(database), Evidence.read(battle.folder))))
    assert not broken, words


@pytest.mark.parametrize("way", ["terminated", "exhausted", "away"])
def test_postgres_may_be_in_a_bad_state(battle: Battle, way: str) -> None:
    verdict = postgres.endure(battle, way, 5.0)
    assert verdict.findings == []
    is_kept(battle)


@pytest.mark.parametrize(
    ("sent", "at", "is_found"),
    [
        (9.9, 12.0, False),  # Stored before, and its supplier waited for a buyer.
        (10.1, 14.9, True),
        (14.9, 15.1, False),
    ],
)
def test_a_lead_that_could_not_be_stored_is_found(sent: float, at: float, is_found: bool) -> None:
    evidence = Evidence(posted=[Posted(1, "lead", sent, at)], faults=[Fault(AWAY, 10.0, 15.0)])
    assert bool(postgres.told_in_vain(evidence)) == is_found


def test_valkey_may_be_full(battle: Battle) -> None:
    battle.poster.answers.clear()
    verdict = valkey.endure(battle, "full", 5.0)
    assert verdict.findings == []
    is_kept(battle)


def test_valkey_may_be_slow(tmp_path: Path) -> None:
    with private_servers() as servers, valkey.a_plain_battle(servers, tmp_path, "slow") as battle:
        verdict = valkey.endure(battle, "slow", 5.0)
        assert verdict.findings == []
        is_kept(battle)
