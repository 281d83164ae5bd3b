"""Rows of a campaign join a group: those that it has at the moment at which a lead comes to the group."""

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime

from rules.asking_lists import ask_lists, questions_in
from rules.effects import Effect, Join, Result
from rules.running import Run
from rules.steps.group.campaign import Campaign
from rules.steps.group.deal import Deal


def join(deal: Deal, campaign: Campaign, run: Run) -> Generator[Effect, Result, Deal]:
    """Return the deal with the rows of its campaign behind those that are written, in the campaign's order.

    What their rules ask of stored lists is asked as well. The rows that the campaign had while the lead was a ping
    count for its post.
    """
    kept = run.came.pop(deal.step, None)
    result = (yield from _ask(deal, campaign, run)) if kept is None else kept
    run.zones = {**run.zones, **result.get("zones", {})}
    rows = campaign.read(result["rows"]).rows
    run.joined |= {row.id: row for row in rows}
    yield from ask_lists(deal.step, (question for row in rows for question in questions_in(row)), run)
    return replace(deal, rows=(*deal.rows, *rows))


def _ask(deal: Deal, campaign: Campaign, run: Run) -> Generator[Effect, Result, Result]:
    result = yield Join(deal.step, campaign.id)
    run.move_to(datetime.fromisoformat(result["at"]))
    return result
