"""A draft, and in whose name it is changed."""

import pytest
from sqlalchemy.orm import Session

from flowbuilder.audit import Actor
from flowbuilder.models import Flow
from tests.support.cast import Cast, a_flow
from tests.support.documents import solar


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow of Sara's with a filter, `s1`, and a buyer, `s2`."""
    made = a_flow(session, cast.sara, document=solar("con_1"))
    session.commit()
    return made


@pytest.fixture
def sara(cast: Cast) -> Actor:
    """Give Sara as the one who changes it."""
    return Actor(cast.sara.account.id, cast.sara.person.id)
