"""On phones and in low windows what opens over a page can be reached, and the page stays where it is."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.cast import Cast

Visit = Callable[..., Page]
SIZES = [(390, 844), (320, 568), (700, 650), (1280, 720), (1366, 650)]
"""A phone, a small one, a narrow window, and two low ones."""
MENU = """
  () => {
    const { left, top, right, bottom } = document.querySelector("#add-menu").getBoundingClientRect();
    const isInside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
    return { isInside, left, top, right, bottom, scrolled: scrollY };
  }
"""
"""Returns where the list of kinds is, and how far the page is scrolled."""
TO_THE_EDGE = "(one, edge) => one.scrollIntoView({ block: edge })"


def opens_on_the_screen(page: Page, plus: Locator, edge: str, key: str) -> None:
    """Open the list at a “+” that stands at an edge of the screen, reach the last kind, and close it again."""
    plus.evaluate(TO_THE_EDGE, edge)
    if key:
        plus.focus()
    else:
        plus.click(trial=True)
    before = page.evaluate("scrollY")
    if key:
        page.keyboard.press(key)
    else:
        plus.tap()
    expect(page.get_by_label("Which kind of step?")).to_be_focused()
    there = page.evaluate(MENU)
    assert there["isInside"], there
    assert there["bottom"] - there["top"] > 230, there
    last = page.locator("#add-menu .add-kind").last
    last.click(trial=True)
    assert [there["scrolled"], page.evaluate("scrollY")] == [before, before]
    page.keyboard.press("Escape")
    expect(plus).to_be_focused()


@pytest.mark.parametrize("key", ["", "Enter"], ids=["by touch", "by key"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_the_kinds_of_steps_open_on_the_screen(
    visit: Visit, cast: Cast, saras: dict[str, str], size: tuple[int, int], key: str
) -> None:
    viewport = {"width": size[0], "height": size[1]}
    page = visit(f"/flows/{saras['lanes']}/edit", cast.sara, viewport=viewport, has_touch=True)
    every = page.locator("#rail [data-add]")
    for plus in (every.first, page.locator("#add-s4-2"), every.last):
        for edge in ("start", "end"):
            opens_on_the_screen(page, plus, edge, key)
