"""A transform changes what the steps after it read."""

from typing import Any

import pytest

from rules.effects import Offer
from rules.flow import parse_flow
from rules.flow_wording import Names, rail
from rules.interpreter import Walk, replay
from tests.rules.flows import NOW, World, a_flow, a_lead, buyer, document, transform

IN_NV = {"is": [{"var": "lead.state"}, "NV"]}
NAMES = Names({"con_a": "Sunrise Energy"})
PHONE = [{"key": "phone_1", "type": "phone", "region": "US", "label": "Phone"}, {"key": "state", "type": "state"}]


def filter_(rule: Any) -> dict[str, Any]:
    return {"filter": {"id": "f", "continue_if": rule}}


def seen_by_the_buyer(*settings: Any, lead: Any = None, **flow: Any) -> dict[str, Any]:
    """Return what the first buyer's mapping can read after a transform."""
    walk = Walk(a_flow(transform(*settings), buyer(), **flow), lead or a_lead(), NOW)
    while not isinstance(walk.effect, Offer):
        walk.answer({"outcome": "passed"})
    return {name: dict(walk.effect.view[name]) for name in ("lead", "valid", "parts", "raw")}


@pytest.mark.parametrize(
    ("setting", "key", "value"),
    [
        (["state", "NV"], "state", "NV"),
        (["state", " nevada "], "state", "NV"),
        (["state", None], "state", None),
        (["email", {"lower": [{"var": "lead.email"}]}], "email", "ana@example.com"),
        (["bill", {"*": [{"var": "lead.bill"}, 2]}], "bill", 360),
        (["grade", "A"], "grade", "A"),
        (["grade", "{{lead.state}}-{{lead.product}}"], "grade", "CA-solar"),
        (["state", "NV", {"when": {"is": [{"var": "lead.product"}, "roofing"]}}], "state", "CA"),
        (["state", "NV", {"when": {"is": [{"var": "lead.product"}, "solar"]}}], "state", "NV"),
    ],
)
def test_later_steps_read_the_new_value_in_its_normal_form(setting: Any, key: str, value: Any) -> None:
    assert seen_by_the_buyer(setting)["lead"][key] == value


def test_parts_and_validity_follow_and_what_was_posted_stays() -> None:
    seen = seen_by_the_buyer(["phone_1", "(213) 555-0148"], ["state", "Atlantis"], fields=PHONE)
    assert seen["lead"]["phone_1"] == "+12135550148"
    assert seen["parts"]["phone_1"]["area"] == "213"
    assert (seen["valid"]["state"], seen["raw"]["state"]) == (False, "CA")


def test_each_setting_sees_those_before_it() -> None:
    seen = seen_by_the_buyer(["grade", "A"], ["note", "{{lead.grade}}+"])
    assert seen["lead"]["note"] == "A+"


def test_a_filter_decides_by_the_changed_value() -> None:
    world = World().carry(a_flow(transform(["state", "NV"]), filter_(IN_NV), buyer()), a_lead())
    assert world.trail == ["t passed", "f passed", "a accepted"]


def test_a_value_that_cannot_be_worked_out_is_an_error_of_the_lead() -> None:
    many = list(range(400))
    bomb = {"map": [many, {"map": [many, {"+": [{"var": ""}, 1]}]}]}
    world = World().carry(a_flow(transform(["state", bomb]), buyer()), a_lead())
    assert world.end[:2] == ("error", "rule_error")


def test_the_journal_keeps_the_values_apart_from_what_a_replay_compares() -> None:
    walk = Walk(a_flow(transform(["state", "NV"], ["product", "solar"]), buyer()), a_lead(), NOW)
    walk.answer({"outcome": "passed"})
    assert walk.effect is not None
    assert walk.effect.asks() == {"outcome": "passed", "reason": None, "fields": ["state"]}
    assert walk.effect.detail == {"changes": {"state": ["CA", "NV"]}}


def test_a_round_that_begins_before_a_transform_begins_with_the_value_before_it() -> None:
    twice = transform(["bill", {"*": [{"var": "lead.bill"}, 2]}])
    holds = {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "1h", "ask_again": "all"}
    flow = a_flow(twice, buyer(price={"var": "lead.bill"}), fallback=holds)
    world = World({"a": ["declined rejected", "accepted"]}).carry(flow, a_lead(bill=10))
    assert world.ended is not None
    assert world.ended.revenue == 2000


def test_a_round_that_begins_after_a_transform_keeps_its_value() -> None:
    twice = transform(["bill", {"*": [{"var": "lead.bill"}, 2]}])
    flow = a_flow(twice, buyer(price={"var": "lead.bill"}, on_declined="hold"))
    world = World({"a": ["declined rejected", "accepted"]}).carry(flow, a_lead(bill=10))
    assert world.ended is not None
    assert world.ended.revenue == 2000


def test_its_journal_replays_to_the_same_end() -> None:
    flow = a_flow(transform(["state", "NV"]), filter_(IN_NV), buyer())
    world = World().carry(flow, a_lead())
    walk = replay(flow, a_lead(), NOW, world.events)
    assert walk.ended is not None
    assert walk.ended.outcome == "sold"


@pytest.mark.parametrize(
    ("written", "path", "code"),
    [
        ({"id": "t"}, "set", "not_a_list"),
        ({"id": "t", "set": []}, "set", "not_a_list"),
        ({"id": "t", "set": [["state"]]}, "set[0]", "not_a_setting"),
        ({"id": "t", "set": [["Bad key", 1]]}, "set[0][0]", "bad_key"),
        ({"id": "t", "set": [["state", {"shout": [1]}]]}, "set[0][1]", "unknown_operator"),
        ({"id": "t", "set": [["state", "NV", []]]}, "set[0][2]", "not_an_object"),
        ({"id": "t", "set": [["state", "NV", {"if": True}]]}, "set[0][2].if", "unknown_setting"),
        ({"id": "t", "set": [["state", "NV", {}]]}, "set[0][2].when", "missing_rule"),
        ({"id": "t", "set": [["state", "NV", {"when": {"is": []}}]]}, "set[0][2].when.is", "wrong_arguments"),
        ({"id": "t", "set": [["state", "NV"]], "on_error": "stop"}, "on_error", "unknown_setting"),
    ],
)
def test_a_problem_has_an_address(written: dict[str, Any], path: str, code: str) -> None:
    flow, problems = parse_flow(document({"transform": written}))
    assert flow is None
    assert (f"steps[0].transform.{path}", code) in [(problem.path, problem.code) for problem in problems]


def test_its_card_says_every_change() -> None:
    step = transform(["state", "NV", {"when": {"is": [{"var": "lead.product"}, "solar"]}}], ["grade", "A"])
    card = rail(a_flow(step, buyer()), NAMES)[1]
    assert card.sentence == "Set State to NV, if Product is Solar; Grade to A"
    assert [way.text for way in card.exits] == ["Always: next step"]
