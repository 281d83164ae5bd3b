"""One of everything that an account can have, for tests that open every page of it."""

from typing import Any

from sqlalchemy.orm import Session

from flowbuilder.models import CatalogueField
from tests.support.cast import (
    Member,
    a_check,
    a_connection,
    a_flow,
    a_lead,
    a_list,
    a_source,
    an_inbox_lead,
)


def belongings(session: Session, owner: Member) -> dict[str, Any]:
    """Make one of everything for an account; return the ids by the names that routes use for them."""
    flow = a_flow(session, owner)
    source = a_source(session, flow)
    lead = a_lead(session, source)
    connection = a_connection(session, owner)
    row = an_inbox_lead(session, lead, connection)
    listed = a_list(session, owner)
    check = a_check(session, flow, lead={"email": "ana@example.com"})
    field = CatalogueField(account_id=owner.account.id, key=f"shade_{lead.id.hex}", settings={})
    field.settings = {"key": field.key, "type": "text"}
    field.created_at = field.updated_at = lead.received_at
    session.add(field)
    session.commit()
    return {
        "flow_id": flow.id,
        "source_id": source.id,
        "lead_id": lead.id,
        "connection_id": connection.id,
        "list_id": listed.id,
        "account_id": owner.account.id,
        "test_id": lead.id,
        "row_id": row.id,
        "key_id": lead.id,
        "number": 1,
        "name": "token",
        "check_id": check.id,
        "step": "intake",
        "action": "off",
        "way": "undo",
        "key": field.key,
        "card": "intake",
    }
