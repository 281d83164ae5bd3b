"""Every made-up lead is what its kind says: read by its flow's own fields, and run through its flow and its buyers."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from flowbuilder.demo.documents import DOCUMENTS
from flowbuilder.demo.leads import COPIES, DECK, HOW_OFTEN, make_lead
from flowbuilder.demo.suppliers import as_form, as_json
from flowbuilder.demo.trading import BrightRoof, Helio, Sunrise
from flowbuilder.intake.reading import LeadForm
from rules.dry_run import MadeUp, dry_run
from rules.effects import Offer
from rules.flow import parse_flow
from rules.running import Lead
from tests.support.pretend_buyers import CREDENTIALS, ask

NOON = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)  # in Los Angeles
FLOWS = {
    name: parse_flow(document({kind.name: kind.name for kind in (Sunrise, BrightRoof, Helio)}))[0]
    for name, (_, document) in DOCUMENTS.items()
}
FORMS = {name: LeadForm(flow.fields, version=1, currency="USD") for name, flow in FLOWS.items()}
LEADS = [make_lead("search", number) for number in range(1000, 1000 + 5 * len(DECK))]

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
    buyers = {kind.name: kind(CREDENTIALS) for kind in (Sunrise, BrightRoof, Helio)}
    if lead.kind == "known":
        ask(buyers["brightroof"], {**reading.values, "phone_1": "+13055550100"}, key="sold before")
    said = {step: answers(buyers[buyer.connection], reading.values, step) for step, buyer in flow.buyers.items()}
    entering = Lead("L1", reading.values, reading.posted, {"name": "S", "cost": None}, NOON, frozenset(reading.invalid))
    made_up = {step: MadeUp("declined" if answers[-1] == "silent" else answers[-1]) for step, answers in said.items()}
    ran = dry_run(flow, entering, made_up, NOON)
    asked = [event.step for event in ran.events if event.effect == Offer.name]
    trail = ", ".join(f"{step} {answer}" for step in asked for answer in said[step])
    return ran.reason if ran.outcome != "sold" else "sold", trail


def answers(buyer, fields, step):
    """Return what one buyer says until it says yes or no; in the roofing flow silence is a no."""
    heard = []
    while not heard or heard[-1] in ("error", "silent"):
        read, told = ask(buyer, fields, key=step)
        heard.append("silent" if told.after > 2 else read.kind)
        if heard[-1] == "silent" and step == "r3":
            break
    return heard


@pytest.mark.parametrize(("flow", "kind"), WAYS)
def test_a_lead_of_this_kind_goes_this_way(flow, kind):
    assert {way_of(lead) for lead in of_kind(kind, flow)} == {WAYS[flow, kind]}


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
    assert [make_lead("search", number) for number in range(1000, 1000 + len(LEADS))] == LEADS
    own = {lead.key for lead in LEADS} | {lead.fields.get("email") for lead in LEADS if lead.kind not in COPIES}
    others = [make_lead("quotes", number) for number in range(1000, 1000 + len(LEADS))]
    assert not own & {text for lead in others for text in (lead.key, lead.fields.get("email")) if text}


@pytest.mark.parametrize(
    ("kind", "same_key", "same_phone"), [("repeat", False, True), ("resend", True, True), ("known", False, False)]
)
def test_a_copy_is_somebody_posted_at_least_five_leads_before(kind, same_key, same_phone):
    for lead in of_kind(kind):
        number = LEADS.index(lead) + 1000
        before = [make_lead("search", earlier) for earlier in range(number - 200, number - 4)]
        [first] = [one for one in before if one.kind == "fits" and one.fields["email"] == lead.fields["email"]]
        assert (first.key == lead.key) is same_key
        assert (first.fields["phone_1"] == lead.fields["phone_1"]) is same_phone


def test_only_test_leads_are_marked_as_tests():
    assert {lead.kind for lead in LEADS if lead.is_test} == {"test"} == {lead.kind for lead in of_kind("test")}


def test_both_suppliers_write_the_same_lead_in_their_own_way():
    for lead in LEADS[:80]:
        form, json = (
            FORMS[lead.flow].read(body) for body in (as_form(lead.fields)["data"], as_json(lead.fields)["json"])
        )
        assert form.values == json.values
        assert (form.ignored, json.ignored) == ([], ["utm_campaign"])
