"""Two people edit one flow at once while the web is killed: nothing is lost; and the checker finds what is planted."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.chaos.edit_check import History, Story, as_loaded, kept, nothing_else, read_history, told, unbroken, verdicts
from tests.chaos.edits import a_desk, edit
from tests.support.at_the_editor import Change
from tests.support.servers import private_servers
from tests.support.verdicts import Verdict, report

EDITS, SEED = 24, 7

Left = tuple[Story, History]
Promise = Callable[[Story, History], Verdict]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    """Give what the pages said, and the history that is left."""
    with private_servers() as servers, a_desk(servers, tmp_path_factory.mktemp("edits")) as desk:
        story = edit(desk, EDITS, SEED)
        assert desk.web.kills
        yield story, read_history(servers.database_url, desk.flow, desk.first)


def test_nothing_that_two_people_saved_is_lost(left: Left) -> None:
    said, broken = report(verdicts(*left))
    assert not broken, said
    story, history = left
    assert {one.does for one in story.changes} >= {"type", "add", "move"}
    assert len({edit.who for edit in history.edits}) == 2


def without(history: History, at: int) -> History:
    """An edit is gone from the history, and with it what it did."""
    return replace(history, edits=[*history.edits[:at], *history.edits[at + 1 :]])


def first_of(story: Story, does: str) -> Change:
    """Return the first change of a kind, whatever was told of it: a page may have saved none of a kind."""
    return next(one for one in story.changes if one.does == does)


def instead(story: Story, old: Change, **new: object) -> Story:
    """One change was told in another way."""
    changed = replace(old, **new)  # type: ignore[arg-type]
    return replace(story, changes=[changed if one is old else one for one in story.changes])


def overwritten(history: History) -> History:
    """An edit that was no undo takes the currency of the flow along."""
    edit = next(one for one in reversed(history.edits) if one.kind == "edit")
    wider = replace(edit, after={**edit.after, "currency": "EUR"})
    return replace(history, edits=[wider if one is edit else one for one in history.edits])


def begun_elsewhere(history: History) -> History:
    """An edit was made of another document than the one before it left."""
    middle = history.edits[len(history.edits) // 2]
    strange = replace(middle, before={**middle.before, "currency": "EUR"})
    return replace(history, edits=[strange if one is middle else one for one in history.edits])


def of_nobody(history: History) -> History:
    """Everything was done by somebody who did nothing."""
    return replace(history, edits=[replace(one, who="nobody") for one in history.edits])


PLANTED: dict[str, tuple[Promise, Callable[[Story, History], Left]]] = {
    "an edit that is gone": (lambda _, history: unbroken(history), lambda s, h: (s, without(h, len(h.edits) // 2))),
    "the last edit that is gone": (lambda _, history: unbroken(history), lambda s, h: (s, without(h, -1))),
    "an edit of another document": (lambda _, history: unbroken(history), lambda s, h: (s, begun_elsewhere(h))),
    "a draft that nobody made": (
        lambda _, history: unbroken(history),
        lambda s, h: (s, replace(h, draft={**h.draft, "currency": "EUR"})),
    ),
    "an undo that leads elsewhere": (
        lambda _, history: unbroken(history),
        lambda s, h: (s, replace(h, edits=[*h.edits[:-1], replace(h.edits[-1], kind="undo", after=h.first)])),
    ),
    "a value that never came": (kept, lambda s, h: (instead(s, first_of(s, "type"), value="7.77", told="saved"), h)),
    "a step that was never moved": (
        kept,
        lambda s, h: (instead(s, first_of(s, "move"), said="It is now new.", told="saved"), h),
    ),
    "a value that was lost on leaving": (
        kept,
        lambda s, h: (instead(s, first_of(s, "type"), value="7.77", told="left"), h),
    ),
    "a loss of which nothing was said": (
        told,
        lambda s, h: (instead(s, first_of(s, "type"), value="7.77", told="silent"), h),
    ),
    "a conflict without the value": (
        told,
        lambda s, h: (instead(s, first_of(s, "type"), value="7.77", told="conflict", kept=False), h),
    ),
    "something else that changed": (nothing_else, lambda s, h: (s, overwritten(h))),
    "edits of somebody else": (nothing_else, lambda s, h: (s, of_nobody(h))),
    "a page that shows other steps": (nothing_else, lambda s, h: (replace(s, shown=[["s1"], *s.shown[1:]]), h)),
    "an open page that shows another card": (
        lambda story, _: as_loaded(story),
        lambda s, h: (replace(s, differing=["<li> in place of <li class>"]), h),
    ),
}


@pytest.mark.parametrize("planted", list(PLANTED))
def test_the_checker_finds_what_is_planted(left: Left, planted: str) -> None:
    promise, plant = PLANTED[planted]
    assert not promise(*left).findings
    assert promise(*plant(*left)).findings
