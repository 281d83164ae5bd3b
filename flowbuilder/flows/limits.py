"""How full the caps of a flow are now: the windows of this moment beside what the flow allows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder.cap_names import flow_cap_name
from flowbuilder.models import CapWindow
from rules.flow import parse_flow
from rules.flow_wording import CapLine, Names, every_card, rail
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
    lines = list(lines)
    periods = {(line.per, line.time_zone) for line in lines}
    windows = {(per, zone): window(per, now, zone) for per, zone in periods}
    rows = _rows(session, flow_id, lines, {starts for starts, _ in windows.values()})
    return {
        line.key: _meters(line, windows[line.per, line.time_zone], rows.get(flow_cap_name(flow_id, line.key), []))
        for line in lines
    }


def flow_meters(session: Session, flow_id: UUID, document: Mapping[str, Any], now: datetime) -> list[Meter]:
    """Return the meters of all caps that a document describes, in the order of its steps; none when it is malformed."""
    rules, _ = parse_flow(document)
    lines = [line for card in every_card(rail(rules, Names({}))) for line in card.caps] if rules else []
    meters = meters_of(session, flow_id, lines, now)
    return [meter for line in lines for meter in meters[line.key]]


def _meters(line: CapLine, bounds: tuple[datetime, datetime | None], rows: Sequence[CapWindow]) -> list[Meter]:
    starts, ends = bounds
    found = [Meter(line, row.bucket, row.used, ends) for row in rows if row.starts_at == starts]
    return sorted(found, key=lambda meter: -meter.used) or [Meter(line, "", 0, ends)]


def _rows(
    session: Session, flow_id: UUID, lines: Sequence[CapLine], starts: set[datetime]
) -> dict[str, list[CapWindow]]:
    names = [flow_cap_name(flow_id, line.key) for line in lines]
    wanted = select(CapWindow).where(CapWindow.cap.in_(names), CapWindow.starts_at.in_(starts))
    rows: dict[str, list[CapWindow]] = {}
    for row in session.scalars(wanted):
        rows.setdefault(row.cap, []).append(row)
    return rows
