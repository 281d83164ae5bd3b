"""Everything that changes flows: create, import, publish, go back, pause, resume."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from flowbuilder import audit, ids
from flowbuilder.audit import Actor
from flowbuilder.drafts import operations as drafts
from flowbuilder.flows import in_flight, queries
from flowbuilder.flows.checks import document_problems
from flowbuilder.models import Flow, FlowVersion
from rules.editing import replace_document
from rules.findings import FINDINGS
from rules.problems import Problem


class NewerDraft(Exception):
    """Somebody saved the draft since it was read; nothing was changed."""


class NoSuchVersion(Exception):
    """The flow has no published version of this number."""


@dataclass(frozen=True)
class Publication:
    """What came of publishing: the version that is live now, or none and the problems that stand in its way.

    `started_again` leads that waited on older versions begin again in it; workers have to be told so after the commit.
    """

    version: FlowVersion | None
    problems: list[Problem]
    started_again: int = 0


def create_flow(*, session: Session, actor: Actor, name: str, document: Mapping[str, Any], now: datetime) -> Flow:
    """Return a new flow with this draft; nothing of it is live before it is published."""
    flow = Flow(id=ids.new_id(), account_id=actor.account_id, key=ids.new_key(), name=name)
    flow.state, flow.draft, flow.draft_revision = "active", dict(document), 1
    flow.created_at = flow.updated_at = now
    session.add(flow)
    session.flush()
    return flow


def save_draft(
    *, session: Session, actor: Actor, flow: Flow, document: Mapping[str, Any], revision: int, now: datetime
) -> None:
    """Replace the draft; raises NewerDraft unless `revision` is the one that is stored."""
    session.refresh(flow, with_for_update=True)
    if flow.draft_revision != revision:
        raise NewerDraft
    page, edit = drafts.Page(revision), replace_document(document)
    drafts.change(session=session, actor=actor, flow=flow, page=page, edit=edit, now=now)


def use_as_draft(*, session: Session, actor: Actor, flow: Flow, version: FlowVersion, now: datetime) -> None:
    """Make the draft equal to a version; what it was stays in its history, and undo brings it back."""
    edit = replace_document(version.document, f"use version {version.number} as the draft")
    drafts.change(session=session, actor=actor, flow=flow, page=drafts.Page(flow.draft_revision), edit=edit, now=now)
    _record(session, actor, flow, "flow.version_used", now, version=version.number)


def publish_flow(
    *,
    session: Session,
    actor: Actor,
    flow: Flow,
    now: datetime,
    revision: int | None = None,
    note: str = "",
    starts_again: bool = False,
) -> Publication:
    """Make the draft the live version, unless it has errors; raises NewerDraft when `revision` is an older one.

    With `starts_again`, leads that wait on older versions begin again in it, where that makes a difference to them.
    """
    session.refresh(flow, with_for_update=True)
    if revision is not None and revision != flow.draft_revision:
        raise NewerDraft
    return publish_document(
        session=session, actor=actor, flow=flow, document=flow.draft, now=now, note=note, starts_again=starts_again
    )


def publish_document(
    *,
    session: Session,
    actor: Actor,
    flow: Flow,
    document: dict[str, Any],
    now: datetime,
    note: str = "",
    starts_again: bool = False,
) -> Publication:
    """Make a document the live version, unless it has errors; the row of the flow has to be locked before."""
    problems = document_problems(session=session, account_id=flow.account_id, document=document, flow_id=flow.id)
    if any(problem.severity == "error" for problem in problems):
        return Publication(None, problems)
    version = _go_live(session, flow, document, actor=actor, now=now, note=note)
    _record(session, actor, flow, "flow.published", now, version=version.number)
    return Publication(version, problems, _start_again(session, actor, flow, version, now) if starts_again else 0)


def go_back(
    *, session: Session, actor: Actor, flow: Flow, number: int, now: datetime, starts_again: bool = False
) -> Publication:
    """Make a new live version equal to an old one; the draft stays. Raises NoSuchVersion.

    With `starts_again`, leads that wait begin again in it as in `publish_flow`.
    """
    session.refresh(flow, with_for_update=True)
    old = queries.version_of(session, flow, number)
    if old is None:
        raise NoSuchVersion(number)
    problems = document_problems(session=session, account_id=flow.account_id, document=old.document, flow_id=flow.id)
    # It has run before: what was only found in it since then does not stand in the way back.
    if any(problem.severity == "error" and problem.code not in FINDINGS for problem in problems):
        return Publication(None, problems)
    version = _go_live(session, flow, old.document, actor=actor, now=now, note=f"Equal to version {number}")
    _record(session, actor, flow, "flow.went_back", now, version=version.number, equal_to=number)
    return Publication(version, problems, _start_again(session, actor, flow, version, now) if starts_again else 0)


def pause_flow(*, session: Session, actor: Actor, flow: Flow, now: datetime) -> None:
    """Pause the flow: its suppliers are told so, and its leads are rejected."""
    _set_state(session, actor, flow, "paused", now)


def resume_flow(*, session: Session, actor: Actor, flow: Flow, now: datetime) -> None:
    """Let a paused flow take leads again; one that was put away is listed again, so that none runs unseen."""
    _set_state(session, actor, flow, "active", now)
    flow.archived_at = None


def _set_state(session: Session, actor: Actor, flow: Flow, state: str, now: datetime) -> None:
    session.refresh(flow, with_for_update=True)
    if flow.state == state:
        return
    flow.state, flow.updated_at = state, now
    _record(session, actor, flow, "flow.paused" if state == "paused" else "flow.resumed", now)
    session.flush()


def _go_live(
    session: Session, flow: Flow, document: dict[str, Any], *, actor: Actor, now: datetime, note: str = ""
) -> FlowVersion:
    version = FlowVersion(flow_id=flow.id, number=queries.last_number(session, flow) + 1, document=document)
    version.note, version.published_by, version.published_at = note, actor.person_id, now
    session.add(version)
    flow.live_version, flow.updated_at = version.number, now
    session.flush()
    return version


def _start_again(session: Session, actor: Actor, flow: Flow, version: FlowVersion, now: datetime) -> int:
    """Have leads that wait begin again in a version, and return how many."""
    many = in_flight.start_again(session, actor, flow, version, now)
    if many:
        _record(session, actor, flow, "flow.started_again", now, version=version.number, leads=many)
    return many


def _record(session: Session, actor: Actor, flow: Flow, action: str, now: datetime, **detail: Any) -> None:
    audit.record(session=session, actor=actor, action=action, subject=ids.show(flow.id, "flo"), now=now, **detail)
