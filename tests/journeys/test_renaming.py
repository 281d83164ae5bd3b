"""A flow is called by another name, from the list and from its editor."""

from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Flow
from tests.support.cast import Cast, a_connection, a_flow
from tests.support.documents import solar
from tests.support.looks import WIDE

Visit = Callable[..., Page]


def names(session: Session, cast: Cast) -> list[str]:
    session.rollback()
    session.expire_all()
    return list(session.scalars(select(Flow.name).where(Flow.account_id == cast.sara.account.id).order_by(Flow.id)))


def test_a_flow_is_renamed_from_the_list_and_from_its_editor(visit: Visit, session: Session, cast: Cast) -> None:
    flow = a_flow(session, cast.sara, document=solar(ids.show(a_connection(session, cast.sara).id, "con")))
    session.commit()
    page = visit("/flows", cast.sara, **WIDE)
    page.get_by_role("button", name="More about California solar").click()
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("Sonne für Köln ☀️")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Sonne für Köln ☀️")
    page.goto(f"/flows/{ids.show(flow.id, 'flo')}/edit?step=s2")
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("California")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Edit California")
    assert names(session, cast) == ["California"]
