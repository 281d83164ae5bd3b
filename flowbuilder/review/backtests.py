"""What a document of a flow would have done with the newest leads, beside what the live version does with them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from flowbuilder.flows import queries
from flowbuilder.flows.checks import connection_names, connection_zones
from flowbuilder.lists.lookup import Wanted, look_up
from flowbuilder.lists.queries import list_names
from flowbuilder.models import Flow
from flowbuilder.review.recorded import Recorded, newest_leads, windows_now
from rules.backtest import Around, Assumed, Backtest, Fate, compare, run_all
from rules.flow import Flow as Rules
from rules.flow import parse_flow
from rules.flow_wording import Names

LEADS, MOST_LEADS = 1000, 5000
"""How many leads are run through a document, and at most."""
MOST_LOOKS = 4
"""How often values are looked up in lists that nobody asked about then: each time the leads may come to others."""


@dataclass(frozen=True)
class Impact:
    """A backtest with the time of the oldest lead in it, and the live flow that it was compared with."""

    backtest: Backtest
    since: datetime | None
    currency: str
    names: Names


def backtest(
    session: Session,
    flow: Flow,
    document: Mapping[str, Any],
    *,
    now: datetime,
    last: int = LEADS,
    new_buyers: Assumed = "accept",
) -> Impact | None:
    """Return what a document would have done with the newest leads; None where one of the two flows cannot run.

    Buyers that no answer is recorded of accept or decline as `new_buyers` says. Nobody is called.
    """
    live = queries.live_version(session, flow)
    before = parse_flow(live.document)[0] if live else None
    after = parse_flow(document)[0]
    if before is None or after is None:
        return None
    recorded = newest_leads(session, flow, last)
    windows = windows_now(session, flow.id, (before, after), recorded.pasts)
    around = Around(now, windows, connection_zones(session, flow.account_id), {})
    again = _Again(session, flow, recorded, around, new_buyers)
    names = Names(connection_names(session, flow.account_id), lists=list_names(session, flow.account_id))
    since = recorded.pasts[0].lead.received_at if recorded.pasts else None
    return Impact(compare(again.fates(before), again.fates(after), after, names), since, after.currency, names)


@dataclass(frozen=True)
class _Again:
    """Runs the same leads through one flow after the other."""

    session: Session
    flow: Flow
    recorded: Recorded
    around: Around
    new_buyers: Assumed

    def fates(self, rules: Rules) -> dict[str, Fate]:
        """Return what becomes of the leads, once all is looked up that they ask of stored lists for the first time."""
        leads = self.recorded.read_for(rules)
        listed: dict[tuple[str, str], bool | None] = {}
        for _ in range(MOST_LOOKS):
            around = replace(self.around, listed=listed)
            fates, wanted = run_all(rules, self.recorded.pasts, leads, around, self.new_buyers)
            if not wanted:
                break
            asked = {Wanted(self.flow.account_id, *one): one for one in wanted}
            found = look_up(self.session.connection(), asked, {})
            listed = listed | {asked[one]: answer for one, answer in found.items()}
        return fates
