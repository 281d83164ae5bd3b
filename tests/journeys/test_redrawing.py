"""What an open page shows after every kind of edit is what it shows when it is loaded again, in a real browser."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Flow
from tests.support.cast import Cast, Member, a_connection, a_flow
from tests.support.documents import solar
from tests.support.editor_page import editor
from tests.support.flows import buyer, cap, group, only, split
from tests.support.looks import WIDE

Visit = Callable[..., Page]
WATCHING = (Path(__file__).parent.parent / "support" / "watching.js").read_text()
CHANGES = "() => window.changed.splice(0)"
WATCH_CARDS = """
  window.changed = [];
  new MutationObserver((seen) => {
    for (const one of seen) {
      const stop = one.target.parentElement?.closest("#rail .stop");
      if (stop && !changed.includes(stop.dataset.step)) changed.push(stop.dataset.step);
    }
  }).observe(document.getElementById("rail"), { subtree: true, childList: true, characterData: true });
"""
"""Notes in which stops of the rail something was put."""


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow with a group, and a split with steps in both lanes."""
    names = ("Sunrise", "Helio", "Solarix", "Bright")
    buyers = [ids.show(a_connection(session, cast.sara, name=name).id, "con") for name in names]
    lanes = split("Nevada", {"is": [{"var": "lead.state"}, "NV"]}, only("NV", "f2"), rest=(buyer(buyers[3], "b2"),))
    asked = group(buyer(buyers[1], "r1"), buyer(buyers[2], "r2"))
    steps = [only("CA", "f1"), buyer(buyers[0], "b1"), cap(50), asked, lanes]
    made = a_flow(session, cast.sara, document=solar(steps=steps))
    session.commit()
    return made


def opened(visit: Visit, member: Member, flow: Flow, step: str = "") -> Page:
    """Return somebody's open editor, which can say in what it differs from one that is loaded now."""
    page = visit("about:blank", member, **WIDE)
    page.add_init_script(WATCHING)
    page.goto(editor(flow, step))
    page.wait_for_function("() => window.htmx")
    return page


def presses(page: Page, *buttons: str) -> None:
    """Press buttons one after the other, and wait for what is said of the last."""
    for button in buttons[:-1]:
        page.locator(button).click()
    with page.expect_response(lambda answer: "/draft/" in answer.url and answer.request.method == "POST"):
        page.locator(buttons[-1]).click()
    page.wait_for_function("() => isQuiet(60)")


EDITS: dict[str, tuple[str, ...]] = {
    "turned off": ("#more-b1", "#switch-b1"),
    "taken back": ("#undo",),
    "done again": ("#redo",),
    "moved": ("#down-f1",),
    "moved back": ("#up-f1",),
    "a buyer of a group moved": ("#up-r2",),
    "a buyer of a group deleted": ("#more-r1", "#delete-r1"),
    "a step in a lane turned off": ("#more-f2", "#switch-f2"),
    "added": ("#add-b1", "#add-menu [value=cap]"),
    "added to a lane": ("#add-lanes-1", "#add-menu [value=buyer]"),
    "duplicated": ("#more-c", "#duplicate-c"),
    "deleted": ("#more-f2", "#delete-f2"),
    "a split turned off": ("#more-lanes", "#switch-lanes"),
}
"""What to press for an edit of each kind, one after the other on one page."""


def test_after_every_edit_a_page_shows_what_is_there(visit: Visit, cast: Cast, flow: Flow) -> None:
    page = opened(visit, cast.sara, flow)
    for what, buttons in EDITS.items():
        presses(page, *buttons)
        assert page.evaluate("differs()") == "", what


def test_typing_touches_the_card_of_its_step_alone(visit: Visit, cast: Cast, flow: Flow) -> None:
    page = opened(visit, cast.sara, flow, "b2")
    page.evaluate(WATCH_CARDS)
    page.get_by_label("Price", exact=True).fill("45")
    expect(page.locator("#step-b2")).to_contain_text("at $45.00")
    assert page.evaluate(CHANGES) == ["b2"]
    assert page.evaluate("differs()") == ""


def test_the_page_of_somebody_else_hears_of_it(visit: Visit, cast: Cast, flow: Flow, dana: Member) -> None:
    hers, theirs = opened(visit, cast.sara, flow, "b1"), opened(visit, dana, flow)
    presses(theirs, "#more-c", "#switch-c")
    hers.get_by_label("Price", exact=True).fill("45")
    expect(hers.locator("#step-b1")).to_contain_text("at $45.00")
    expect(hers.locator("#step-c")).to_contain_text("turned off")
    assert hers.evaluate("differs()") == ""
    expect(theirs.locator("#step-b1")).to_contain_text("at $45.00")
    assert theirs.evaluate("differs()") == ""
