"""Leads that workers carried, run through a document again: what a backtest says of them, and what really was."""

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from sqlalchemy.orm import Session

from flowbuilder import clock
from flowbuilder.flows import queries
from flowbuilder.models import Flow, Lead
from flowbuilder.review.backtests import backtest
from flowbuilder.review.recorded import newest_leads, windows_now
from rules.backtest import Around, Backtest, Fate, run_all
from rules.flow import parse_flow
from tests.support.buyers import ACCEPTS, DECLINES, Buyer, Reaction, Seen, a_buyer, accepting
from tests.support.market import EMAIL_FIELD, STATE_FIELD, Market

STATES = ("CA", "NV", "AZ")
FIELDS = [EMAIL_FIELD, STATE_FIELD, {"key": "bill", "type": "money"}, {"key": "grade", "type": "text"}]
IN_CA = {"is": [{"var": "lead.state"}, "CA"]}


def by_number(declines: Callable[[int], bool]) -> Reaction:
    """Decline leads by the number in their email address, and accept the others."""

    def react(request: Seen) -> tuple[int, dict[str, Any]]:
        number = int("".join(filter(str.isdigit, request.body["email"])) or 0)
        return 200, DECLINES if declines(number) else ACCEPTS

    return react


@contextmanager
def three_buyers() -> Iterator[dict[str, Buyer]]:
    """Run a buyer that takes every lead, one that takes the odd ones, and one that takes every third."""
    with ExitStack() as stack:
        yield {
            "yes": stack.enter_context(a_buyer(accepting)),
            "odd": stack.enter_context(a_buyer(by_number(lambda number: number % 2 == 0))),
            "third": stack.enter_context(a_buyer(by_number(lambda number: number % 3 != 0))),
        }


def post(market: Market, many: int, first: int = 0) -> None:
    """Post leads of several states and bills, some with the email address of an earlier one."""
    for number in range(first, first + many):
        who = number - 7 if number % 10 == 9 else number
        fields = {"email": f"ana{who}@example.com", "state": STATES[number % 3], "bill": 40 + number * 7 % 300}
        market.post(fields=fields)
    market.carry()


def tried(market: Market, document: dict[str, Any], **how: Any) -> Backtest:
    """Return the backtest of a document."""
    with Session(market.database) as session:
        flow = session.get_one(Flow, market.flow_id)
        found = backtest(session, flow, document, now=clock.now(), **how)
    assert found is not None
    return found.backtest


def live(market: Market) -> dict[str, Any]:
    """Return a copy of the live document."""
    with Session(market.database) as session:
        version = queries.live_version(session, session.get_one(Flow, market.flow_id))
        assert version is not None
        return copy.deepcopy(version.document)


def fates(market: Market, document: dict[str, Any]) -> dict[str, Fate]:
    """Return what becomes of all leads under a document."""
    rules, problems = parse_flow(document)
    assert rules is not None, problems
    with Session(market.database) as session:
        recorded = newest_leads(session, session.get_one(Flow, market.flow_id), 1000)
        around = Around(clock.now(), windows_now(session, market.flow_id, [rules]), {}, {})  # type: ignore[arg-type]
        found, wanted = run_all(rules, recorded.pasts, recorded.read_for(rules), around, "accept")
    assert not wanted
    return found


def told(lead: Lead) -> tuple[str, int, int]:
    """Return how a lead stands."""
    return lead.outcome or "waiting", lead.revenue, lead.cost


def ended(fate: Fate) -> tuple[str, int, int]:
    """Return how a backtest says that a lead ends."""
    return fate.status, fate.revenue, fate.cost


def assert_nothing_changes(market: Market) -> None:
    """Fail unless every lead ends under the live document as it really ended, or waits as it does."""
    leads = {str(lead.id): told(lead) for lead in market.leads()}
    found = {lead: ended(fate) for lead, fate in fates(market, live(market)).items()}
    assert found == leads
    assert tried(market, live(market)).differs == ()
    market.check()
