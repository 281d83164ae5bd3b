"""A split sends each lead down one lane, and lanes join again."""

from typing import Any

import pytest

from rules import json_text
from rules.flow import parse_flow
from rules.interpreter import replay
from rules.running import random_of
from tests.rules.flows import CA_SOLAR, NOW, World, a_flow, a_lead, buyer, document, shares, split, transform

NO = ["declined rejected"]
SOLAR = {"is": [{"var": "lead.product"}, "solar"]}
ROOFING = {"is": [{"var": "lead.product"}, "roofing"]}
IN_CA = {"is": [{"var": "lead.state"}, "CA"]}


def stop(identifier: str, **settings: Any) -> dict[str, Any]:
    return {"filter": {"id": identifier, "stop_if": True, **settings}}


@pytest.mark.parametrize(
    ("steps", "answers", "trail"),
    [
        ([split(("solar", SOLAR, [buyer()])), buyer("b")], {}, ["s passed", "a accepted"]),
        ([split(("solar", SOLAR, [buyer()])), buyer("b")], {"a": NO}, ["s passed", "a declined", "b accepted"]),
        ([split(("roof", ROOFING, [buyer()])), buyer("b")], {}, ["s passed", "b accepted"]),
        ([split(("roof", ROOFING, [buyer()]), rest=[buyer("c")]), buyer("b")], {}, ["s passed", "c accepted"]),
        ([split(("one", SOLAR, []), ("two", SOLAR, [buyer()])), buyer("b")], {}, ["s passed", "b accepted"]),
        ([split(("solar", SOLAR, [buyer()]))], {"a": NO}, ["s passed", "a declined", "end stopped"]),
        # Lanes inside of lanes join one after the other.
        (
            [split(("solar", SOLAR, [split(("ca", IN_CA, [buyer()]), identifier="u"), buyer("b")])), buyer("c")],
            {"a": NO, "b": NO},
            ["s passed", "u passed", "a declined", "b declined", "c accepted"],
        ),
        # A way out of a lane leads to a later step of the same or of an enclosing list, or to the end.
        (
            [split(("solar", SOLAR, [stop("f", otherwise={"go_to": "b"}), buyer("c"), buyer("b")]))],
            {},
            ["s passed", "f stopped", "b accepted"],
        ),
        (
            [split(("solar", SOLAR, [stop("f", otherwise={"go_to": "b"}), buyer("c")])), buyer(), buyer("b")],
            {},
            ["s passed", "f stopped", "b accepted"],
        ),
        (
            [split(("solar", SOLAR, [stop("f", otherwise="fallback"), buyer("c")])), buyer()],
            {},
            ["s passed", "f stopped", "end stopped"],
        ),
        # A buyer in a lane can be named from anywhere.
        (
            [buyer(on_declined={"buyer": "c"}), split(("roof", ROOFING, [buyer("c")]))],
            {"a": NO},
            ["a declined", "c accepted"],
        ),
        # A lane's change is read behind it too.
        ([split(("solar", SOLAR, [transform(["state", "NV"])])), CA_SOLAR], {}, ["s passed", "t passed", "f stopped"]),
        (
            [{"split": split(("solar", SOLAR, [buyer()]))["split"] | {"off": True}}, buyer("b")],
            {},
            ["s skipped", "b accepted"],
        ),
    ],
)
def test_the_road_of_a_lead(steps: list[Any], answers: dict[str, list[str]], trail: list[str]) -> None:
    assert World(answers).carry(a_flow(*steps), a_lead()).trail == trail


def test_a_lead_that_waits_in_a_lane_goes_on_there() -> None:
    flow = a_flow(split(("solar", SOLAR, [buyer(on_error="hold"), buyer("c")])), buyer("b"))
    world = World({"a": ["error error", *NO], "c": NO}).carry(flow, a_lead())
    assert world.trail == ["s passed", "a error", "a passed", "intake passed", "a declined", "c declined", "b accepted"]


def test_a_cap_that_was_passed_in_a_lane_is_taken_again_after_waiting() -> None:
    cap = {"cap": {"id": "c", "limit": 5, "per": "day"}}
    flow = a_flow(split(("solar", SOLAR, [cap, buyer(on_error="hold")])))
    world = World({"a": ["error error", "accepted"]}).carry(flow, a_lead())
    [again] = [event for event in world.events if event.effect == "reserve" and event.step == "intake"]
    assert [ask["cap"] for ask in again.asks["caps"]] == ["c/day"]


def test_shares_follow_the_number_that_a_lead_draws_for_the_step() -> None:
    flow, taken = a_flow(shares((30, [buyer()]), (70, [buyer("b")]))), []
    for number in range(300):
        lead = a_lead()
        lead = type(lead)(f"lead-{number}", lead.fields, lead.posted, lead.source, NOW)
        first = World().carry(flow, lead).trail[1]
        taken.append(first)
        assert first == ("a accepted" if random_of(lead.id, "s") <= 30 else "b accepted")
    assert 60 <= taken.count("a accepted") <= 120


def test_the_journal_names_the_lane_and_replays() -> None:
    flow = a_flow(split(("solar", SOLAR, [buyer()])), buyer("b"))
    world = World({"a": NO}).carry(flow, a_lead())
    assert world.events[1].asks == {"outcome": "passed", "reason": None, "lane": "solar"}
    assert flow.paths == {"a": "s/solar/a"}
    walk = replay(flow, a_lead(), NOW, world.events)
    assert walk.ended is not None


def test_a_rule_that_cannot_be_decided_takes_no_lane() -> None:
    many = list(range(400))
    bomb = {"none": [{"map": [many, {"map": [many, {"+": [{"var": ""}, 1]}]}]}, False]}
    world = World().carry(a_flow(split(("odd", bomb, []), rest=[buyer()])), a_lead())
    assert world.end[:2] == ("error", "rule_error")


DEEP = split(
    ("1", SOLAR, [split(("2", SOLAR, [split(("3", SOLAR, []), identifier="w")]), identifier="v")]), identifier="u"
)


@pytest.mark.parametrize(
    ("steps", "path", "code"),
    [
        ([{"split": {"id": "s"}}], "split.cases", "cases_or_percent"),
        ([{"split": {"id": "s", "cases": [], "percent": []}}], "split.cases", "cases_or_percent"),
        ([{"split": {"id": "s", "cases": []}}], "split.cases", "lanes"),
        ([{"split": {"id": "s", "cases": [{"steps": []}]}}], "split.cases[0].when", "missing_rule"),
        ([split(("else", SOLAR, []))], "split.cases[0].name", "bad_name"),
        ([split(("x", SOLAR, []), ("x", SOLAR, []))], "split.cases", "name_used_twice"),
        ([shares((30, []), (60, []))], "split.percent", "not_a_hundred"),
        ([shares((0, []), (100, []))], "split.percent[0].share", "not_a_whole_number"),
        ([split(("x", SOLAR, [{"teleport": {}}]))], "split.cases[0].steps[0].teleport", "unknown_kind"),
        ([split(("x", SOLAR, [buyer()]), rest=[buyer()])], "split.else[0].buyer.id", "id_used_twice"),
        ([split(("x", SOLAR, [buyer(price={"nix": 1})]))], "split.cases[0].steps[0].buyer.price", "unknown_operator"),
        ([DEEP], "split.cases[0].steps[0].split.cases[0].steps[0].split", "too_deep"),
        (
            [stop("f", otherwise={"go_to": "a"}), split(("x", SOLAR, [buyer()]))],
            "filter.otherwise",
            "not_a_later_step",
        ),
        (
            [split(("x", SOLAR, [stop("f", otherwise={"go_to": "a"})]), ("y", SOLAR, [buyer()]))],
            "split.cases[0].steps[0].filter.otherwise",
            "not_a_later_step",
        ),
        ([{"split": split(("x", SOLAR, []))["split"] | {"sticky": True}}], "split.sticky", "unknown_setting"),
    ],
)
def test_a_problem_has_an_address(steps: list[Any], path: str, code: str) -> None:
    _, problems = parse_flow(document(*steps))
    assert (f"steps[0].{path}", code) in [(problem.path, problem.code) for problem in problems]


def test_a_round_cannot_begin_inside_a_lane() -> None:
    fallback = {"id": "end", "do": "hold", "from": "a"}
    _, [problem] = parse_flow(document(split(("x", SOLAR, [buyer()])), fallback=fallback))
    assert (problem.path, problem.code) == ("fallback.from", "unknown_step")


def test_a_document_with_lanes_stays_as_it_was_written() -> None:
    written = json_text.read(
        json_text.write(document(split(("x", SOLAR, [buyer(price=31.5)])), shares((100, []), identifier="p")))
    )
    flow, problems = parse_flow(written)
    assert flow is not None, problems
    assert json_text.read(json_text.write(flow.document)) == written
