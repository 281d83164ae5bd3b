"""What requests about connections work with: the vault, the queue, and a made-up lead for a test."""

from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder import config, ids
from flowbuilder.connections import queries
from flowbuilder.flows.queries import flows_of
from flowbuilder.models import Connection
from flowbuilder.sources.posting import posted_fields
from flowbuilder.sources.samples import sample_lead
from flowbuilder.vault import Vault
from flowbuilder.web import current
from rules import json_text
from rules.delivery.presets import ANSWER_STYLES, READY_MAPPINGS, ReadyMapping
from rules.draft_cards import fields_of
from rules.fields import Field, normalise

USUAL_FIELDS = (
    Field("first_name", "name"),
    Field("last_name", "name"),
    Field("email", "email"),
    Field("phone_1", "phone", region="US"),
    Field("state", "state"),
    Field("postal_code", "text"),
)


ANSWER_PATHS = {
    name: json_text.write({
        "price_path": style.price_path, "reason_path": style.reason_path, "reference_path": style.reference_path,
    }).decode()
    for name, style in ANSWER_STYLES.items()
    if style.reason_path
}  # fmt: skip
"""Where a common way to answer has its price, reason and reference, as JSON for the form's script."""


def ready_mappings(session: Session, account_id: UUID) -> dict[str, ReadyMapping]:
    """Return what a mapping can be filled with: all fields of a flow, the newest first, and what partners agree on."""
    flows = [flow for flow in flows_of(session, account_id) if flow.archived_at is None]
    own = {
        ids.show(flow.id, "flo"): ReadyMapping(f"All fields of {flow.name}", _by_their_keys(fields_of(flow.draft)))
        for flow in reversed(flows)
    }
    return {**{name: ready for name, ready in own.items() if ready.mapping}, **READY_MAPPINGS}


def _by_their_keys(keys: Iterable[str]) -> list[list[Any]]:
    return [[key, {"var": f"lead.{key}"}] for key in keys]


def vault() -> Vault:
    """Return the vault with the keys of this app."""
    own = current.settings()
    return Vault(own.vault_keys, newer=partial(config.vault_keys_now, own))


def fields_for(session: Session, connection: Connection) -> list[Field]:
    """Return the fields of flows that name the connection, or the usual ones."""
    flows = queries.flows_with(session, connection)
    return [*({field.key: field for flow in flows for field in posted_fields(flow.draft)}.values() or USUAL_FIELDS)]


def sample_for(session: Session, connection: Connection) -> dict[str, Any]:
    """Return a made-up lead in normal form with these fields."""
    return _sample_of(fields_for(session, connection))


def usual_sample() -> dict[str, Any]:
    """Return a made-up lead with the usual fields, for a connection that no flow names yet."""
    return _sample_of(USUAL_FIELDS)


def _sample_of(fields: Iterable[Field]) -> dict[str, Any]:
    fields = list(fields)
    posted = sample_lead(fields)
    return {field.key: normalise(posted[field.key], field).value for field in fields}
