"""Everything that changes the catalogue of an account. Flows keep the fields that they have: they are copies."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from flowbuilder import audit
from flowbuilder.audit import Actor
from flowbuilder.catalogue import queries
from flowbuilder.models import CatalogueField, PassedOverName
from rules.fields import parse_field
from rules.problems import Problem
from rules.text import fold

MOST_FIELDS = 1_000
OF_FLOWS_ALONE = ("required", "check", "country_field")
"""Settings that say what one flow asks of a field, and not what the field is."""


class FieldProblems(Exception):
    """The field cannot be one; `problems` says why, each with the address of the setting."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = problems


def put_field(*, session: Session, actor: Actor, settings: Mapping[str, Any], now: datetime) -> CatalogueField:
    """Return the field of a catalogue, new or changed; raises FieldProblems."""
    kept = {name: value for name, value in settings.items() if name not in OF_FLOWS_ALONE}
    problems: list[Problem] = []
    field = parse_field(kept, "", problems)
    if field is None:
        raise FieldProblems([Problem(one.path.lstrip("."), one.code, one.message) for one in problems])
    row = session.get(CatalogueField, (actor.account_id, field.key), with_for_update=True)
    if row is None:
        if len(queries.fields_of(session, actor.account_id)) >= MOST_FIELDS:
            raise FieldProblems([Problem("key", "too_many", f"A catalogue has at most {MOST_FIELDS:,} fields.")])
        row = CatalogueField(account_id=actor.account_id, key=field.key, created_at=now)
        session.add(row)
    row.settings, row.updated_at = kept, now
    _record(session, actor, "field.saved", field.key, now)
    session.flush()
    return row


def remove_field(*, session: Session, actor: Actor, row: CatalogueField, now: datetime) -> None:
    """Take a field out of the catalogue; flows that have it keep it."""
    session.delete(row)
    _record(session, actor, "field.removed", row.key, now)
    session.flush()


def add_alias(*, session: Session, actor: Actor, row: CatalogueField, name: str, now: datetime) -> None:
    """Let a field be known by another name too; raises FieldProblems."""
    aliases = list(row.settings.get("aliases", ()))
    if fold(name) not in map(fold, aliases):
        put_field(session=session, actor=actor, settings={**row.settings, "aliases": [*aliases, name]}, now=now)


def pass_over(*, session: Session, actor: Actor, name: str, now: datetime) -> None:
    """Show a name that leads are posted with no more among those that no field reads."""
    wanted = insert(PassedOverName).values(account_id=actor.account_id, name=name, at=now)
    session.execute(wanted.on_conflict_do_nothing())
    _record(session, actor, "field.passed_over", name, now)
    session.flush()


def _record(session: Session, actor: Actor, action: str, subject: str, now: datetime) -> None:
    audit.record(session=session, actor=actor, action=action, subject=subject, now=now)
