"""How far the leads of a flow came: between the cards of its rail, from the journals of its newest leads.

What bounds it: at most MOST leads of the period are looked at, by the index of an account's leads, and their events by
their key. However many leads there are, it is that much work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.db import write_json
from flowbuilder.models import Flow
from rules.flow import Flow as Rules
from rules.windows import first_instant

MOST = 5000
LISTED = 50
PERIODS = {"today": "Today", "24h": "24 hours", "7d": "7 days"}

_NEWEST = """
    WITH newest AS MATERIALIZED (
        SELECT id, run, CASE WHEN outcome IS NOT NULL THEN outcome WHEN state = 'waiting' THEN 'waiting'
                             ELSE 'in_progress' END AS status
          FROM lead
         WHERE account_id = :account AND flow_id = :flow AND id >= :since AND NOT is_test AND kind = 'post'
         ORDER BY id DESC LIMIT :most
    )
"""
_REACHED = f"""{_NEWEST}, reached AS (
        SELECT n.id, n.status, COALESCE(max(CAST(CAST(:positions AS jsonb) ->> e.step AS int)), 0) AS at
          FROM newest n LEFT JOIN lead_event e ON e.lead_id = n.id AND e.run = n.run
         GROUP BY n.id, n.status
    )
"""  # noqa: S608  (constants)
COUNTS = text(f"{_REACHED} SELECT at, status, count(*) AS many FROM reached GROUP BY 1, 2")  # noqa: S608
ENDED = text(f"{_NEWEST} SELECT status, count(*) AS many FROM newest GROUP BY 1")  # noqa: S608
BEYOND = text(f"{_REACHED} SELECT id FROM reached WHERE at > :past ORDER BY id DESC LIMIT :listed")  # noqa: S608


@dataclass(frozen=True)
class Passed:
    """How many leads went on after a card, of all that arrived; and how those ended that did not, by outcome."""

    went_on: int
    arrived: int
    ended: Mapping[str, int]

    @property
    def share(self) -> int:
        """Return how many of a hundred are still in the flow."""
        return round(100 * self.went_on / self.arrived) if self.arrived else 0


@dataclass(frozen=True)
class Counts:
    """The leads of a period on a flow's rail, by the ids of its cards; `is_cut` when there are more than were read."""

    arrived: int
    ended: Mapping[str, int]
    passed: Mapping[str, Passed]
    is_cut: bool


def counts_of(session: Session, flow: Flow, rules: Rules, period: str, now: datetime) -> Counts:
    """Return how far the newest leads of a period came."""
    cards, asked = cards_of(rules), _asked(flow, rules, since(rules, period, now))
    rows = [(row.at, row.status, row.many) for row in session.execute(COUNTS, asked)]
    arrived = sum(many for _, _, many in rows)
    ended: dict[str, int] = {}
    for _, status, many in rows:
        ended[status] = ended.get(status, 0) + many
    passed = {}
    for at, card in enumerate(cards[:-1]):
        went_on = sum(many for position, _, many in rows if position > at)
        stopped = {status: many for position, status, many in rows if position == at}
        passed[card] = Passed(went_on, arrived, stopped)
    return Counts(arrived, ended, passed, arrived >= MOST)


def leads_beyond(session: Session, flow: Flow, rules: Rules, card: str, begins: datetime) -> Sequence[UUID]:
    """Return the newest leads since a moment that went on after a card, all that arrived where there is none such."""
    cards = cards_of(rules)
    past = cards.index(card) if card in cards else -1
    asked = _asked(flow, rules, begins)
    return list(session.scalars(BEYOND, {**asked, "past": past, "listed": LISTED}))


def since(rules: Rules, period: str, now: datetime) -> datetime:
    """Return when a period begins; the day begins by the flow's own clock."""
    if period != "today":
        return now - (timedelta(days=7) if period == "7d" else timedelta(hours=24))
    local = now.astimezone(ZoneInfo(rules.time_zone)).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    return first_instant(local, rules.time_zone)


def since_version(session: Session, flow: Flow, published_at: datetime) -> Counts:
    """Return what came since a version went live, and how it ended."""
    ended = {row.status: row.many for row in session.execute(ENDED, _newest(flow, published_at))}
    arrived = sum(ended.values())
    return Counts(arrived, ended, {}, arrived >= MOST)


def cards_of(rules: Rules) -> list[str]:
    """Return the ids of the cards on the rail itself, in order."""
    return ["intake", *(step.common.id for step in rules.steps), rules.fallback.common.id]


def _asked(flow: Flow, rules: Rules, begins: datetime) -> dict[str, object]:
    cards = {card: at for at, card in enumerate(cards_of(rules))}
    inner = {step: cards[_card(rules, step)] for step in [*rules.positions, *rules.buyers]}
    return _newest(flow, begins) | {"positions": write_json(inner | cards)}


def _newest(flow: Flow, begins: datetime) -> dict[str, object]:
    return {"account": flow.account_id, "flow": flow.id, "since": ids.first_id_at(begins), "most": MOST}


def _card(rules: Rules, step: str) -> str:
    """Return the card of the rail that a step or a row stands in."""
    if step == rules.fallback.common.id or (rules.fallback.buyer and rules.fallback.buyer.common.id == step):
        return rules.fallback.common.id
    return rules.paths.get(step, step).split("/", 1)[0]
