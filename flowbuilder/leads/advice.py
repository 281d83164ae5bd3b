"""What a person can do about a lead that the app cannot finish by itself."""

from collections.abc import Sequence

from flowbuilder.leads.asked import Asked
from flowbuilder.models import Lead

NOT_SETTLED = ("sending", "unknown")
ADVICE = {
    "person": "Ask {buyer} whether the lead arrived. Until that is known nobody else gets its place, so that it cannot "
    "be sold twice. Say below what they tell you; “Try now” asks them again, with the same key.",
    "unknown": "Ask {buyer} whether the lead arrived, and say below what they tell you: it is sold then, or goes on to "
    "the others. It was offered to nobody else afterwards.",
    "quarantined": "Put right what is named here and publish the flow, so that the next leads pass. This one stays as "
    "it is.",
    "rule_error": "Put right the step that could not be decided and publish the flow, so that the next leads pass. "
    "This one stays as it is.",
}


def advice(lead: Lead, asked: Sequence[Asked]) -> str:
    """Return in a sentence or two what a person can do now; nothing for a lead that needs nobody."""
    needs = "person" if lead.waiting_for == "person" else lead.reason_code
    buyer = next((offer.buyer for offer in reversed(asked) if offer.state in NOT_SETTLED), "the buyer")
    return ADVICE.get(needs or "", "").format(buyer=buyer)
