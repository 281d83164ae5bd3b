"""What a buyer asks of a lead, and the way of one that it does not take: full, closed, unfit, known, suppressed."""

from typing import Any

import pytest

from rules.flow import parse_flow
from rules.flow_wording import Names, rail
from rules.interpreter import Recorded, replay
from rules.lint import lint
from rules.plain_words import say_flow
from rules.stored_lists import lists_named
from tests.rules.flows import NOW, OFFICE_HOURS, World, a_flow, a_lead, buyer, document, group
from tests.support.cases import rows

LISTED = "lst_01BLOCKED"
SUPPRESS = [{"list": LISTED, "field": "email"}]
ONLY_NV = {"is": [{"var": "lead.state"}, "NV"]}
A_DAY, AN_HOUR, IN_ALL = ({"limit": 100, "per": per} for per in ("day", "hour", "total"))
A_MONTHS_MONEY = {"spend": 500, "per": "month"}
CASES: dict[str, tuple[dict[str, Any], World, dict[str, Any]]] = {
    "full": ({"caps": [A_DAY]}, World(full={"a/day"}), {}),
    "spent": ({"caps": [A_DAY, A_MONTHS_MONEY]}, World(full={"a/month/spend"}), {}),
    "hour full": ({"caps": [A_DAY, AN_HOUR]}, World(full={"a/hour"}), {}),
    "total full": ({"caps": [IN_ALL]}, World(full={"a/total"}), {}),
    "closed": ({"hours": OFFICE_HOURS}, World(), {}),
    "holiday": ({"holidays": ["2026-11-20"]}, World(), {}),
    "unfit": ({"when": ONLY_NV}, World(), {}),
    "blank": ({"requires": ["email", "bill"]}, World(), {"bill": None}),
    "suppressed": ({"suppress": SUPPRESS}, World(lists={LISTED: {"ana@example.com"}}), {}),
    "duplicate": ({"duplicates": {"by": ["email"]}}, World({"a": ["not_asked duplicate"]}), {}),
    "no consent": ({}, World({"a": ["not_asked compliance_missing"]}), {}),
    "unfit and closed": ({"when": ONLY_NV, "hours": OFFICE_HOURS}, World(), {}),
    "suppressed and closed": (
        {"suppress": SUPPRESS, "hours": OFFICE_HOURS},
        World(lists={LISTED: {"ana@example.com"}}),
        {},
    ),
    "closed and full": ({"hours": OFFICE_HOURS, "caps": [A_DAY]}, World(full={"a/day"}), {}),
}


def ended(world: World) -> str:
    """Return how a lead ended, or what it waits for."""
    if world.ended:
        return " ".join(word for word in world.end[:2] if word)
    assert world.held
    return f"waits for {world.held.waiting_for} until {str(world.held.until)[:16]}"


@pytest.mark.parametrize(("case", "ways", "trail", "end"), rows("buyer_ways.json"))
def test_the_way_of_a_lead_that_a_buyer_does_not_take(
    case: str, ways: dict[str, Any], trail: list[str], end: str
) -> None:
    conditions, world, fields = CASES[case]
    flow = a_flow(buyer(**conditions, **ways), buyer("b"), buyer("c"))
    fresh = World(dict(world.answers), world.full, lists=world.lists, most_holds=0)
    fresh.carry(flow, a_lead(**fields))
    told = [line for line in (f"{step} {outcome}" for step, outcome, _ in fresh.said) if line[0] in "abc"]
    assert [line for line in told if not line.endswith("passed")] == trail
    assert ended(fresh) == end


def test_a_buyer_asks_its_lists_once_before_it_is_decided_and_a_replay_asks_nobody() -> None:
    flow = a_flow(buyer(suppress=[*SUPPRESS, {"list": "lst_01OLD", "field": "state"}]), buyer("b"))
    world = World(lists={LISTED: set(), "lst_01OLD": {"CA"}}).carry(flow, a_lead())
    assert world.said[1:4] == [("a", "passed", None), ("a", "skipped", "suppressed"), ("b", "accepted", None)]
    assert world.events[1].asks == {
        "lists": [{"list": LISTED, "of": "lead.email"}, {"list": "lst_01OLD", "of": "lead.state"}]
    }
    walk = replay(flow, a_lead(), NOW, world.events)
    assert walk.ended
    assert walk.ended.outcome == "sold"


def test_a_suppression_list_that_is_gone_is_an_error_and_neither_a_yes_nor_a_no() -> None:
    world = World().carry(a_flow(buyer(suppress=SUPPRESS)), a_lead())
    assert world.end[:2] == ("error", "rule_error")


def test_an_offer_asks_for_the_fields_that_are_filled_in_and_no_value() -> None:
    flow = a_flow(buyer(duplicates={"by": ["email", "state"], "match": "any", "within": "2h"}))
    world = World().carry(flow, a_lead(state=None))
    asked = next(event.asks for event in world.events if event.effect == "offer")
    assert asked["duplicates"] == {"by": ["email"], "together": False, "within": 7200}


def test_journals_of_offers_that_were_begun_before_it_are_replayed() -> None:
    flow = a_flow(buyer())
    world = World().carry(flow, a_lead())
    assert not any("duplicates" in event.asks for event in world.events if event.effect == "offer")
    assert replay(flow, a_lead(), NOW, [Recorded(e.seq, e.effect, e.step, e.asks, e.result) for e in world.events])


@pytest.mark.parametrize(
    ("settings", "path", "code"),
    [
        ({"suppress": SUPPRESS[0]}, "suppress", "not_a_list"),
        ({"suppress": [LISTED]}, "suppress[0]", "not_an_object"),
        ({"suppress": [{"list": "blocked", "field": "email"}]}, "suppress[0].list", "not_a_list"),
        ({"suppress": [{"list": LISTED, "field": "phone_9"}]}, "suppress[0].field", "unknown_word"),
        ({"suppress": [{"list": LISTED, "field": ["email"]}]}, "suppress[0].field", "unknown_word"),
        ({"suppress": [{**SUPPRESS[0], "of": "email"}]}, "suppress[0].of", "unknown_setting"),
        ({"duplicates": {"by": []}}, "duplicates.by", "no_fields"),
        ({"duplicates": {"by": ["fax"]}}, "duplicates.by[0]", "unknown_word"),
        ({"duplicates": {"by": ["email"], "scope": "seller"}}, "duplicates.scope", "unknown_setting"),
        ({"duplicates": {"by": ["email"], "within": "ever"}}, "duplicates.within", "not_a_duration"),
        ({"when_not_met": {"buyer": "nobody"}}, "when_not_met", "unknown_buyer"),
    ],
)
def test_settings_that_cannot_be_meant_are_problems(settings: dict[str, Any], path: str, code: str) -> None:
    _, problems = parse_flow(document(buyer(**settings)))
    assert [(problem.path, problem.code) for problem in problems][:1] == [(f"steps[0].buyer.{path}", code)]


def test_a_document_names_the_lists_that_its_buyers_suppress() -> None:
    written = document(buyer(suppress=SUPPRESS), group(buyer("g1", suppress=[{"list": "lst_2", "field": "email"}])))
    assert list(lists_named(written)) == [
        ("steps[0].buyer.suppress[0].list", LISTED),
        ("steps[1].group.buyers[0].suppress[0].list", "lst_2"),
    ]


def test_a_card_says_what_its_buyer_asks() -> None:
    step = buyer(
        when={"at_least": [{"var": "lead.bill"}, 120]},
        requires=["email", "bill"],
        hours=OFFICE_HOURS,
        holidays="US",
        duplicates={"by": ["email", "state"], "match": "all", "within": "30d"},
        suppress=SUPPRESS,
    )
    names = Names({"con_a": "Sunrise Energy"}, lists={LISTED: "Do not contact"})
    card = rail(a_flow(step), names)[1]
    assert card.conditions == (
        "Only if Monthly bill is at least $120",
        "Needs Email and Monthly bill",
        "Takes leads Mon, 08:00 to 18:00 (Los Angeles), closed on US federal holidays",
        "Takes the same Email and State once in 30 days",
        "Takes nobody on “Do not contact” (by Email)",
    )
    told = say_flow(a_flow(step), names)
    assert "Sunrise Energy needs Email and Monthly bill, takes leads Mon, 08:00 to 18:00 (Los Angeles)" in told
    assert "takes the same Email and State once in 30 days and takes nobody on “Do not contact” (by Email)." in told


def test_a_row_of_a_group_says_it_too() -> None:
    row = rail(a_flow(group(buyer("b", requires=["email"], suppress=SUPPRESS))), Names({}))[1].rows[0]
    assert row.conditions == ("Needs Email", f"Takes nobody on “{LISTED}” (by Email)")


# What sellers of the field write down for one buyer, as it stands in their settings.
SELLERS_FIELDS = [
    {"key": "email", "type": "email"},
    {"key": "phone", "type": "phone", "region": "US"},
    {"key": "consent", "type": "boolean"},
    {"key": "score", "type": "number"},
]
SELLERS_BUYER = buyer(
    "main",
    hours=OFFICE_HOURS | {"days": ["mon", "tue", "wed", "thu", "fri"]},
    outside_hours="hold",
    caps=[{"limit": 1000, "per": "day"}, {"limit": 100, "per": "hour"}],
    when_full={"buyer": "overflow"},
    when={"at_least": [{"var": "lead.score"}, 70]},
    requires=["email", "phone", "consent"],
    when_not_met={"buyer": "remediation"},
)
REMEDIATES = {"any_of": [{"var": "step.main.reason"}, ["rule_not_met", "missing_field"]]}
OVERFLOWS = {"is": [{"var": "step.main.reason"}, "cap_reached"]}
NO = ["declined rejected"]
GOOD = {"email": "ana@example.com", "phone": "+15128675309", "consent": True, "score": 71}


@pytest.mark.parametrize(
    ("fields", "world", "trail"),
    [
        ({}, World(), ["main accepted"]),
        ({"score": 70}, World(), ["main accepted"]),
        ({"score": 69}, World(), ["main skipped", "remediation accepted"]),
        ({"score": None}, World(), ["main skipped", "remediation accepted"]),
        ({"consent": None}, World(), ["main skipped", "remediation accepted"]),
        ({"phone": None, "score": 10}, World(), ["main skipped", "remediation accepted"]),
        ({}, World(full={"main/day"}), ["main full", "overflow accepted"]),
        ({}, World(full={"main/hour"}), ["main full", "overflow accepted"]),
        ({}, World({"main": NO}), ["main declined", "overflow skipped", "remediation skipped", "end stopped"]),
        (
            {"score": 1},
            World({"remediation": NO}),
            ["main skipped", "remediation declined", "overflow skipped", "remediation skipped", "end stopped"],
        ),
    ],
)
def test_quality_caps_and_hours_as_sellers_write_them(fields: dict[str, Any], world: World, trail: list[str]) -> None:
    # Those that only stand in for the main buyer say so: they are on the rail, and not there for everyone.
    steps = [SELLERS_BUYER, buyer("overflow", when=OVERFLOWS), buyer("remediation", when=REMEDIATES)]
    flow = a_flow(*steps, fields=SELLERS_FIELDS)
    assert lint(flow) == []
    lead = a_lead()
    values = GOOD | fields
    world.carry(flow, type(lead)(lead.id, values, values, lead.source, NOW))
    assert world.trail == trail


def test_outside_its_hours_the_sellers_lead_is_queued_until_the_buyer_opens() -> None:
    flow = a_flow(SELLERS_BUYER, buyer("overflow"), buyer("remediation"), fields=SELLERS_FIELDS)
    lead, saturday = a_lead(), NOW.replace(day=21)
    world = World(now=saturday).carry(flow, type(lead)(lead.id, GOOD, GOOD, lead.source, saturday))
    assert world.now.isoformat() == "2026-11-23T16:00:00+00:00"
    assert world.end[0] == "sold"
