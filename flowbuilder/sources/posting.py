"""How suppliers post to a source: the address, the fields, and a command to paste."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder.flows.queries import flows_of
from flowbuilder.models import Flow, Source
from flowbuilder.sources.samples import sample_lead
from flowbuilder.sources.terms import Terms, read_terms
from flowbuilder.web import current
from rules.fields import Field
from rules.flow import parse_flow
from rules.problems import Problem


def address(flow: Flow, source: Source) -> str:
    """Return the address that the source's leads are posted to."""
    return f"{current.settings().public_url}/f/{flow.key}/{source.key}"


def read_terms_for(flow: Flow | None, settings: Mapping[str, Any]) -> tuple[Terms, list[Problem]]:
    """Return the terms that these settings describe for a source of the flow, and what is wrong with them."""
    rules = parse_flow(flow.draft)[0] if flow else None
    if rules is None:
        return read_terms(settings)
    return read_terms(settings, fields=rules.fields, currency=rules.currency, time_zone=rules.time_zone)


def posted_fields(document: Mapping[str, Any]) -> Sequence[Field]:
    """Return the fields that a flow's document asks for; those that cannot be read are left out."""
    rules, _ = parse_flow(document)
    return rules.fields if rules else ()


def posted_keys(session: Session, account_id: UUID) -> list[str]:
    """Return the keys of all fields that the account's flows ask for."""
    flows = flows_of(session, account_id)
    return sorted({field.key for flow in flows for field in posted_fields(flow.draft)})


def curl(post_url: str, fields: Sequence[Field], key: str | None) -> str:
    """Return a command that posts a made-up lead, ready to paste; with a blank to fill in when the key is not known."""
    body = json.dumps(sample_lead(fields), ensure_ascii=False)
    lines = [f"curl -X POST {shlex.quote(post_url)}", "  -H 'Content-Type: application/json'"]
    if key is not None:
        lines.append(f"  -H {shlex.quote(f'X-API-Key: {key}')}")
    lines.append(f"  -d {shlex.quote(body)}")
    return " \\\n".join(lines)
