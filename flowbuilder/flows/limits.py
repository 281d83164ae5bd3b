"""How full the caps of a flow are now: the windows of this moment beside what the flow allows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder.cap_names import flow_cap_name
from flowbuilder.models import CapWindow
from rules.flow import parse_flow
from rules.flow_wording import CapLine, cap_lines
from rules.windows import window

PERIOD_WORDS = {
    "minute": "this minute",
    "hour": "this hour",
    "day": "today",
    "week": "this week",
    "month": "this month",
    "total": "in total",
}


@dataclass(frozen=True)
class Meter:
    """One cap now: `used` and `limit` in leads, or in minor units when it `spends`; `bucket` is what it counts by."""

    line: CapLine
    bucket: str
    used: int
    resets_at: datetime | None

    @property
    def is_full(self) -> bool:
        """Return whether there is no place left."""
        return self.used >= self.line.limit

    @property
    def period(self) -> str:
        """Return the window in words: today, this month."""
        return PERIOD_WORDS[self.line.per]

    @property
    def resets(self) -> str:
        """Return when it empties, in its own zone: `00:00 Los Angeles`, with the day when that is not within one."""
        if self.resets_at is None:
            return ""
        local = self.resets_at.astimezone(ZoneInfo(self.line.time_zone))
        day = f"{local.day} {local:%b} " if self.line.per in ("week", "month") else ""
        return f"{day}{local:%H:%M} {self.line.time_zone.rsplit('/', 1)[-1].replace('_', ' ')}"


def meters_of(session: Session, flow_id: UUID, lines: Iterable[CapLine], now: datetime) -> dict[str, list[Meter]]:
    """Return the meters of caps by their keys; one that counts by a value has a meter for each value, fullest first."""
    return {line.key: meters for line, meters in _by_flow(session, {flow_id: list(lines)}, now)[flow_id]}


def meters_of_flows(
    session: Session,
    documents: Mapping[UUID, Mapping[str, Any]],
    now: datetime,
    connections: Mapping[str, str] = MappingProxyType({}),
) -> dict[UUID, list[Meter]]:
    """Return the meters of all caps that flows have, in the order of their steps; none of one that is malformed.

    `connections` are what their buyers are called, where that is to be said.
    """
    read = {flow_id: parse_flow(document)[0] for flow_id, document in documents.items()}
    lines = {flow_id: cap_lines(rules, connections) if rules else [] for flow_id, rules in read.items()}
    found = _by_flow(session, lines, now)
    return {flow_id: [meter for _, meters in found[flow_id] for meter in meters] for flow_id in documents}


def _by_flow(
    session: Session, lines: Mapping[UUID, Sequence[CapLine]], now: datetime
) -> dict[UUID, list[tuple[CapLine, list[Meter]]]]:
    """Return each line of each flow with its meters."""
    periods = {(line.per, line.time_zone) for some in lines.values() for line in some}
    windows = {(per, zone): window(per, now, zone) for per, zone in periods}
    names = [flow_cap_name(flow_id, line.key) for flow_id, some in lines.items() for line in some]
    rows = _rows(session, names, {starts for starts, _ in windows.values()})
    return {
        flow_id: [
            (line, _meters(line, windows[line.per, line.time_zone], rows.get(flow_cap_name(flow_id, line.key), [])))
            for line in some
        ]
        for flow_id, some in lines.items()
    }


def _meters(line: CapLine, bounds: tuple[datetime, datetime | None], rows: Sequence[CapWindow]) -> list[Meter]:
    starts, ends = bounds
    found = [Meter(line, row.bucket, row.used, ends) for row in rows if row.starts_at == starts]
    return sorted(found, key=lambda meter: -meter.used) or [Meter(line, "", 0, ends)]


def _rows(session: Session, names: Sequence[str], starts: set[datetime]) -> dict[str, list[CapWindow]]:
    if not names:
        return {}
    wanted = select(CapWindow).where(CapWindow.cap.in_(names), CapWindow.starts_at.in_(starts))
    rows: dict[str, list[CapWindow]] = {}
    for row in session.scalars(wanted):
        rows.setdefault(row.cap, []).append(row)
    return rows
