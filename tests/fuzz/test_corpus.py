"""Every input that fuzzing has kept so far still keeps its promise."""

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
MOST_BYTES = 400_000


@pytest.mark.parametrize("target", TARGETS)
def test_kept_inputs_break_nothing(target: str) -> None:
    inputs = sorted((CORPUS / target).iterdir())

    for path in inputs:
        TARGETS[target](path.read_bytes())
    assert len(inputs) >= 10


def test_the_kept_corpus_is_small_and_of_known_targets() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)
    assert sum(path.stat().st_size for path in CORPUS.rglob("*")) < MOST_BYTES
