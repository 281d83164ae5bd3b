"""Everything that reads the catalogue of an account, and the names of its leads that nobody reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flowbuilder.flows.queries import flows_of, live_documents
from flowbuilder.models import CatalogueField, Flow, Lead, PassedOverName, Source
from rules.fields import TYPES, Field, normalise, type_of
from rules.proposing import guess_type, key_of
from rules.text import squeeze

SAID_BY_THEIR_FIRST_LETTER = ("text", "name")
"""Types whose usual mask shows a letter, which is too much of a value that nobody has looked at."""
MASK = "••••"
LAST_LEADS = 5_000
"""Among how many of the account's last leads names are looked for."""


@dataclass(frozen=True)
class Unread:
    """A name that leads of a supplier are posted with and their flow has no field for; `example` is masked.

    `key` is the field of the catalogue that the name means, "" where there is none.
    """

    name: str
    supplier: str
    count: int
    first_at: datetime
    last_at: datetime
    type: str
    example: str
    key: str


def fields_of(session: Session, account_id: UUID) -> Sequence[CatalogueField]:
    """Return the fields of the account's catalogue by their keys."""
    wanted = select(CatalogueField).where(CatalogueField.account_id == account_id).order_by(CatalogueField.key)
    return session.scalars(wanted).all()


def field_of(session: Session, account_id: UUID, key: str) -> CatalogueField | None:
    """Return one field of the account's catalogue, or nothing."""
    return session.get(CatalogueField, (account_id, key))


def known_fields(session: Session, account_id: UUID) -> list[dict[str, Any]]:
    """Return the fields of the account's catalogue as they are written in a flow."""
    return [row.settings for row in fields_of(session, account_id)]


def uses_of(session: Session, account_id: UUID) -> dict[str, list[Flow]]:
    """Return the flows that have a field in their draft or in what is live, by the field's key."""
    live, found = live_documents(session, account_id), dict[str, list[Flow]]()
    for flow in flows_of(session, account_id):
        if flow.archived_at is None:
            for key in {*_keys(flow.draft), *_keys(live.get(flow.id, {}))}:
                found.setdefault(key, []).append(flow)
    return found


def unread_names(session: Session, account_id: UUID) -> list[Unread]:
    """Return the names in the account's last leads that no field of their flow reads, those seen most first."""
    last = (
        select(Lead.id, Lead.source_id, Lead.received_at, func.unnest(Lead.ignored).label("name"))
        .where(Lead.account_id == account_id, Lead.kind == "post")
        .order_by(Lead.id.desc())
        .limit(LAST_LEADS)
        .subquery()
    )
    passed_over = select(PassedOverName.name).where(PassedOverName.account_id == account_id)
    wanted = (
        select(
            last.c.name,
            Source.name,
            func.count(),
            func.min(last.c.received_at),
            func.max(last.c.received_at),
            func.array_agg(last.c.id)[1],
        )
        .join(Source, Source.id == last.c.source_id)
        .where(last.c.name.not_in(passed_over))
        .group_by(last.c.name, Source.name)
        .order_by(func.count().desc(), last.c.name)
        .limit(100)
    )
    rows = session.execute(wanted).all()
    posted = _posted(session, [row[5] for row in rows])
    known = _known_names(session, account_id)
    return [_unread(tuple(row), posted.get(row[5], {}), known) for row in rows]


def example_of(session: Session, account_id: UUID, name: str) -> object:
    """Return what the account's last lead with a name was posted with, None when there is none."""
    wanted = select(Lead.posted).where(Lead.account_id == account_id, Lead.ignored.any_() == name)
    posted = session.scalar(wanted.order_by(Lead.id.desc()).limit(1))
    return _value_at(posted or {}, name)


def proposed_for(session: Session, account_id: UUID, name: str) -> dict[str, Any]:
    """Return the field that a posted name speaks for, as it would be written in a flow."""
    short = name.rpartition(".")[2]
    kind, key = guess_type(short, example_of(session, account_id, name)), key_of(short)
    aliases = {"aliases": [short]} if squeeze(short) != squeeze(key) else {}
    return {"key": key, "type": kind, **aliases}


def _posted(session: Session, lead_ids: Sequence[UUID]) -> dict[UUID, Mapping[str, Any]]:
    return dict(session.execute(select(Lead.id, Lead.posted).where(Lead.id.in_(lead_ids))).all())


def _known_names(session: Session, account_id: UUID) -> dict[str, str]:
    """Return the keys of the catalogue's fields by every name that means them."""
    fields = known_fields(session, account_id)
    return {squeeze(str(name)): field["key"] for field in fields for name in (field["key"], *field.get("aliases", ()))}


def _unread(row: Sequence[Any], posted: Mapping[str, Any], known: Mapping[str, str]) -> Unread:
    name = str(row[0])
    kind, example = _seen(name, posted)
    key = known.get(squeeze(name.rpartition(".")[2]), "")
    return Unread(name, row[1], row[2], row[3], row[4], kind, example, key)


def _seen(name: str, posted: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a value seems to be, and the value as people see it who may not see personal data."""
    value = _value_at(posted, name)
    kind = guess_type(name.rpartition(".")[2], value)
    field = Field("seen", kind, region="US" if TYPES[kind].has_region else None)
    normal = normalise(value, field).value
    if kind in SAID_BY_THEIR_FIRST_LETTER:
        return kind, MASK if normal is not None else ""
    return kind, type_of(field).mask(normal) if normal is not None else ""


def _value_at(posted: Mapping[str, Any], name: str) -> object:
    """Return what stands under a name of a post, whose dots may lead into nested objects."""
    if name in posted:
        return posted[name]
    first, _, rest = name.partition(".")
    inner = posted.get(first)
    return _value_at(inner, rest) if rest and isinstance(inner, Mapping) else None


def _keys(document: Mapping[str, Any]) -> set[str]:
    fields = document.get("fields")
    listed = fields if isinstance(fields, list) else []
    return {field["key"] for field in listed if isinstance(field, dict) and isinstance(field.get("key"), str)}
