"""Every made-up lead is what its kind says: read by its flow's own fields, and run through its flow and its buyers."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from flowbuilder import ids
from flowbuilder.demo.buyers import KINDS
from flowbuilder.demo.leads import COPIES, DECK, HOW_OFTEN, make_lead
from flowbuilder.demo.more_destinations import DESTINATIONS
from flowbuilder.demo.more_documents import DOCUMENTS
from flowbuilder.demo.networks import Network
from flowbuilder.demo.places import LISTS
from flowbuilder.demo.suppliers import as_form, as_json
from flowbuilder.intake.reading import LeadForm
from rules.dry_run import MadeUp, dry_run
from rules.dry_world import World
from rules.effects import Offer
from rules.flow import parse_flow
from rules.running import Lead
from tests.support.pretend_buyers import CREDENTIALS, ask

NOON = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)  # in Los Angeles
LIST_IDS = {name: ids.show(ids.new_id(), "lst") for name in LISTS}
ENTRIES = {LIST_IDS[name]: set(listed.entries) for name, listed in LISTS.items()}
FLOWS = {
    name: parse_flow(document({**{buyer: buyer for buyer in DESTINATIONS}, **LIST_IDS}))[0]
    for name, (_, document) in DOCUMENTS.items()
}
FORMS = {name: LeadForm(flow.fields, version=1, currency=flow.currency) for name, flow in FLOWS.items()}
FIRST = 16 * len(DECK)
"""The first lead of a deck."""
LEADS = [make_lead("search", FIRST + number) for number in range(5 * len(DECK))]

WAYS = {
    ("solar", "fits"): ("sold", "s4 accepted"),
    ("solar", "weak_credit"): ("sold", "s4 declined, s5 accepted"),
    ("solar", "small_bill"): ("sold", "s6 accepted"),
    ("solar", "busy"): ("sold", "s6 error, s6 accepted"),
    ("solar", "silent"): ("sold", "s6 silent, s6 accepted"),
    ("solar", "hard_to_sell"): ("No buyer available", "s4 declined, s5 declined, s6 declined"),
    ("solar", "elsewhere"): ("Only California and Nevada", ""),
    ("solar", "shaded"): ("The roof is in full shade", ""),
    ("solar", "test"): ("sold", "s4 accepted"),
    ("solar", "repeat"): ("sold", "s4 accepted"),
    ("solar", "resend"): ("sold", "s4 accepted"),
    ("roofing", "fits"): ("sold", "r2 accepted"),
    ("roofing", "old_roof"): ("sold", "r2 declined, r4 accepted"),
    ("roofing", "small_job"): ("sold", "r3 accepted"),
    ("roofing", "busy"): ("sold", "r3 error, r3 accepted"),
    ("roofing", "silent"): ("sold", "r3 silent, r4 accepted"),
    ("roofing", "inspection"): ("Inspections are not sold", ""),
    ("roofing", "no_consent"): ("No consent to be called", ""),
    ("roofing", "repeat"): ("sold", "r2 accepted"),
    ("roofing", "known"): ("sold", "r2 declined, r4 accepted"),
    ("british", "fits"): ("sold", {"u3 accepted", "u4 accepted"}),
    ("british", "large_bill"): ("sold", {"u5 accepted"}),
    ("british", "too_slow"): ("sold", {"u3 accepted"}),
    ("british", "refused"): ("sold", {"u4 declined, u3 accepted"}),
    ("british", "small_bill"): ("sold", {"u6 accepted"}),
    ("british", "tenant"): ("Tenants cannot order a roof", ""),
    ("british", "repeat"): ("sold", {"u3 accepted", "u4 accepted"}),
    ("german", "fits"): ("sold", "h5 accepted, h6 accepted, h4 accepted"),
    ("german", "country"): ("sold", "h6 accepted"),
    ("german", "far_away"): ("No contractor there", ""),
    ("german", "listed"): ("Asked not to be called", ""),
    ("german", "district"): ("Needs no heat pump", ""),
    ("german", "repeat"): ("sold", "h5 accepted, h6 accepted, h4 accepted"),
}
REFUSED = {
    "incomplete": [("email", "required"), ("state", "required")],
    "malformed": [("email", "invalid_email"), ("phone_1", "invalid_phone")],
}


def of_kind(kind, flow=None):
    return [lead for lead in LEADS if lead.kind == kind and flow in (None, lead.flow)]


def way_of(lead):
    """Return how a lead ends on its flow, and what each buyer that is asked says; buyers know the leads before it."""
    flow, reading = FLOWS[lead.flow], FORMS[lead.flow].read(lead.fields)
    buyers = {kind.name: kind(CREDENTIALS) for kind in KINDS}
    buyers["pennine"].was_silent = True
    if lead.kind == "known":
        ask(buyers["brightroof"], {**reading.values, "phone_1": "+13055550100"}, key="sold before")
    asked_at = {step: buyers.get(buyer.connection) for step, buyer in flow.buyers.items()}
    said = {step: answers(buyer, reading.values, step) for step, buyer in asked_at.items()}
    bids = {step: bid_of(buyer, lead.fields) for step, buyer in asked_at.items()}
    entering = Lead("L1", reading.values, reading.posted, {"name": "S", "cost": None}, NOON, frozenset(reading.invalid))
    told = {step: "declined" if heard[-1] == "silent" else heard[-1] for step, heard in said.items()}
    made_up = {step: MadeUp(answer, bid=bids[step]) for step, answer in told.items()}
    world = World(in_list=lambda listed, text: text in ENTRIES[listed])
    ran = dry_run(flow, entering, made_up, NOON, world=world)
    asked = [event.step for event in ran.events if event.effect == Offer.name]
    trail = ", ".join(f"{step} {answer}" for step in asked for answer in said[step])
    return ran.reason if ran.outcome != "sold" else "sold", trail


def answers(buyer, fields, step):
    """Return what one buyer says until it says yes or no; in the roofing flow silence is a no.

    One that gets mails, or looks into its inbox, says nothing: what was delivered is taken.
    """
    if buyer is None:
        return ["accepted"]
    heard = []
    while not heard or heard[-1] in ("error", "silent"):
        read, told = ask(buyer, fields, key=step)
        heard.append("silent" if told.after > 2 else read.kind)
        if heard[-1] == "silent" and step == "r3":
            break
    return heard


def bid_of(buyer, fields):
    """Return what a network bids within its seller's wait, in minor units: 0 for nothing; None for other buyers."""
    if not isinstance(buyer, Network):
        return None
    wanted = buyer.read(json.dumps(fields).encode())
    return 0 if buyer.takes_long(wanted) > 1.5 else buyer.bid(wanted) or 0


@pytest.mark.parametrize(("flow", "kind"), WAYS)
def test_a_lead_of_this_kind_goes_this_way(flow, kind):
    end, trails = WAYS[flow, kind]
    trails = {trails} if isinstance(trails, str) else trails
    found = {way_of(lead) for lead in of_kind(kind, flow)}
    assert found
    assert found <= {(end, trail) for trail in trails}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_lead_of_this_kind_is_refused_with_every_problem(kind):
    readings = [FORMS[lead.flow].read(lead.fields) for lead in of_kind(kind)]
    assert readings
    assert all([(one.path, one.code) for one in reading.problems] == REFUSED[kind] for reading in readings)


def test_there_is_no_kind_without_a_test():
    kinds = {(flow, kind) for flow, kinds in HOW_OFTEN.items() for kind in kinds}
    assert kinds == {*WAYS, ("solar", "incomplete"), ("roofing", "incomplete"), ("solar", "malformed")}


def test_every_deck_holds_every_kind_as_often_as_agreed():
    deck = LEADS[: len(DECK)]
    assert Counter((lead.flow, lead.kind) for lead in deck) == Counter(DECK)


def test_the_same_number_is_the_same_lead_and_suppliers_differ():
    assert [make_lead("search", FIRST + number) for number in range(len(LEADS))] == LEADS
    own = {lead.key for lead in LEADS} | {lead.fields.get("email") for lead in LEADS if lead.kind not in COPIES}
    others = [make_lead("quotes", FIRST + number) for number in range(len(LEADS))]
    assert not own & {text for lead in others for text in (lead.key, lead.fields.get("email")) if text}


@pytest.mark.parametrize(
    ("kind", "same_key", "same_phone"), [("repeat", False, True), ("resend", True, True), ("known", False, False)]
)
def test_a_copy_is_somebody_posted_at_least_five_leads_before(kind, same_key, same_phone):
    for lead in of_kind(kind):
        number = LEADS.index(lead) + FIRST
        before = [make_lead("search", earlier) for earlier in range(number - 200, number - 4)]
        [first] = [one for one in before if one.kind == "fits" and one.fields["email"] == lead.fields["email"]]
        assert (first.key == lead.key) is same_key
        assert (first.fields["phone_1"] == lead.fields["phone_1"]) is same_phone


def test_only_test_leads_are_marked_as_tests():
    assert {lead.kind for lead in LEADS if lead.is_test} == {"test"} == {lead.kind for lead in of_kind("test")}


def test_both_suppliers_write_the_same_lead_in_their_own_way():
    for lead in LEADS[:80]:
        form, body = (
            FORMS[lead.flow].read(posted) for posted in (as_form(lead.fields)["data"], as_json(lead.fields)["json"])
        )
        assert form.values == body.values
        assert (form.ignored, body.ignored) == ([], ["utm_campaign"])
