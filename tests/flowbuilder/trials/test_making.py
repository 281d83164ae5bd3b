"""Leads are made up for a flow: three that are plausible for it, and one for each way to fail that it has."""

from datetime import UTC, datetime

import pytest

from flowbuilder import ids
from flowbuilder.trials.inputs import Inputs
from flowbuilder.trials.making import Maker
from flowbuilder.trials.running import bench_of, run_trial
from rules.flow import parse_flow
from tests.support.cast import a_connection, a_flow

MONDAY_NOON = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # in Los Angeles
FIELDS = [
    {"key": "first_name", "type": "name"},
    {"key": "email", "type": "email", "required": True},
    {"key": "state", "type": "state"},
    {"key": "product", "type": "choice", "options": ["roofing", "solar"]},
    {"key": "bill", "type": "money", "label": "Monthly bill"},
]
RULE = {
    "and": [
        {"any_of": [{"var": "lead.state"}, ["NV", "TX"]]},
        {"is": [{"var": "lead.product"}, "solar"]},
        {"at_least": [{"var": "lead.bill"}, 250]},
    ]
}


@pytest.fixture
def make(session, cast):
    """Return a function that gives a maker for a flow with Sunrise, then Brightroof."""
    connections = [a_connection(session, cast.sara, name=name) for name in ("Sunrise", "Brightroof")]
    sunrise, brightroof = (ids.show(row.id, "con") for row in connections)

    def maker(rule=RULE, polarity="continue_if", last=None, **settings):
        hours = {"days": ["mon"], "from": "08:00", "to": "18:00", "time_zone": "America/Los_Angeles"}
        document = {
            "schema": 1,
            "currency": "USD",
            "time_zone": "America/Los_Angeles",
            "fields": FIELDS,
            "intake": {"duplicates": {"by": ["email"], "within": "30d"}},
            "steps": [
                {"filter": {"id": "f", polarity: rule, "reason": "Not NV solar"}},
                {"buyer": {"id": "a", "connection": sunrise, "price": 42, "caps": [{"limit": 9, "per": "day"}],
                           "hours": hours, **settings}},
                {"buyer": last or {"id": "b", "connection": brightroof, "price": 38}},
            ],
            "fallback": {"id": "end", "do": "reject", "reason": "No buyer available"},
        }  # fmt: skip
        rules, problems = parse_flow(document)
        assert rules is not None, problems
        flow = a_flow(session, cast.sara, document=document)
        session.commit()
        return Maker(bench_of(session, flow, rules, MONDAY_NOON, secret_key="s"), MONDAY_NOON)

    return maker


def test_three_leads_are_made_up_and_the_first_is_sold(make):
    first, second, third = make().samples(Inputs(caps="empty"))
    assert (first.name, first.end) == ("Ana", "sold to Sunrise")
    assert (first.posted["state"], first.posted["product"]) == ("NV", "solar")
    assert (second.name, second.end) == ("Ben", "sold to Sunrise")
    assert (third.name, third.end) == ("Cleo", "rejected: Not NV solar")


def test_what_a_filter_stops_is_not_made_up_as_the_first(make):
    maker = make({"is": [{"var": "lead.state"}, "CA"]}, "stop_if")
    ends = [one.end for one in maker.samples(Inputs(caps="empty"))]
    assert ends == ["sold to Sunrise", "sold to Sunrise", "rejected: Not NV solar"]


def test_the_first_fits_the_rule_of_a_buyer_when_there_is_no_other(make):
    maker = make(when={"is": [{"var": "lead.state"}, "TX"]})
    trial = run_trial(maker.bench, maker.made("full:a", Inputs()), MONDAY_NOON)
    assert trial.end.say(maker.bench.names.connections) == "sold to Brightroof"


def test_the_ways_to_fail_are_those_of_the_flow(make):
    assert [(way.key, way.label) for way in make().ways()] == [
        ("wrong:f", "Wrong state"),
        ("missing:email", "Missing email"),
        ("duplicate:intake", "Duplicate"),
        ("full:a", "Sunrise full"),
        ("decline:intake", "All decline"),
        ("timeout:a", "Sunrise times out"),
        ("closed:a", "Outside hours"),
    ]


def test_a_buyer_that_stands_in_two_steps_says_in_which_it_is_full(make):
    sunrise = next(iter(make().bench.rules.buyers.values())).connection
    again = {"id": "b", "connection": sunrise, "price": 38, "caps": [{"limit": 5, "per": "day"}]}
    labels = [way.label for way in make(last=again).ways() if way.kind == "full"]
    assert labels == ["Sunrise full in step 2", "Sunrise full in step 3"]


@pytest.mark.parametrize(
    ("key", "end"),
    [
        ("wrong:f", "rejected: Not NV solar"),
        ("missing:email", "invalid: Email is required."),
        ("duplicate:intake", "duplicate: Duplicate"),
        ("full:a", "sold to Brightroof"),
        ("decline:intake", "rejected: No buyer available"),
        ("timeout:a", "waiting: No answer: the same buyer is asked again"),
        ("closed:a", "sold to Brightroof"),
        ("nonsense:x", "sold to Sunrise"),
    ],
)
def test_each_way_fails_as_it_says(make, key, end):
    maker = make()
    inputs = maker.made(key, Inputs(lead=maker.passing(), caps="empty"))
    assert run_trial(maker.bench, inputs, MONDAY_NOON).end.say(maker.bench.names.connections) == end


def test_a_rule_that_nothing_meets_leaves_a_lead_that_is_stopped(make):
    maker = make({"and": [{"is": [{"var": "lead.state"}, "CA"]}, {"is": [{"var": "lead.state"}, "NV"]}]})
    assert maker.samples(Inputs(caps="empty"))[0].end == "rejected: Not NV solar"
