"""The findings of lint by their codes, each in a few words; only those that BLOCK stand in the way of publishing."""

from collections.abc import Mapping

from rules.problems import Problem

OF_FLOWS: Mapping[str, str] = {
    "never_reached": "A step that no lead gets to",
    "nobody_is_asked": "A flow that offers its leads to nobody",
    "always_true": "A rule that is true for every lead",
    "contradiction": "A rule that asks one field to be two things at once",
    "never_true": "A rule that is true for no lead",
    "never_open": "A buyer that is closed whenever its rule is true",
    "every_day": "Hours of which no day is chosen",
    "shared_name": "Another name of a field that means another field too",
    "used_before_it_exists": "A field that is read before a step makes it",
    "makes_a_field": "A field that a step makes and the flow does not have",
    "look_up_unused": "A look-up that nothing has a use for",
    "cap_never_reached": "A cap that a smaller one around it never lets fill",
    "limit_of_zero": "A cap that lets no lead through",
    "no_campaigns": "A group that takes buyers from a campaign, and there are no campaigns yet",
    "no_active_buyer": "A group all of whose buyers are turned off",
    "no_effect": "A setting that the mode of its group has no use for",
    "below_the_floor": "A buyer that pays less than the floor of its group",
    "floor_above_all": "A floor that no buyer of the group pays",
    "nobody_bids": "A group that waits for the fastest bid, and nobody bids",
    "more_sales_than_buyers": "A group that sells a lead more often than it has buyers",
    "no_time_to_retry": "A lead that would wait longer for its next round than it may wait",
    "retries_nobody": "A lead that waited goes on behind every buyer",
    "looks_secret": "A text that looks like a key or a password",
}
"""What a flow's document shows by itself."""

OF_ACCOUNTS: Mapping[str, str] = {
    "untested_connection": "A buyer that has not received a test lead yet",
    "paused_connection": "A buyer that is paused",
    "revoked_connection": "A buyer whose connection was revoked",
    "nothing_mapped": "A buyer that would get an empty lead",
    "cannot_bid": "A buyer that is to bid, and has no address at which it could",
    "unmapped_field": "A field that a buyer requires and that the flow never fills",
    "consent_not_asked": "A consent that a buyer asks for and that the flow has no field for",
    "below_the_cost": "A buyer that pays less than the lead costs",
}
"""What only shows beside the account's connections and suppliers."""

FINDINGS: Mapping[str, str] = {**OF_FLOWS, **OF_ACCOUNTS}

BLOCK = ("contradiction",)
"""What nobody can have meant. A version that was published with it runs on, and can be gone back to."""


def finding(path: str, code: str, message: str) -> Problem:
    """Return a finding, as a warning unless it is one that blocks; its code must be one of FINDINGS."""
    if code not in FINDINGS:
        raise KeyError(code)
    return Problem(path, code, message, "error" if code in BLOCK else "warning")
