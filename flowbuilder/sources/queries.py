"""Everything that reads sources, their keys and what came through them, always by the account they belong to."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Flow, IntakeRefusal, Lead, Source, SourceKey


def source_of(session: Session, account_id: UUID, source_id: UUID) -> tuple[Source, Flow] | None:
    """Return the account's source and the flow it posts to, or nothing."""
    wanted = select(Source, Flow).join(Flow).where(Source.account_id == account_id, Source.id == source_id)
    row = session.execute(wanted).first()
    return (row[0], row[1]) if row else None


def sources_of(
    session: Session,
    account_id: UUID,
    *,
    flow_id: UUID | None = None,
    after: UUID | None = None,
    limit: int | None = None,
) -> list[tuple[Source, Flow]]:
    """Return the account's sources with their flows, oldest first, those of one flow and after an id."""
    wanted = select(Source, Flow).join(Flow).where(Source.account_id == account_id).order_by(Source.id).limit(limit)
    if flow_id:
        wanted = wanted.where(Source.flow_id == flow_id)
    if after:
        wanted = wanted.where(Source.id > after)
    return [(source, flow) for source, flow in session.execute(wanted)]


def keys_of(session: Session, source: Source) -> Sequence[SourceKey]:
    """Return the source's keys, newest first, also the revoked ones."""
    wanted = select(SourceKey).where(SourceKey.source_id == source.id).order_by(SourceKey.id.desc())
    return session.scalars(wanted).all()


def key_of(session: Session, source: Source, key_id: UUID) -> SourceKey | None:
    """Return one key of the source, or nothing."""
    return session.scalar(select(SourceKey).where(SourceKey.source_id == source.id, SourceKey.id == key_id))


def last_refusals(session: Session, source: Source, limit: int = 10) -> Sequence[IntakeRefusal]:
    """Return the newest posts of the source that were refused."""
    wanted = select(IntakeRefusal).where(
        IntakeRefusal.account_id == source.account_id, IntakeRefusal.source_id == source.id
    )
    return session.scalars(wanted.order_by(IntakeRefusal.id.desc()).limit(limit)).all()


def last_leads(session: Session, source: Source, now: datetime, limit: int = 10) -> Sequence[Lead]:
    """Return the newest leads of the source within 30 days."""
    since = ids.first_id_at(now - timedelta(days=30))
    wanted = select(Lead).where(Lead.account_id == source.account_id, Lead.id >= since, Lead.source_id == source.id)
    return session.scalars(wanted.order_by(Lead.id.desc()).limit(limit)).all()


def posted_since(session: Session, account_id: UUID, now: datetime) -> dict[UUID, int]:
    """Return, by source, how many leads the account received in the last 24 hours, test leads left out."""
    since = ids.first_id_at(now - timedelta(hours=24))
    wanted = select(Lead.source_id, func.count()).where(Lead.account_id == account_id, Lead.id >= since, ~Lead.is_test)
    wanted = wanted.where(Lead.kind == "post")
    return dict(session.execute(wanted.group_by(Lead.source_id)).all())
