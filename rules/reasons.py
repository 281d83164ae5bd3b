"""Why a buyer did not get a lead: the codes, and how each is said."""

REASONS: dict[str, str] = {
    "timeout": "it did not answer in time",
    "no_bid": "it made no bid",
    "below_floor": "the price was too low",
    "compliance_missing": "consent or a certificate was missing",
    "outbid": "another buyer bid more",
    "rejected": "it said no",
    "duplicate": "it has this lead already",
    "outside_hours": "it is closed now",
    "cap_reached": "its cap is reached",
    "cascade_exhausted": "nobody took the lead in the end",
    "not_selected": "another buyer was chosen",
    "exclusive_taken": "the lead was already sold",
    "lower_priority": "a buyer of better priority came first",
    "paused": "it is paused",
    "off": "the step is turned off",
    "not_connected": "it is not connected",
    "credentials_expired": "its key is not valid any more",
    "breaker_open": "it failed too often just now",
    "no_funds": "it has no funds",
    "rule_not_met": "the lead does not fit its rule",
    "missing_field": "a field that it needs is blank",
    "outside_area": "it is outside its area",
    "suppressed": "the lead is on a suppression list",
    "mix_full": "its mix is full",
    "undecided": "its rule or its price could not be worked out",
    "already_asked": "it was asked before",
    "ping_expired": "the supplier never posted what it had pinged",
    "by_hand": "a person decided",
    "blocked": "its address may not be called",
    "refused": "its mail server refused the mail",
    "error": "it could not be reached, or failed",
    "unknown": "it may have taken the lead, and never answered",
}


def say_reason(code: str) -> str:
    """Return a reason in words, to follow the buyer's name; an unknown code is a reason in the seller's own words."""
    return REASONS.get(code, code)
