"""The newest leads of a flow with their journals, as a backtest takes them: read in a few queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Text, cast, select
from sqlalchemy.orm import Session

from flowbuilder.cap_names import flow_cap_name
from flowbuilder.db import read_json
from flowbuilder.intake.reading import LeadForm
from flowbuilder.models import CapWindow, Flow, FlowVersion, Lead, LeadEvent
from rules.backtest import Past, Refused, WindowKey, last_run, read_past
from rules.differences.base import same
from rules.flow import Flow as Rules
from rules.running import Lead as LeadAsRulesSee
from rules.running import Post
from rules.steps.group.rows import JOINED
from rules.timeline import as_rules_see, left_by

LEAD = (
    Lead.id, Lead.source_id, Lead.version, Lead.kind, Lead.is_test, Lead.outcome, Lead.asked_before, Lead.posted,
    Lead.fields, Lead.invalid, Lead.pinged, Lead.received_at,
)  # fmt: skip
EVENT = (
    LeadEvent.lead_id, LeadEvent.run, LeadEvent.seq, LeadEvent.effect, LeadEvent.step,
    cast(LeadEvent.asks, Text), cast(LeadEvent.result, Text), LeadEvent.detail, LeadEvent.at,
)  # fmt: skip

UNHEARD = ("note", "close")
"""Effects of which a backtest needs nothing: they follow from what was answered. They are half of most journals."""


@dataclass(slots=True)
class _Event:
    lead_id: UUID
    run: int
    seq: int
    effect: str
    step: str
    asks: Any
    result: Any
    detail: Any
    at: datetime


@dataclass(frozen=True)
class Recorded:
    """Leads in the order in which they came, with the versions that they ran on and the fields of those."""

    pasts: Sequence[Past]
    versions: Mapping[str, int]
    fields: Mapping[int, Any]

    def read_for(self, rules: Rules) -> dict[str, LeadAsRulesSee | Refused]:
        """Return the leads whose data another flow would read in another way, as it would read them."""
        wanted = rules.document.get("fields", [])
        other = {number for number, fields in self.fields.items() if not same(fields, wanted)}
        if not other:
            return {}
        form = LeadForm(rules.fields, version=0, currency=rules.currency)
        return {
            past.lead.id: _read_again(form, past.lead) for past in self.pasts if self.versions[past.lead.id] in other
        }


def newest_leads(session: Session, flow: Flow, most: int) -> Recorded:
    """Return the newest leads of a flow that something was done with; tests and pings are left out."""
    newest = (
        select(*LEAD)
        .where(Lead.account_id == flow.account_id, Lead.flow_id == flow.id, ~Lead.is_test, Lead.kind == "post")
        .order_by(Lead.id.desc())
        .limit(most)
    )
    rows = {row.id: row for row in session.execute(newest)}
    journals = dict(_journals(session, rows))
    read = (_past(rows[lead_id], events) for lead_id, events in journals.items())
    pasts = sorted((past for past in read if past), key=lambda past: past.lead.id)
    versions = {str(row.id): _version_of(row, journals.get(row.id, ())) for row in rows.values()}
    documents = select(FlowVersion.number, FlowVersion.document["fields"]).where(
        FlowVersion.flow_id == flow.id, FlowVersion.number.in_(set(versions.values()))
    )
    fields = {number: written or [] for number, written in session.execute(documents)} if versions else {}
    return Recorded(pasts, versions, fields)


def windows_now(
    session: Session, flow_id: UUID, flows: Iterable[Rules], pasts: Iterable[Past] = ()
) -> dict[WindowKey, int]:
    """Return what is used of every window of the caps that some documents of a flow name, or rows that joined it."""
    keys = {key for rules in flows for key in _window_keys(rules)}
    taken = (key for past in pasts for one in past.taken for key, _bucket, _starts in one.places)
    keys |= {key for key in taken if JOINED in key}
    names = {flow_cap_name(flow_id, key): key for key in keys}
    wanted = select(CapWindow.cap, CapWindow.bucket, CapWindow.starts_at, CapWindow.used)
    rows = session.execute(wanted.where(CapWindow.cap.in_(names))) if names else ()
    return {(names[cap], bucket, starts.astimezone(UTC).isoformat()): used for cap, bucket, starts, used in rows}


def _window_keys(rules: Rules) -> Iterable[str]:
    yield from (cap.key for cap in rules.caps)
    for buyer in rules.buyers.values():
        for counter in buyer.counters:
            yield counter.window.key if hasattr(counter, "window") else counter.key  # type: ignore[attr-defined]


def _journals(session: Session, rows: Mapping[UUID, Row[Any]]) -> Iterable[tuple[UUID, list[_Event]]]:
    """Yield the events of each lead; what a step asks is the same for most leads, and is read once for all of them."""
    if not rows:
        return
    read = lru_cache(maxsize=None)(read_json)
    wanted = select(*EVENT).where(LeadEvent.lead_id.in_(rows), LeadEvent.effect.not_in(UNHEARD))
    in_order = wanted.order_by(LeadEvent.lead_id, LeadEvent.run, LeadEvent.seq)
    events = (
        _Event(lead_id, run, seq, effect, step, read(asks), None if result is None else read(result), detail, at)
        for lead_id, run, seq, effect, step, asks, result, detail, at in session.execute(in_order)
    )
    for of_lead, journal in groupby(events, key=lambda event: event.lead_id):
        yield of_lead, list(journal)


def _past(row: Any, events: list[Any]) -> Past | None:
    run = last_run(events)
    if not run:
        return None
    return read_past(as_rules_see(row, run), events, outcome=row.outcome, source_id=str(row.source_id))


def _version_of(row: Any, events: Sequence[Any]) -> int:
    """Return the version of a lead's last run; one that starts again has not begun in that of its row."""
    left = left_by(last_run(events))
    return int(left.result["from"] if left else row.version)


def _read_again(form: LeadForm, lead: LeadAsRulesSee) -> LeadAsRulesSee | Refused:
    reading = form.read(lead.post.posted if lead.post else lead.posted)
    if reading.problems:
        return Refused(reading.problems[0].message)
    invalid = frozenset(reading.invalid)
    if lead.post:
        post = Post(reading.values, reading.posted, invalid)
        first = form.read(lead.posted, is_ping=True)
        return replace(lead, fields=first.values, posted=first.posted, invalid=frozenset(first.invalid), post=post)
    return replace(lead, fields=reading.values, posted=reading.posted, invalid=invalid)
