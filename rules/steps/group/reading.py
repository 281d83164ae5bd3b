"""Reads a group and its settings from its document."""

from rules.earnings import read_least
from rules.mixes import Mix, read_mix
from rules.ranking import RANKERS
from rules.reading import Part
from rules.steps.base import read_common
from rules.steps.group.campaign import MOST_ROWS, Campaign, read_campaign
from rules.steps.group.deal import MOST_BID, MOST_SALES, WAIT_MS, Deal
from rules.steps.group.group import Group
from rules.steps.group.rows import Row, read_row


def read_group(part: Part) -> Group | None:
    """Return the group that a part describes, None when one of its rows has problems."""
    common, mode = read_common(part), part.choice("mode", RANKERS)
    least, goes_on = read_least(part), part.choice("then", ("stop", "continue"), "stop") == "continue"
    written, named = part.parts("buyers", "a buyer"), read_campaign(part)
    if not (0 if named else 1) <= len(written) <= MOST_ROWS:
        part.report("buyers", "rows", f"A group asks 1 to {MOST_ROWS} buyers. Add one.")
    everyone = MOST_SALES if named else min(MOST_SALES, max(1, len(written)))
    usual = everyone if mode == "broadcast" else 1
    sell_up_to = part.whole("sell_up_to", least=1, most=MOST_SALES, default=usual)
    mix = read_mix(part, common.id)
    rows = [
        read_row(inner, least, goes_on=goes_on, sell_up_to=sell_up_to, mode=mode, mix=mix)
        for inner in written[:MOST_ROWS]
    ]
    complete = tuple(row for row in rows if row)
    wait_ms, bids_up_to = _read_bidding(part)
    one_ranking = part.choice("mixed", ("networks_first", "one_ranking"), "networks_first") == "one_ranking"
    _check_mixes(part, mode, complete, mix)
    part.finish()
    if len(complete) < len(rows) or not (complete or named):
        return None
    around = part.document.surroundings()
    terms = (len(rows), mode, least, goes_on, sell_up_to, mix)
    campaign = Campaign(named, common.id, around, *terms) if named else None
    deal = Deal(common.id, mode, complete, sell_up_to, least, goes_on, wait_ms, bids_up_to, one_ranking, campaign)
    return Group(common, deal)


def _read_bidding(part: Part) -> tuple[int, int]:
    """Return for how long bids are waited for, in milliseconds, and the highest that is believed, in minor units."""
    wait_ms = part.whole("wait_ms", least=100, most=10_000, default=WAIT_MS)
    return wait_ms, part.money("bids_up_to") if part.has("bids_up_to") else MOST_BID


def _check_mixes(part: Part, mode: str, rows: tuple[Row, ...], mix: Mix | None) -> None:
    if mode == "quota" and mix is None and not any(row.mix for row in rows):
        part.report("mix", "missing_mix", "The mode quota needs “mix”: the shares in which each buyer gets its leads.")
