"""Everything that changes sources and their keys."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from flowbuilder import audit, ids, keys
from flowbuilder.audit import Actor
from flowbuilder.models import Flow, Source, SourceKey
from flowbuilder.sources.terms import Terms

Mode = Literal["live", "test"]
PREFIX: dict[Mode, str] = {"live": "lk_live", "test": "lk_test"}
NO_TERMS = Terms()


@dataclass(frozen=True)
class NewKey:
    """A key right after it was made: the only time that its text can be read."""

    row: SourceKey
    text: str


def create_source(
    *,
    session: Session,
    actor: Actor,
    flow: Flow,
    name: str,
    terms: Terms = NO_TERMS,
    needs_key: bool = True,
    now: datetime,
) -> Source:
    """Return a new source that posts to the flow; it has no keys yet."""
    source = Source(id=ids.new_id(), account_id=actor.account_id, flow_id=flow.id, key=ids.new_key(), name=name)
    source.state, source.needs_key, source.created_at = "active", needs_key, now
    _set_terms(source, terms)
    session.add(source)
    session.flush()
    return source


def change_source(
    *, session: Session, actor: Actor, source: Source, name: str, terms: Terms, needs_key: bool, now: datetime
) -> None:
    """Give the source another name, other terms, or a need for keys; leads that are carried keep what was counted."""
    source.name, source.needs_key = name, needs_key
    _set_terms(source, terms)
    _record(session, actor, source, "source.changed", now)
    session.flush()


def make_key(*, session: Session, actor: Actor, source: Source, mode: Mode, now: datetime) -> NewKey:
    """Return a new key of the source; the others stay good, so that a supplier can change over without a gap."""
    text, identifier, secret_hash, hint = keys.new_key(PREFIX[mode])
    row = SourceKey(id=identifier, source_id=source.id, mode=mode, secret_hash=secret_hash, hint=hint)
    row.created_at, row.expires_at, row.revoked_at = now, None, None
    session.add(row)
    _record(session, actor, source, "source.key_made", now, key=ids.show(identifier), mode=mode)
    session.flush()
    return NewKey(row, text)


def revoke_key(*, session: Session, actor: Actor, source: Source, key: SourceKey, now: datetime) -> None:
    """End a key at once, for good."""
    if key.revoked_at is None:
        key.revoked_at = now
        _record(session, actor, source, "source.key_revoked", now, key=ids.show(key.id), mode=key.mode)
        session.flush()


def pause_source(*, session: Session, actor: Actor, source: Source, now: datetime) -> None:
    """Pause the source: its leads are rejected, with the reason said."""
    _set_state(session, actor, source, "paused", now)


def resume_source(*, session: Session, actor: Actor, source: Source, now: datetime) -> None:
    """Let a paused source post again."""
    _set_state(session, actor, source, "active", now)


def _set_terms(source: Source, terms: Terms) -> None:
    source.cost, source.caps, source.accept_if = terms.cost, terms.caps, terms.accept_if
    source.categories, source.redirect_hosts = terms.categories, terms.redirect_hosts


def _set_state(session: Session, actor: Actor, source: Source, state: str, now: datetime) -> None:
    if source.state != state:
        source.state = state
        _record(session, actor, source, "source.paused" if state == "paused" else "source.resumed", now)
        session.flush()


def _record(session: Session, actor: Actor, source: Source, action: str, now: datetime, **detail: str) -> None:
    audit.record(session=session, actor=actor, action=action, subject=ids.show(source.id, "src"), now=now, **detail)
