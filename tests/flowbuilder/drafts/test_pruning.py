"""What is kept of the history of a draft: a month of it, and all that a hundred undos and redos need."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from flowbuilder import clock
from flowbuilder.drafts import operations as drafts
from flowbuilder.drafts import queries
from flowbuilder.drafts.operations import DEEPEST, Page, TooFarBack
from flowbuilder.drafts.pruning import FEW
from flowbuilder.models import DraftEdit
from rules.editing import set_settings, settings_of
from tests.support.cast import a_flow
from tests.support.documents import solar
from workers.sweep import tidy

LONG_AGO = clock.now() - timedelta(days=40)
TYPED = 3
"""How many saves each edit of the tests is made of, which are undone at once."""


@pytest.fixture
def history(session, flow, sara):
    return History(session, flow, sara)


class History:
    """Types prices into a draft, the n-th of them n minutes after `began`, and takes them back."""

    def __init__(self, session, flow, actor):
        self.session, self.flow, self.actor = session, flow, actor

    @property
    def price(self):
        return settings_of(self.flow.draft, "s2")["price"]

    def type(self, prices, began=LONG_AGO):
        for price in prices:
            for second in range(TYPED):
                at = began + timedelta(minutes=price, seconds=second)
                whole = price if second == TYPED - 1 else price * 1000 + second
                edit = set_settings("s2", {**settings_of(self.flow.draft, "s2"), "price": whole})
                drafts.change(
                    session=self.session, actor=self.actor, flow=self.flow, page=Page(0), edit=edit, now=at
                )  # fmt: skip

    def go(self, way, times=1, at=LONG_AGO):
        for _ in range(times):
            target = getattr(queries.history_of(self.session, self.flow, None), way).revision
            act = getattr(drafts, way)
            act(session=self.session, actor=self.actor, flow=self.flow, page=Page(0), target=target, now=at)

    def tidied(self):
        """Tidy as the sweep does, and return how many edits are left."""
        tidy(self.session.connection(), clock.now())
        self.session.expire_all()
        return self.session.scalar(select(func.count()).select_from(DraftEdit).where(DraftEdit.flow_id == self.flow.id))


def test_a_hundred_edits_are_undone_and_the_one_before_them_is_not(session, flow, history):
    history.type(range(1, DEEPEST + 3))
    history.go("undo", DEEPEST)
    shown = queries.history_of(session, flow, None)
    assert (history.price, shown.undo, shown.is_at_end) == (2, None, True)
    with pytest.raises(TooFarBack):
        drafts.undo(
            session=session, actor=history.actor, flow=flow, page=Page(0), target=shown.last.next_undo, now=clock.now()
        )
    history.go("redo", DEEPEST)
    assert history.price == DEEPEST + 2


def test_an_edit_after_that_can_be_undone_alone(session, flow, history):
    history.type(range(1, DEEPEST + 3))
    history.go("undo", DEEPEST)
    history.type([500])
    history.go("undo")
    assert history.price == 2
    assert queries.history_of(session, flow, None).is_at_end


def test_of_old_edits_those_are_kept_that_undo_and_redo_need(history):
    history.type(range(1, 131))
    history.go("undo", 30)
    whole = 130 * TYPED + 30
    # Of a hundred edits the first save and the last; what was undone can be done again.
    assert history.tidied() == 2 * (DEEPEST - 30) + 30 < whole
    history.go("redo", 30)
    assert history.price == 130
    history.go("undo", DEEPEST)
    assert history.price == 30


def test_a_month_is_kept_whether_it_can_be_undone_or_not(history):
    history.type(range(1, 131), began=clock.now() - timedelta(days=29))
    assert history.tidied() == 130 * TYPED


def test_a_history_that_is_short_stays_whole(history):
    history.type(range(1, FEW // TYPED))
    assert history.tidied() == (FEW // TYPED - 1) * TYPED


def test_of_a_draft_that_came_in_another_way_since_nothing_old_is_needed(session, flow, history):
    history.type(range(1, 131))
    flow.draft_revision += 1
    session.flush()
    assert history.tidied() == 0
    history.type([7], began=clock.now())
    history.go("undo", at=clock.now())
    assert history.price == 130


def test_other_flows_keep_what_they_have(session, cast, history):
    other = a_flow(session, cast.sara, document=solar("con_1"), name="Other")
    theirs = History(session, other, history.actor)
    theirs.type([1])
    history.type(range(1, 131))
    assert (history.tidied(), theirs.tidied()) == (2 * DEEPEST, TYPED)
