"""What a person has the workers do with a lead that waits: reject it, offer it, settle an offer, or start it again.

All but settling reaches the run as `told` in the result of what the lead waits for, and so stands in its journal.
What settles an offer is that offer's result.
"""

from collections.abc import Mapping
from typing import Any

from rules.flow import Flow
from rules.running import Run
from rules.steps.buyer import NEVER_AGAIN

Told = Mapping[str, Any]
"""`{"id", "do": "reject", "reason"}`, `{…, "do": "offer", "buyer"}`, or `{…, "do": "start_again", "version", "by"}`.

The id is used once for each lead; `by` is the id of the person who asked, "" for a program.
"""

LONGEST_REASON = 200


def why_not_offer(flow: Flow, run: Run, buyer: str) -> str | None:
    """Return why a lead cannot be offered to a buyer by hand, as a code of `rules.reasons`; None when it can.

    What the buyer itself asks for is met on the way.
    """
    found = flow.buyer(buyer)
    if found is None:
        return "not_connected"
    if found.price is None:
        return "no_bid"
    if run.asked.get(buyer) in NEVER_AGAIN:
        return "already_asked"
    if "unknown" in run.asked.values() and buyer not in run.deals:
        return "exclusive_taken"
    return found.reason_it_is_taken(run)
