"""Rules that ask stored lists: looked up once before the step, journaled without values, and the same in a replay."""

import json
from typing import Any

import pytest

from rules.delivery.destination import parse_destination
from rules.dry_run import dry_run
from rules.dry_world import World as Said
from rules.flow import parse_flow
from rules.flow_wording import Names
from rules.interpreter import replay
from rules.logic import RuleError, check_rule, compile_rule
from rules.problems import Problem
from rules.timeline import entries
from tests.rules.flows import NOW, World, a_flow, a_lead, buyer, document
from tests.rules.test_timeline import EventRow, LeadRow
from tests.support.a_lead import FIELDS, data_of

BLOCKED, KNOWN = "lst_01BLOCKED", "lst_01KNOWN"
EMAIL_BLOCKED = {"in_list": [{"var": "lead.email"}, BLOCKED]}
NOT_BLOCKED = {"filter": {"id": "f", "stop_if": EMAIL_BLOCKED, "reason": "Do not contact"}}
ANA = {BLOCKED: {"ana@example.com"}, KNOWN: set()}
NOBODY: dict[str, set[str]] = {BLOCKED: set(), KNOWN: set()}


def test_a_rule_reports_what_it_asks_also_under_a_negation() -> None:
    asks = {"or": [{"!": EMAIL_BLOCKED}, {"in_list": [{"cat": [{"var": "lead.state"}, "x"]}, KNOWN]}]}

    assert [(question.list_id, question.of) for question in compile_rule(asks, FIELDS).questions] == [
        (BLOCKED, "lead.email"),
        (KNOWN, '{"cat":[{"var":"lead.state"},"x"]}'),
    ]


@pytest.mark.parametrize(
    ("email", "answers", "expected"),
    [
        ("ana@example.com", {f"{BLOCKED} ana@example.com": True}, True),
        ("ana@example.com", {f"{BLOCKED} ana@example.com": False}, False),
        ("", {}, False),
    ],
)
def test_an_answer_is_the_operators_value_and_a_blank_value_is_in_no_list(
    email: str, answers: Any, expected: bool
) -> None:
    data = data_of({"email": email}) | {"lists": answers}

    assert compile_rule(EMAIL_BLOCKED, FIELDS)(data) is expected
    assert compile_rule({"!": EMAIL_BLOCKED}, FIELDS)(data) is not expected


@pytest.mark.parametrize(
    ("answers", "code"),
    [({}, "list_not_asked"), ({f"{BLOCKED} ana@example.com": None}, "list_gone"), ("x", "list_not_asked")],
)
def test_without_an_answer_there_is_neither_a_yes_nor_a_no(answers: Any, code: str) -> None:
    with pytest.raises(RuleError) as raised:
        compile_rule(EMAIL_BLOCKED, FIELDS)(data_of({"email": "ana@example.com"}) | {"lists": answers})

    assert raised.value.code == code


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        ({"in_list": [{"var": "lead.email"}, "blocked people"]}, "in_list[1]", "not_a_list"),
        ({"in_list": [{"var": "lead.email"}, {"var": "flow.list"}]}, "in_list[1]", "not_a_list"),
        ({"in_list": [{"var": "lead.email"}]}, "in_list", "wrong_arguments"),
        ({"some": [{"var": "step.s1.tags"}, {"in_list": [{"var": ""}, BLOCKED]}]}, "some[1].in_list", "list_in_body"),
    ],
)
def test_a_wrong_question_is_a_problem(rule: Any, path: str, code: str) -> None:
    assert [(problem.path, problem.code) for problem in check_rule(rule, "", FIELDS, asks_lists=True)] == [(path, code)]


def test_only_a_flow_can_ask_stored_lists() -> None:
    assert [problem.code for problem in check_rule(EMAIL_BLOCKED, "accept_if", FIELDS)] == ["no_lists_here"]
    assert parse_flow(document(NOT_BLOCKED))[1] == []


def test_a_destination_cannot_ask_stored_lists() -> None:
    problems: list[Problem] = []
    mapping = [["email", {"var": "lead.email"}, {"when": EMAIL_BLOCKED}]]

    assert parse_destination({"url": "https://api.sunrise.example.com/", "mapping": mapping}, "", problems) is None
    assert "no_lists_here" in [problem.code for problem in problems]


@pytest.mark.parametrize(("lists", "outcome"), [(ANA, "rejected"), (NOBODY, "sold")])
def test_a_step_looks_up_what_its_rule_asks_first(lists: Any, outcome: str) -> None:
    world = World(lists=lists).carry(a_flow(NOT_BLOCKED, buyer()), a_lead())

    assert [(event.effect, event.step) for event in world.events[:3]] == [
        ("intake", "intake"),
        ("lists", "f"),
        ("note", "f"),
    ]
    assert world.end[0] == outcome


def test_the_journal_says_which_list_was_asked_about_what_and_never_the_value() -> None:
    world = World(lists=ANA).carry(a_flow(NOT_BLOCKED, buyer()), a_lead())

    assert world.events[1].asks == {"lists": [{"list": BLOCKED, "of": "lead.email"}]}
    assert world.events[1].result == {"in": [True]}
    assert "ana@" not in json.dumps(world.events[1].asks)


def test_a_run_rebuilt_from_its_journal_goes_the_same_way() -> None:
    flow = a_flow(NOT_BLOCKED, buyer())
    world = World(lists=ANA).carry(flow, a_lead())

    again = replay(flow, a_lead(), NOW, world.events)

    assert (again.effect, again.ended and again.ended.outcome) == (None, "rejected")


def test_what_was_answered_is_not_asked_again_in_the_same_round() -> None:
    second = {"filter": {"id": "g", "stop_if": {"or": [EMAIL_BLOCKED, {"in_list": [{"var": "lead.state"}, KNOWN]}]}}}
    world = World(lists=NOBODY).carry(a_flow(NOT_BLOCKED, second, buyer()), a_lead())

    asked = [event.asks["lists"] for event in world.events if event.effect == "lists"]
    assert asked == [[{"list": BLOCKED, "of": "lead.email"}], [{"list": KNOWN, "of": "lead.state"}]]


def test_a_lead_that_was_held_is_looked_up_anew() -> None:
    hold = {"id": "end", "do": "hold", "from": "f", "retry_every": "1h", "for_up_to": "90m"}
    flow = a_flow(NOT_BLOCKED, buyer(when={"is": [{"var": "lead.state"}, "NV"]}), fallback=hold)
    world = World(lists=NOBODY).carry(flow, a_lead())

    assert [event.step for event in world.events if event.effect == "lists"] == ["f", "f"]


def test_a_blank_value_and_one_that_cannot_be_worked_out_are_not_looked_up() -> None:
    asks = {"and": [{"filled": {"var": "lead.bill"}}, {"in_list": [{"+": [{"var": "lead.bill"}, 1]}, KNOWN]}]}
    flow = a_flow({"filter": {"id": "f", "stop_if": {"or": [EMAIL_BLOCKED, asks]}}}, buyer())
    world = World(lists=NOBODY).carry(flow, a_lead(email=None, bill=None))

    assert world.end[0] == "sold"
    assert not any(event.effect == "lists" for event in world.events)


def test_a_list_that_is_gone_makes_an_error_and_no_verdict() -> None:
    world = World().carry(a_flow(NOT_BLOCKED, buyer()), a_lead())

    assert world.end[:2] == ("error", "rule_error")
    assert "not there any more" in str(world.end[2])


def test_the_rules_of_a_buyer_that_a_way_names_are_looked_up_with_the_step() -> None:
    flow = a_flow(
        buyer("a", on_declined={"buyer": "b"}, when={"!": EMAIL_BLOCKED}),
        buyer("b", price={"if": [{"in_list": [{"var": "lead.state"}, KNOWN]}, 50, 30]}),
    )
    world = World(lists=NOBODY | {KNOWN: {"CA"}}, answers={"a": ["declined"]}).carry(flow, a_lead())

    assert [event.step for event in world.events] == ["intake", "a", "a", "b", "intake"]
    assert (world.end[0], world.ended and world.ended.revenue) == ("sold", 5000)


def test_the_door_and_the_lanes_of_a_split_ask_for_themselves() -> None:
    lane = {"when": EMAIL_BLOCKED, "steps": [{"filter": {"id": "f", "stop_if": EMAIL_BLOCKED}}]}
    other = {"filter": {"id": "g", "stop_if": {"in_list": [{"var": "lead.state"}, KNOWN]}}}
    split = {"split": {"id": "s", "cases": [lane], "else": [other]}}
    flow = a_flow(split, buyer(), intake={"accept_if": {"!": {"in_list": [{"var": "lead.product"}, KNOWN]}}})
    world = World(lists=NOBODY).carry(flow, a_lead())

    assert [event.step for event in world.events if event.effect == "lists"] == ["intake", "s", "g"]
    assert world.end[0] == "sold"


def test_a_dry_run_takes_the_answers_that_it_is_given() -> None:
    flow = a_flow(NOT_BLOCKED, buyer())

    assert dry_run(flow, a_lead(), {}, NOW).outcome == "sold"
    for in_list, outcome in [
        (lambda listed, _text: listed == BLOCKED, "rejected"),
        (lambda _listed, _text: None, "error"),
    ]:
        assert dry_run(flow, a_lead(), {}, NOW, world=Said(in_list=in_list)).outcome == outcome


def test_the_story_of_a_lead_tells_what_was_looked_up() -> None:
    flow = a_flow(NOT_BLOCKED, buyer(), intake={"accept_if": {"!": EMAIL_BLOCKED}})
    world = World(lists=ANA | {BLOCKED: set()}).carry(flow, a_lead())
    lead = a_lead()
    rows = [
        EventRow(1, event.seq, event.effect, event.step, event.asks, event.result, *said[1:])
        for event, said in zip(world.events, world.said, strict=True)
    ]

    told = entries(flow, LeadRow(lead.id, lead.fields, lead.posted), rows, Names({}))

    assert (told[0].title, told[0].said) == ("Stored lists", "Looked up: not in “lst_01BLOCKED”")
    assert [line.text for line in told[1].conditions] == [
        f"Email is not in the list “{BLOCKED}”: lead has {lead.fields['email']}"
    ]
