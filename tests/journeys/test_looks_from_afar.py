"""Every page on the smallest screen, with letters twice as big and in forced colours: nothing is lost by it."""

import pytest

from tests.support.cast import Cast
from tests.support.looks import WIDE, settled, wrong_from_afar
from tests.support.sights import EDITOR, PAGES


@pytest.mark.parametrize("paths", [PAGES, EDITOR], ids=["pages", "editor"])
def test_nothing_is_lost_by_what_readers_set(visit, cast: Cast, saras: dict[str, str], paths: list[str]) -> None:  # type: ignore[no-untyped-def]
    page = visit("/", cast.sara, **WIDE)
    wrong = {}
    for path in paths:
        page.goto(path.format(**saras))
        settled(page)
        wrong[path] = wrong_from_afar(page)
    assert {path: seen for path, seen in wrong.items() if seen} == {}
