"""Which stops of the rail come with an answer, and that a page shows the same as if it were loaded again."""

import random

import pytest

from flowbuilder import ids
from tests.support.cases import rows
from tests.support.cast import a_connection, a_flow, a_member
from tests.support.documents import solar
from tests.support.flows import buyer, cap, group, only, split
from tests.support.open_page import OpenPage
from tests.support.web import signed_in

EDITS, SEEDS = 60, (1, 2)
FEWEST, MOST = 4, 14
KINDS = ("buyer", "filter", "cap", "group", "transform", "split")
OFTEN = {"save": 40, "add": 9, "move": 12, "delete": 7, "switch": 8, "duplicate": 4, "undo": 12, "redo": 8}
"""What people do, and how often in a hundred times."""


@pytest.fixture
def flow(session, cast):
    names = ("Sunrise", "Helio", "Solarix", "Bright")
    buyers = [ids.show(a_connection(session, cast.sara, name=name).id, "con") for name in names]
    asked = group(buyer(buyers[1], "r1"), buyer(buyers[2], "r2"))
    lanes = split("Nevada", {"is": [{"var": "lead.state"}, "NV"]}, only("NV", "f2"), rest=(buyer(buyers[3], "b2"),))
    steps = [only("CA", "f1"), buyer(buyers[0], "b1", caps=[{"limit": 9, "per": "day"}]), cap(50), asked, lanes]
    made = a_flow(session, cast.sara, document=solar(steps=steps))
    session.commit()
    return made


@pytest.fixture
def dana(app, session, cast):
    return signed_in(app, session, a_member(session, cast.sara.account, role="editor", person="Dana"))


@pytest.mark.parametrize(("before", "edit", "expected"), rows("redrawn.json"))
def test_an_answer_draws_what_has_changed(sara, flow, before, edit, expected):
    page = OpenPage(sara, flow)
    for what, fields in before:
        page.do(what, **fields)
    what, fields = edit
    assert page.do(what, **fields) == expected
    assert page.shown() == page.reloaded()


def test_a_page_that_does_not_say_what_it_shows_is_sent_all_of_it(sara, flow):
    page = OpenPage(sara, flow)
    page.do("steps/b1/off", marks="")
    assert page.do("steps/b1/on", marks="") is None


def test_what_somebody_else_did_comes_with_the_next_answer(sara, dana, flow):
    hers, theirs = OpenPage(sara, flow), OpenPage(dana, flow)
    theirs.do("save b2", note="Ask Dana")
    assert hers.do("save b1", note="Ask Lee") == ["b1", "b2"]
    theirs.do("steps/c/delete")
    assert hers.do("save b1", note="Ask Lee twice") is None
    assert hers.shown() == hers.reloaded()


def test_both_values_of_a_conflict_come_with_the_others_card(sara, dana, flow):
    hers, theirs = OpenPage(sara, flow), OpenPage(dana, flow)
    theirs.do("save b1", price="47")
    assert hers.do("save b1", price="45") == ["b1"]
    assert hers.answer.status_code == 409
    assert hers.shown() == hers.reloaded()


def test_a_buyer_that_a_button_makes_is_named_at_once(sara, flow):
    page = OpenPage(sara, flow)
    assert page.do("save b1", do="connection:pretend") == ["b1"]
    assert "Pretend buyer" in page.shown()["rail"]
    assert page.shown() == page.reloaded()


@pytest.mark.parametrize("seed", SEEDS)
def test_after_any_edit_a_page_shows_what_it_would_show_if_it_were_loaded_again(sara, dana, flow, seed):
    dice = random.Random(seed)
    pages = [OpenPage(sara, flow), OpenPage(dana, flow)]
    looks = {}
    drawn = []
    for number in range(EDITS):
        page = dice.choice(pages)
        what, fields = an_edit(page, dice, number)
        drawn.append(page.do(what, **fields))
        assert page.shown() == page.reloaded(), (number, what, fields)
        for mark, look in page.stops().items():
            assert looks.setdefault(mark, look) == look, (number, what, mark)
    for page in pages:
        page.hear()
        assert page.shown() == page.reloaded()
    assert None in drawn
    assert any(drawn)


def an_edit(page, dice, number):
    """Return something that people do with a draft, by chance."""
    steps = page.steps()
    step = dice.choice(steps)
    [does] = dice.choices([*OFTEN], [*OFTEN.values()])
    if does in ("add", "duplicate") and len(steps) >= MOST:
        does = "delete"
    if does == "delete" and len(steps) <= FEWEST:
        does = "add"
    match does:
        case "save":
            return f"save {step}", {"note": f"Note {number}", "name": dice.choice(("", f"Name {number}"))}
        case "add":
            return "add", {"kind": dice.choice(KINDS), "after": step}
        case "move":
            return f"steps/{step}/move", {"way": dice.choice(("up", "down"))}
        case "switch":
            return f"steps/{step}/{dice.choice(('on', 'off'))}", {}
        case "delete" | "duplicate":
            return f"steps/{step}/{does}", {}
    return does, {}
