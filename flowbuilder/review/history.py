"""The versions of a flow beside each other: what each changed, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flowbuilder.drafts.queries import name_of
from flowbuilder.flows import queries
from flowbuilder.flows.around import around
from flowbuilder.flows.counts import Counts, since_version
from flowbuilder.models import Flow, FlowVersion, Lead
from flowbuilder.review.views import Part, compared
from rules.differences import differences, sum_up
from rules.flow_wording import Names

LISTED = 30
"""How many versions are on a page of the list."""
NEWEST = 20_000
"""Among how many of the newest leads of a flow those of each version are counted."""
LOOKED_BACK = 20
"""Among how many versions before the live one that is looked for which is gone back to."""
RECENT = timedelta(hours=1)
"""For how long the page of a flow tells what happened since it went live."""


@dataclass(frozen=True)
class Listed:
    """One version in the list; `summary` is what it changed, `handled` and `sold` count its leads."""

    version: FlowVersion
    by: str
    summary: str
    handled: int
    sold: int

    @property
    def sold_share(self) -> int:
        """Return how many of a hundred leads were sold."""
        return round(100 * self.sold / self.handled) if self.handled else 0


@dataclass(frozen=True)
class Recent:
    """What happened since the live version went live."""

    version: FlowVersion
    counts: Counts


@dataclass(frozen=True)
class WentLive:
    """A version that went live within the hour: who published it ("" when nobody is known), and the one before."""

    version: FlowVersion
    by: str
    previous: int | None


def version_list(session: Session, flow: Flow, below: int | None = None) -> tuple[list[Listed], int | None]:
    """Return a page of the versions, newest first, and below which number the next page begins, None on the last."""
    rows = queries.versions_of(session, flow, below=below, limit=LISTED + 1)
    names, counts = around(session, flow).names, _counts(session, flow)
    summaries = [sum_up(differences(old.document, new.document, names)) for (new, _), (old, _) in pairwise(rows)]
    listed = [
        Listed(version, by, summary, *counts.get(version.number, (0, 0)))
        for (version, by), summary in zip(rows[:LISTED], [*summaries, "first version"], strict=False)
    ]
    return listed, listed[-1].version.number if len(rows) > LISTED else None


def comparison(session: Session, flow: Flow, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Part]:
    """Return in words what one document of a flow has otherwise than another."""
    return compared(before, after, names_of(session, flow))


def names_of(session: Session, flow: Flow) -> Names:
    """Return the names that sentences about a flow need."""
    return around(session, flow).names


def recent(session: Session, flow: Flow, live: FlowVersion, now: datetime) -> Recent | None:
    """Return what happened since the live version went live, for an hour."""
    if now - live.published_at > RECENT:
        return None
    return Recent(live, since_version(session, flow, live.published_at))


def went_live(session: Session, flow: Flow, now: datetime) -> WentLive | None:
    """Return the version that went live within the hour, None when what is live has been so for longer."""
    live = queries.live_version(session, flow)
    if live is None or now - live.published_at > RECENT:
        return None
    by = name_of(session, live.published_by) if live.published_by else ""
    return WentLive(live, by, previous(session, flow, live))


def previous(session: Session, flow: Flow, live: FlowVersion) -> int | None:
    """Return the version that was live before the one that is; None when it is the first.

    Where one has gone back already, that is what came before the version which was gone back to, and not the one that
    was left.
    """
    older = (
        select(FlowVersion)
        .where(FlowVersion.flow_id == flow.id, FlowVersion.number < live.number)
        .order_by(FlowVersion.number.desc())
        .limit(LOOKED_BACK)
    )
    versions = list(session.scalars(older))
    equal = next((at for at, version in enumerate(versions) if version.document == live.document), None)
    before = versions if equal is None else versions[equal + 1 :]
    return before[0].number if before else None


def _counts(session: Session, flow: Flow) -> dict[int, Sequence[int]]:
    """Return how many leads each version handled and how many of them were sold, among the newest leads."""
    newest = (
        select(Lead.version, Lead.outcome)
        .where(Lead.account_id == flow.account_id, Lead.flow_id == flow.id, ~Lead.is_test, Lead.kind == "post")
        .order_by(Lead.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    sold = func.count().filter(newest.c.outcome == "sold")
    rows = session.execute(select(newest.c.version, func.count(), sold).group_by(newest.c.version))
    return {number: (handled, many) for number, handled, many in rows}
