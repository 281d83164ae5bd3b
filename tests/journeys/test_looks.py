"""Every page, light and wide, dark and narrow, full and empty: accessible, inside its frame, without a fault."""

from typing import Any

import pytest
from playwright.sync_api import Response, expect

from tests.support.cast import Cast
from tests.support.looks import LOOKS, NARROW, cut_choices, hard_to_press, look_closely, settled
from tests.support.sights import EMPTY, PAGES


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_every_page_with_something_on_it(visit, cast: Cast, saras: dict[str, str], look: Any) -> None:  # type: ignore[no-untyped-def]
    page, hard = visit("/", cast.sara, **look), list[str]()
    for path in PAGES:
        page.goto(path.format(**saras))
        settled(page)
        expect(page.locator("h1")).to_have_count(1)
        look_closely(page)
        hard += hard_to_press(page) + cut_choices(page)
    assert not hard, "\n".join(hard)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_every_page_with_nothing_on_it(visit, cast: Cast, look: Any) -> None:  # type: ignore[no-untyped-def]
    page = visit("/", cast.zoe, **look)
    for path in EMPTY:
        page.goto(path)
        look_closely(page)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_the_sign_in_page(visit, look: Any) -> None:  # type: ignore[no-untyped-def]
    look_closely(visit("/sign-in", **look))


def test_a_lead_whose_person_is_shown_with_all_its_calls(visit, cast: Cast, saras: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    page = visit(f"/leads/{saras['lead']}", cast.sara, **NARROW)
    page.get_by_role("button", name="Show personal data").click()
    expect(page.get_by_text("ana@example.com").first).to_be_attached()
    page.locator("details > summary").evaluate_all("all => all.forEach(one => one.click())")
    expect(page.get_by_text("We sent").first).to_be_visible()
    look_closely(page)


@pytest.mark.parametrize(("look", "paper"), [("dark", "rgb(17, 24, 25)"), ("light", "rgb(246, 244, 238)")])
def test_the_look_that_was_chosen_wins_over_the_computers(visit, cast: Cast, look: str, paper: str) -> None:  # type: ignore[no-untyped-def]
    page = visit("/account", cast.sara, color_scheme="light" if look == "dark" else "dark")
    page.get_by_label(look.capitalize(), exact=True).check()
    page.get_by_role("button", name="Keep this look").click()
    expect(page.locator("body")).to_have_css("background-color", paper)


def test_a_page_is_light_to_load(visit, cast: Cast, saras: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    page = visit("about:blank", cast.sara)
    came: list[Response] = []
    page.context.on("response", lambda got: came.append(got))  # noqa: PLW0108
    page.context.new_page().goto("/leads", wait_until="networkidle")
    assert len(came) <= 12
    assert sum(each.request.sizes()["responseBodySize"] for each in came) <= 120_000
