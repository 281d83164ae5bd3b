"""What requests about connections work with: the vault, the queue, and a made-up lead for a test."""

from typing import Any

from sqlalchemy.orm import Session

from flowbuilder.connections import queries
from flowbuilder.models import Connection
from flowbuilder.sources.posting import posted_fields
from flowbuilder.sources.samples import sample_lead
from flowbuilder.vault import Vault
from flowbuilder.web import current
from rules.fields import Field, normalise

USUAL_FIELDS = (
    Field("first_name", "name"),
    Field("last_name", "name"),
    Field("email", "email"),
    Field("phone_1", "phone", region="US"),
    Field("state", "state"),
    Field("postal_code", "text"),
)


def vault() -> Vault:
    """Return the vault with the keys of this app."""
    return Vault(current.settings().vault_keys)


def sample_for(session: Session, connection: Connection) -> dict[str, Any]:
    """Return a made-up lead in normal form, with the fields of flows that name the connection, or the usual ones."""
    flows = queries.flows_with(session, connection)
    fields = {field.key: field for flow in flows for field in posted_fields(flow.draft)}.values() or USUAL_FIELDS
    posted = sample_lead(fields)
    return {field.key: normalise(posted[field.key], field).value for field in fields}
