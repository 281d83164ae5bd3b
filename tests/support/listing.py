"""Stored lists of a market, filled as its page fills them."""

from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.audit import Actor
from flowbuilder.lists import operations
from rules.stored_lists import ListForm
from tests.support import cast
from tests.support.market import Market


def a_list(market: Market, *entries: str, form: ListForm | None = None) -> str:
    """Make a list with entries, of email addresses by default, and return its id as documents show it."""
    actor, moment = Actor(market.account_id), cast.now()
    with Session(market.database) as session:
        row = operations.create_list(
            session=session, actor=actor, name="Do not contact", form=form or ListForm("email"), now=moment
        )
        operations.fill_list(session=session, actor=actor, row=row, lines=entries, mode="add", now=moment)
        session.commit()
        return ids.show(row.id, "lst")
