"""A pretend buyer, for a flow that is built before its buyers are there: its leads stand in an inbox of the app."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder.audit import Actor
from flowbuilder.connections.operations import create_connection
from flowbuilder.models import Connection
from flowbuilder.vault import Vault

NAME = "Pretend buyer"
DESTINATION = {"deliver_by": ["inbox"], "mapping": []}


def pretend_buyer(*, session: Session, actor: Actor, vault: Vault, now: datetime) -> Connection:
    """Return the account's pretend buyer, made when there is none yet; everything about it is real but the buyer."""
    wanted = select(Connection).where(
        Connection.account_id == actor.account_id, Connection.name == NAME, Connection.state == "active"
    )
    found = session.scalars(wanted.order_by(Connection.id)).first()
    return found or create_connection(
        session=session, actor=actor, vault=vault, name=NAME, destination=DESTINATION, now=now
    )
