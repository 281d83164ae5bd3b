"""Two people change one step at once: the second sees both values, chooses, and nothing is lost without a word."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import DraftEdit, Flow
from tests.support.cast import Cast, Member, a_connection, a_flow
from tests.support.documents import solar
from tests.support.editor_page import editor
from tests.support.looks import SMALL_AND_DARK, WIDE, look_closely

Visit = Callable[..., Page]
Edits = list[tuple[str, Any, Any]]


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow with a filter, and a buyer at $42."""
    made = a_flow(session, cast.sara, document=solar(ids.show(a_connection(session, cast.sara).id, "con")))
    session.commit()
    return made


def price(page: Page) -> Locator:
    """Return the field of the price in the panel."""
    return page.get_by_label("Price", exact=True)


def steps(page: Page) -> Locator:
    """Return the steps of the flow, which a panel may cover."""
    return page.get_by_role("list", name="Steps of the flow", include_hidden=True)


def both_change_the_price(hers: Page, lees: Page) -> None:
    """Let Dana change the price to $45, and then Lee, who has not seen that, to $47."""
    price(hers).fill("45")
    expect(steps(hers)).to_contain_text("at $45.00")
    with lees.expect_response(lambda answer: "/draft/steps/s2" in answer.url) as refused:
        price(lees).fill("47")
    assert refused.value.status == 409
    told = lees.get_by_role("alert")
    expect(told).to_contain_text("Dana Deputy changed this step at")
    expect(told).to_contain_text("Nothing of yours is saved yet, and nothing of theirs is lost.")
    expect(told.get_by_role("definition")).to_contain_text(["at $47.00", "at $45.00", "$47.00", "$45.00"])
    look_closely(lees)


def history(session: Session, flow: Flow) -> Edits:
    """Return every edit of the draft: its name, who made it, and the price of step 2 after it."""
    session.expire_all()
    rows = session.scalars(select(DraftEdit).where(DraftEdit.flow_id == flow.id).order_by(DraftEdit.revision))
    return [(row.name, row.person_id, row.after["steps"][1]["buyer"]["price"]) for row in rows]


@pytest.mark.parametrize("look", [WIDE, SMALL_AND_DARK], ids=["wide", "small and dark"])
def test_whoever_comes_second_may_keep_their_own_value(
    visit_refused: Visit, session: Session, cast: Cast, flow: Flow, dana: Member, look: dict[str, Any]
) -> None:
    hers, lees = (visit_refused(editor(flow, "s2"), who, **look) for who in (dana, cast.sara))
    both_change_the_price(hers, lees)
    lees.get_by_role("button", name="Use mine").click()
    expect(steps(lees)).to_contain_text("at $47.00")
    expect(price(lees)).to_have_value("47.00")
    changed = "change the price of step 2"
    assert history(session, flow) == [(changed, dana.person.id, 45), (changed, cast.sara.person.id, 47)]
    assert flow.draft["steps"][1]["buyer"]["price"] == 47


def test_whoever_comes_second_may_take_the_other_value(
    visit_refused: Visit, session: Session, cast: Cast, flow: Flow, dana: Member
) -> None:
    hers, lees = (visit_refused(editor(flow, "s2"), who, **WIDE) for who in (dana, cast.sara))
    both_change_the_price(hers, lees)
    lees.get_by_role("link", name=re.compile("^Use Dana Deputy")).click()
    expect(price(lees)).to_have_value("45.00")
    expect(steps(lees)).to_contain_text("at $45.00")
    assert history(session, flow) == [("change the price of step 2", dana.person.id, 45)]
    price(lees).fill("46")
    expect(steps(lees)).to_contain_text("at $46.00")
    assert [price for _, _, price in history(session, flow)] == [45, 46]


def test_one_person_on_two_pages_is_told_so(visit_refused: Visit, session: Session, cast: Cast, flow: Flow) -> None:
    one, another = (visit_refused(editor(flow, "s2"), cast.sara, **WIDE) for _ in range(2))
    price(one).fill("45")
    expect(steps(one)).to_contain_text("at $45.00")
    price(another).fill("47")
    told = another.get_by_role("alert")
    expect(told).to_contain_text("You changed this step elsewhere at")
    another.get_by_role("button", name="Use what is here").click()
    expect(steps(another)).to_contain_text("at $47.00")
    assert [price for _, _, price in history(session, flow)] == [45, 47]
