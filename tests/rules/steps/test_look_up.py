"""A look-up adds what a service, a stored list or a score says, for the steps after it."""

from typing import Any

import pytest

from rules import json_text
from rules.effects import LookUp, put_together, taken_apart
from rules.flow import parse_flow
from rules.flow_wording import Names, rail
from rules.interpreter import Recorded, Walk, recorded, replay
from rules.plain_words import say_flow
from tests.rules.flows import NOW, World, a_flow, a_lead, buyer, document, look_up, split, transform
from tests.rules.test_timeline import EventRow, told

NAMES = Names({"con_a": "Sunrise Energy", "con_grades": "Gradify"}, lists={"lst_1": "Old customers"})
IS_A = {"filter": {"id": "f", "continue_if": {"is": [{"var": "lead.grade"}, "A"]}, "reason": "Not grade A"}}
SCORE = [{"key": "score", "type": "number"}, {"key": "known", "type": "boolean"}, {"key": "state", "type": "state"}]
HOLDS = {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "1h", "ask_again": "all"}


def carried(*steps: Any, lead: Any = None, flow: Any = None, **world: Any) -> World:
    return World(**world).carry(a_flow(*steps, **(flow or {})), lead or a_lead())


def test_later_steps_read_what_was_found() -> None:
    world = carried(look_up(), IS_A, buyer(), finds={"l": {"grade": " A "}})
    assert world.trail == ["l passed", "f passed", "a accepted"]


def test_what_is_asked_names_the_connection_and_the_places_in_its_answer() -> None:
    world = carried(look_up(timeout="5s"), buyer(), finds={"l": {"grade": "A"}})
    asked = {"connection": "con_grades", "round": 1, "outputs": [["grade", "body.grade"]], "timeout_ms": 5000}
    assert world.events[1].asks == asked


@pytest.mark.parametrize(
    ("said", "way", "trail", "end"),
    [
        ("not_found", {}, ["l passed", "a accepted"], ("sold", None, None)),
        ("not_found", {"on_not_found": "reject"}, ["l passed"], ("rejected", "not_found", "Nothing was found")),
        ("not_found", {"on_not_found": "stop", "reason": "Who?"}, ["l passed"], ("error", "not_found", "Who?")),
        ("not_found", {"on_not_found": {"go_to": "b"}}, ["l passed", "b accepted"], ("sold", None, None)),
        ("not_found", {"on_error": "stop"}, ["l passed", "a accepted"], ("sold", None, None)),
        ("error", {}, ["l error", "a accepted"], ("sold", None, None)),
        ("timeout", {}, ["l timed_out", "a accepted"], ("sold", None, None)),
        ("not_asked", {}, ["l skipped", "a accepted"], ("sold", None, None)),
        ("error", {"on_error": "continue"}, ["l error", "a accepted"], ("sold", None, None)),
        ("error", {"on_error": "stop"}, ["l error"], ("error", "look_up_failed", "Could not be looked up")),
        ("timeout", {"on_error": "stop"}, ["l timed_out"], ("error", "look_up_failed", "Could not be looked up")),
        ("not_asked", {"on_error": "reject", "reason": "No"}, ["l skipped"], ("rejected", "look_up_failed", "No")),
        ("error", {"on_error": "fallback"}, ["l error", "end stopped"], ("rejected", "no_buyer", "No buyer available")),
        ("error", {"on_not_found": "reject"}, ["l error", "a accepted"], ("sold", None, None)),
    ],
)  # fmt: skip
def test_a_lead_goes_on_as_the_step_says(said: str, way: dict[str, Any], trail: list[str], end: Any) -> None:
    world = carried(look_up(**way), buyer(), buyer("b"), finds={"l": said})
    assert (world.trail, world.end) == (trail, end)


@pytest.mark.parametrize("said", ["found", "not_found", "error", "timeout", "not_asked"])
def test_how_it_ended_can_be_read_by_later_steps(said: str) -> None:
    rule = {"filter": {"id": "f", "continue_if": {"is": [{"var": "step.l.outcome"}, said]}}}
    world = carried(look_up(), rule, buyer(), finds={"l": {} if said == "found" else said})
    assert world.trail[1:] == ["f passed", "a accepted"]


def test_a_value_is_read_by_the_type_of_its_field_and_one_that_is_none_is_blank_and_not_valid() -> None:
    outputs = [["score", "body.score"], ["state", "body.state"], ["known", "body.known"]]
    flow = a_flow(look_up(outputs=outputs), buyer(), fields=SCORE)
    walk = Walk(flow, a_lead(), NOW)
    walk.answer({"outcome": "passed"})
    assert isinstance(walk.effect, LookUp)
    found = walk.effect.found({"score": "$1,200", "state": "Atlantis", "known": "yes"})
    walk.answer({"at": NOW.isoformat(), "answer": "found", "reason": None, "offer": 1} | found)
    seen = walk.state.view
    assert {key: seen["lead"][key] for key in ("score", "state", "known")} == {
        "score": 1200, "state": None, "known": True,
    }  # fmt: skip
    assert {key: seen["valid"][key] for key in ("score", "state", "known")} == {
        "score": True, "state": False, "known": True,
    }  # fmt: skip
    assert found["invalid"] == ["state"]


def test_what_the_answer_does_not_hold_stays_as_it_was() -> None:
    outputs = [["grade", "body.grade"], ["state", "body.state"]]
    world = carried(look_up(outputs=outputs), buyer(price={"if": [{"is": [{"var": "lead.state"}, "CA"]}, 7, 1]}),
                    finds={"l": {"grade": "B"}})  # fmt: skip
    assert world.ended is not None
    assert world.ended.revenue == 700


def test_the_values_stand_in_the_detail_of_the_event_and_nowhere_else_in_the_journal() -> None:
    world = carried(look_up(), IS_A, buyer(), finds={"l": {"grade": "A"}})
    result, detail = taken_apart(world.events[1].result or {})
    assert result == {
        "at": NOW.isoformat(), "answer": "found", "reason": None, "offer": None, "set": ["grade"], "invalid": [],
    }  # fmt: skip
    assert detail == {"changes": {"grade": [None, "A"]}} == world.details[1]
    assert put_together("look_up", result, detail) == world.events[1].result


def stored(world: World) -> list[EventRow]:
    """Return the journal as the database gives it back."""
    rows = []
    for event, detail in zip(world.events, world.details, strict=True):
        kept = json_text.read(json_text.write([event.asks, taken_apart(event.result or {})[0], detail]))
        rows.append(EventRow(1, event.seq, event.effect, event.step, *kept[:2], None, None, NOW, kept[2]))  # type: ignore[index]
    return rows


@pytest.mark.parametrize("said", [{"grade": "A"}, {"grade": "B"}, {}, "not_found", "error", "timeout"])
def test_its_journal_replays_to_the_same_end(said: Any) -> None:
    flow = a_flow(look_up(), IS_A, buyer())
    world = World(finds={"l": said}).carry(flow, a_lead())
    walk = replay(flow, a_lead(), NOW, map(recorded, stored(world)))
    assert walk.ended is not None
    assert (walk.ended.outcome, walk.ended.code, walk.ended.reason) == world.end


def test_a_service_that_found_the_lead_is_asked_once_however_often_the_lead_comes_by() -> None:
    flow = a_flow(look_up(), IS_A, buyer(), fallback=HOLDS)
    world = World({"a": ["declined rejected", "accepted"]}, finds={"l": {"grade": "A"}}).carry(flow, a_lead())
    assert world.trail == [
        "l passed", "f passed", "a declined", "intake passed", "intake passed", "l passed", "f passed", "a accepted",
    ]  # fmt: skip
    assert [event.effect for event in world.events].count("look_up") == 1
    again = [at for at, event in enumerate(world.events) if event.step == "l"][1]
    assert (world.events[again].effect, world.details[again]) == ("note", {"changes": {"grade": [None, "A"]}})


@pytest.mark.parametrize(("said", "many"), [("not_found", 1), ("error", 3), ("timeout", 3)])
def test_what_could_not_be_found_out_is_asked_again_in_another_round(said: str, many: int) -> None:
    answers = {"a": ["declined rejected", "declined rejected", "accepted"]}
    world = carried(look_up(), buyer(), flow={"fallback": HOLDS}, answers=answers, finds={"l": said})
    assert [event.effect for event in world.events].count("look_up") == many
    assert world.end[0] == "sold"


def test_a_lead_that_is_held_asks_again_when_its_time_has_come() -> None:
    world = World(finds={"l": "error"}, most_holds=1).carry(a_flow(look_up(on_error={"hold": "1h"}), buyer()), a_lead())
    assert [event.effect for event in world.events] == ["intake", "look_up", "hold", "reserve", "look_up"]
    assert world.events[2].asks["until"] == "2026-11-20T19:41:58+00:00"


# A stored list, and a score.


@pytest.mark.parametrize(("email", "known"), [("ana@example.com", True), ("bo@example.com", False), (None, False)])
def test_a_stored_list_says_yes_or_no(email: str | None, known: bool) -> None:
    step = look_up(list="lst_1", of={"var": "lead.email"}, into="known")
    world = carried(step, buyer(), lead=a_lead(email=email), lists={"lst_1": {"ana@example.com"}})
    assert world.details[-3] == {"changes": {"known": [None, known]}}
    assert world.trail[-2:] == ["l passed", "a accepted"]


def test_a_list_that_is_gone_is_an_error_and_no_no() -> None:
    world = carried(look_up(list="lst_1", of={"var": "lead.email"}, into="known"), buyer())
    assert world.end[:2] == ("error", "rule_error")


def test_a_score_is_worked_out_and_can_be_decided_by() -> None:
    rule = {"filter": {"id": "f", "continue_if": {"at_least": [{"var": "lead.score"}, 360]}}}
    world = carried(look_up(score={"*": [{"var": "lead.bill"}, 2]}, into="score"), rule, buyer())
    assert world.details[1] == {"changes": {"score": [None, 360]}}
    assert world.trail == ["l passed", "f passed", "a accepted"]


def test_a_score_that_is_no_number_is_blank_and_one_that_cannot_be_decided_is_an_error() -> None:
    blank = carried(look_up(score={"var": "lead.state"}, into="score"), buyer())
    assert (blank.details[1], blank.end[0]) == (None, "sold")
    failing = carried(look_up(score={"/": [1, 0]}, into="score"), buyer())
    assert failing.end[:2] == ("error", "rule_error")


def test_a_journal_of_a_list_and_a_score_replays() -> None:
    steps = [look_up("m", list="lst_1", of={"var": "lead.email"}, into="known"), look_up(score=9, into="score")]
    flow = a_flow(*steps, buyer(price={"var": "lead.score"}))
    world = World(lists={"lst_1": set()}).carry(flow, a_lead())
    walk = replay(flow, a_lead(), NOW, map(recorded, stored(world)))
    assert world.ended is not None
    assert walk.ended is not None
    assert (walk.ended.outcome, world.ended.revenue) == ("sold", 900)


# Problems and words.


@pytest.mark.parametrize(
    ("written", "path", "code"),
    [
        ({}, "connection", "one_source"),
        ({"connection": "con_a", "list": "lst_1"}, "connection", "one_source"),
        ({"list": "lst_1", "score": 1}, "connection", "one_source"),
        ({"connection": "con_a"}, "outputs", "not_a_list"),
        ({"connection": "con_a", "outputs": []}, "outputs", "not_a_list"),
        ({"connection": "con_a", "outputs": [["grade"]]}, "outputs[0]", "not_an_output"),
        ({"connection": "con_a", "outputs": [["grade", 1]]}, "outputs[0]", "not_an_output"),
        ({"connection": "con_a", "outputs": [["Bad key", "body.x"]]}, "outputs[0][0]", "bad_key"),
        ({"connection": "con_a", "outputs": [["grade", "grade"]]}, "outputs[0][1]", "bad_path"),
        ({"connection": "con_a", "outputs": [["grade", "body.x"], ["grade", "body.y"]]}, "outputs", "set_twice"),
        ({"connection": " ", "outputs": [["grade", "body.x"]]}, "connection", "missing_text"),
        ({"found_if": {"is": []}}, "found_if.is", "wrong_arguments"),
        ({"found_if": {"==": [{"var": "lead.state"}, 1]}}, "found_if.==[0]", "unknown_name"),
        ({"inputs": {"number": 1}}, "inputs", "not_a_list"),
        ({"inputs": [["a", 1], ["a", 2]]}, "inputs", "mapped_twice"),
        ({"inputs": [["a", {"in_list": [1, "lst_1"]}]]}, "inputs[0][1]", "no_lists_here"),
        ({"timeout": "31s"}, "timeout", "out_of_bounds"),
        ({"timeout": "0s"}, "timeout", "not_a_duration"),
        ({"on_error": "next"}, "on_error", "not_a_way"),
        ({"on_not_found": "hold"}, "on_not_found", "not_a_way"),
        ({"on_error": {"go_to": "nowhere"}}, "on_error", "not_a_later_step"),
        ({"on_error": {"hold": "8d"}}, "on_error", "out_of_bounds"),
        ({"into": "grade"}, "into", "unknown_setting"),
        ({"list": "lst_1", "into": "known"}, "of", "missing_value"),
        ({"list": "customers", "of": 1, "into": "known"}, "list", "not_a_list"),
        ({"list": "lst_1", "of": {"shout": 1}, "into": "known"}, "of", "unknown_operator"),
        ({"list": "lst_1", "of": 1}, "into", "missing_text"),
        ({"list": "lst_1", "of": 1, "into": "Bad key"}, "into", "bad_key"),
        ({"list": "lst_1", "of": 1, "into": "state"}, "into", "wrong_type"),
        ({"list": "lst_1", "of": 1, "into": "known", "on_error": "stop"}, "on_error", "unknown_setting"),
        ({"score": {"shout": 1}, "into": "score"}, "score", "unknown_operator"),
        ({"score": 1, "into": "bill"}, "into", "wrong_type"),
        ({"score": 1, "into": "score", "timeout": "3s"}, "timeout", "unknown_setting"),
    ],
)
def test_a_problem_has_an_address_and_a_sentence(written: dict[str, Any], path: str, code: str) -> None:
    is_whole = {"connection", "list", "score"} & written.keys() or not written
    step = {"look_up": {"id": "l", **written}} if is_whole else look_up(**written)
    flow, problems = parse_flow(document(step))
    assert flow is None
    found = [(problem.path, problem.code) for problem in problems]
    assert (f"steps[0].look_up.{path}", code) in found, found
    assert all(problem.message.endswith((".", "?")) for problem in problems)


def test_the_fields_that_it_makes_have_a_type_and_those_of_the_document_come_first() -> None:
    lanes = split(("ca", True, [look_up("m", score=1, into="score")]), rest=[transform(["score", 2])])
    flow = a_flow(look_up(), look_up("n", list="lst_1", of=1, into="known"), lanes)
    kinds = {key: flow.by_key[key].type for key in ("grade", "known", "score", "state")}
    assert kinds == {"grade": "text", "known": "boolean", "score": "number", "state": "state"}


@pytest.mark.parametrize(
    ("settings", "sentence", "exits", "plain"),
    [
        (
            {},
            "Ask Gradify; adds Grade",
            ["Found: next step", "Not found: next step", "Fails or times out: next step"],
            "Ask Gradify; adds Grade.",
        ),
        (
            {"inputs": [["q", {"var": "lead.email"}], ["s", "{{lead.state}}"]], "on_not_found": "reject",
             "on_error": "stop", "reason": "Who?"},
            "Check Email and State with Gradify; adds Grade",
            ["Found: next step", "Not found: reject “Who?”", "Fails or times out: end as an error"],
            "Check Email and State with Gradify; adds Grade; if nothing is found: reject; if it fails: end as an error",
        ),
        (
            {"on_error": {"hold": "1h"}, "on_not_found": {"go_to": "fallback"}},
            "Ask Gradify; adds Grade",
            ["Found: next step", "Not found: go to the last step", "Fails or times out: wait 1 hour and try again"],
            "Ask Gradify; adds Grade; if nothing is found: go to the last step; if it fails: wait 1 hour",
        ),
        (
            {"list": "lst_1", "of": {"var": "lead.email"}, "into": "known"},
            "Look for Email in the list “Old customers”; sets Known",
            ["In the list or not: next step"],
            "Look for Email in the list “Old customers”; sets Known.",
        ),
        (
            {"score": {"+": [{"var": "lead.bill"}, 10]}, "into": "score"},
            "Work out Score: Monthly bill plus 10",
            ["Always: next step"],
            "Work out Score: Monthly bill plus 10.",
        ),
    ],
)  # fmt: skip
def test_its_card_says_what_it_does_and_every_way_out(
    settings: dict[str, Any], sentence: str, exits: list[str], plain: str
) -> None:
    flow = a_flow(look_up(**settings), buyer())
    card = rail(flow, NAMES)[1]
    assert (card.label, card.sentence, [way.text for way in card.exits]) == ("Look up", sentence, exits)
    assert say_flow(flow, NAMES).startswith(plain)


@pytest.mark.parametrize(
    ("said", "words", "changes"),
    [
        ({"grade": "A"}, "Found Grade", [("Grade", "nothing", "A")]),
        ({}, "Found, with nothing to add", []),
        ("not_found", "Nothing was found", []),
        ("error", "Could not be looked up: it could not be reached, or failed", []),
        ("timeout", "Could not be looked up: it did not answer in time", []),
        ("not_asked", "Not asked: it is paused", []),
    ],
)
def test_its_event_says_what_came_of_it(said: Any, words: str, changes: list[Any]) -> None:
    entry = told(a_flow(look_up(), buyer()), World(finds={"l": said}))[1]
    assert (entry.kind, entry.title, entry.said) == ("look_up", "Gradify", words)
    assert [(one.label, one.before, one.after) for one in entry.changes] == changes


def test_the_event_of_a_score_says_what_it_set() -> None:
    entry = told(a_flow(look_up(score=9, into="score"), buyer()), World())[1]
    assert (entry.kind, entry.title, entry.said) == ("look_up", "Look up", "Set Score")
    assert [(one.label, one.before, one.after) for one in entry.changes] == [("Score", "nothing", "9")]


def test_rules_behind_it_are_traced_by_what_it_found() -> None:
    stopped = told(a_flow(look_up(), IS_A, buyer()), World(finds={"l": {"grade": "B"}}))[2]
    assert [(line.text, line.verdict) for line in stopped.conditions] == [("Grade is A: lead has B", False)]


def test_an_erased_person_has_no_values_in_a_journal_that_can_still_be_read() -> None:
    flow = a_flow(look_up(), buyer())
    world = World(finds={"l": {"grade": "A"}}).carry(flow, a_lead())
    rows = stored(world)
    rows[1].detail = None
    found: list[Recorded] = list(map(recorded, rows))
    assert (found[1].result or {})["changes"] == {}
    assert replay(flow, a_lead(), NOW, found).ended is not None
