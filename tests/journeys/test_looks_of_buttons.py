"""What is pressed has room for a mouse and for a finger, and a page has one button in the accent's colour."""

from typing import Any

import pytest

from tests.support.cast import Cast
from tests.support.looks import ACCENTS, NARROW, TOO_SMALL, WIDE, settled
from tests.support.sights import EDITOR, PAGES

MOUSE, FINGER = 24, 44
"""The least sizes in pixels: the first by WCAG 2.5.8, the second what fingers need."""


@pytest.mark.timeout(240)
@pytest.mark.parametrize("paths", [PAGES, EDITOR], ids=["pages", "editor"])
@pytest.mark.parametrize(("look", "least"), [(WIDE, MOUSE), (NARROW, FINGER)], ids=["mouse", "finger"])
def test_what_is_pressed_has_room_and_one_button_stands_out(  # type: ignore[no-untyped-def]
    visit, cast: Cast, saras: dict[str, str], paths: list[str], look: Any, least: int
) -> None:
    page = visit("/", cast.sara, **look)
    wrong = []
    for path in paths:
        page.goto(path.format(**saras))
        settled(page)
        accents = page.evaluate(ACCENTS)
        wrong += [f"{path}: {one}" for one in page.evaluate(TOO_SMALL, least) + accents[1:]]
    assert not wrong, "\n".join(wrong)
