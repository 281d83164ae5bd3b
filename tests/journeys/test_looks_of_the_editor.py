"""The editor, its panels and questions, reviews and versions, light and wide, dark and narrow."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.cast import Cast
from tests.support.looks import LOOKS, WIDE, cut_choices, hard_to_press, look_closely, settled
from tests.support.sights import EDITOR


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_editor_with_whatever_is_open(visit, cast: Cast, saras: dict[str, str], look: Any) -> None:  # type: ignore[no-untyped-def]
    page, hard = visit("/", cast.sara, **look), list[str]()
    for path in EDITOR:
        page.goto(path.format(**saras))
        settled(page)
        expect(page.locator("h1")).to_have_count(1)
        look_closely(page)
        hard += hard_to_press(page) + cut_choices(page)
    assert not hard, "\n".join(hard)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_what_opens_over_the_editor(visit, cast: Cast, saras: dict[str, str], look: Any) -> None:  # type: ignore[no-untyped-def]
    page = visit(f"/flows/{saras['wrong']}/edit", cast.sara, **look)
    page.get_by_text("1 thing to put right").click()
    look_closely(page)
    page.get_by_role("link", name="Add a step below “Leads arrive”").click()
    expect(page.get_by_label("Which kind of step?")).to_be_focused()
    look_closely(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More for Brightroof").click()
    look_closely(page)
    page.keyboard.press("Escape")
    page.goto(f"/flows/{saras['wrong']}/edit?step=s1", wait_until="networkidle")
    page.get_by_label("More for rule 1").click()
    look_closely(page)
    page.goto(f"/flows/{saras['changed']}/edit?step=s1", wait_until="networkidle")
    page.get_by_role("button", name="Remove CA").click()
    expect(page.locator("#problems")).to_contain_text("to put right")
    look_closely(page)


def test_what_could_not_be_fetched_says_so_in_its_place(visit, cast: Cast, saras: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    # The console tells of the request that fails here, so that it is a page of its own.
    page = visit("about:blank", cast.sara, **WIDE).context.new_page()
    page.route("**/review/impact*", lambda route: route.abort())
    page.goto(f"/flows/{saras['changed']}/review")
    expect(page.get_by_text("It could not be tried just now.")).to_be_visible()
    expect(page.get_by_text("Trying it on your last")).to_be_hidden()
    expect(page.locator("[aria-busy]")).to_have_count(0)
    look_closely(page)
