"""How suppliers post to a source: the address, the fields, and commands to paste."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder.flows.queries import flows_of
from flowbuilder.leads.people import is_personal
from flowbuilder.models import Flow, Source
from flowbuilder.sources.terms import Terms, read_terms
from flowbuilder.web import current
from rules import xml_text
from rules.durations import say_seconds
from rules.fields import Field
from rules.flow import Door, parse_flow
from rules.problems import Problem
from rules.wording import say_rule

PING_ID = "the id that you were told"


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


def say_accepted(source: Source, fields: Sequence[Field], lists: Mapping[str, str]) -> str | None:
    """Return the rule of a source in words, None when it takes every lead; `lists` are names of stored lists by id."""
    known = {field.key: field for field in fields}
    return say_rule(source.accept_if, known, names=lists) if source.accept_if else None


def commands(post_url: str, lead: Mapping[str, Any], key: str | None) -> dict[str, str]:
    """Return, by format, a command that posts a lead; without a key where none is needed."""
    said = {name: value if isinstance(value, str) else json.dumps(value) for name, value in lead.items()}
    as_form = [f"  --data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in said.items()]
    return {
        "JSON": _curl("POST", post_url, key, _content("application/json", json.dumps(lead, ensure_ascii=False))),
        "Form": _curl("POST", post_url, key, as_form),
        "XML": _curl("POST", post_url, key, _content("application/xml", xml_text.write("lead", lead).decode())),
        "GET": _curl("GET", post_url, key, ["  --get", *as_form]),
    }


def ping_commands(post_url: str, lead: Mapping[str, Any], fields: Sequence[Field], key: str | None) -> dict[str, str]:
    """Return a command that asks what a lead would bring without saying whose it is, and one that then posts it."""
    known = {field.key: field for field in fields}
    asked = {name: value for name, value in lead.items() if not is_personal(known.get(name))}
    rest = {name: value for name, value in lead.items() if name not in asked}
    return {
        "Ask": _curl("POST", f"{post_url}/ping", key, _content("application/json", json.dumps(asked))),
        "Post": _curl("POST", post_url, key, _content("application/json", json.dumps({"ping_id": PING_ID, **rest}))),
    }


def pings_last(document: Mapping[str, Any]) -> str:
    """Return in words for how long the price counts that a ping is told."""
    rules, _ = parse_flow(document)
    return say_seconds(int((rules.door if rules else Door()).pings_last.total_seconds()))


def _curl(method: str, post_url: str, key: str | None, rest: Sequence[str]) -> str:
    proof = [] if key is None else [f"  -H {shlex.quote(f'X-API-Key: {key}')}"]
    return " \\\n".join([f"curl -X {method} {shlex.quote(post_url)}", *proof, *rest])


def _content(kind: str, body: str) -> list[str]:
    return [f"  -H 'Content-Type: {kind}'", f"  -d {shlex.quote(body)}"]
