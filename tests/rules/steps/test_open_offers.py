"""A group that shares a lead goes on while a buyer has not answered, and never sells it more often than it may."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from rules.effects import Await
from rules.interpreter import Walk, replay
from tests.rules.flows import NOW, World, a_flow, a_lead, buyer, group

SLOW = {"price": 20}
ABC = [buyer("a", price=42), buyer("b", price=30), buyer("c", **SLOW)]
NOT_YET, NO, YES, FAILS, NEVER = "open", "declined rejected", "accepted", "error error", "unknown unknown"
MODES = ["waterfall", "round_robin", "weighted", "least_loaded", "broadcast"]


def carried(
    answers: dict[str, list[str]], *rows: dict[str, Any], later: list[str] | None = None, **settings: Any
) -> World:
    flow = a_flow(group(*(rows or ABC), **{"sell_up_to": 2} | settings))
    world = World({name: list(says) for name, says in answers.items()}, later=later or [])
    world.carry(flow, a_lead())
    walk = replay(flow, a_lead(), NOW, world.events)
    assert walk.effect is None, "the journal leads somewhere else"
    return world


def steps(world: World) -> list[str]:
    """Return who was offered the lead and what came of it, in order; an answer that came later stands in brackets."""
    told = []
    for event in world.events:
        result = event.result or {}
        if event.effect == "offer":
            told.append(f"{event.step} {result['answer']}")
        elif event.effect == "await":
            told.append(f"({result['buyer']} {result['answer']})")
    return told


def sold_for(world: World) -> int:
    assert world.ended is not None
    return world.ended.revenue if world.ended.result == "sold" else 0


@pytest.mark.parametrize(
    ("answers", "told", "revenue"),
    [
        # Others are asked while a place is left.
        ({"a": [NOT_YET, YES]}, ["a open", "b accepted", "(a accepted)"], 7200),
        ({"a": [NOT_YET, NO]}, ["a open", "b accepted", "(a declined)", "c accepted"], 5000),
        ({"a": [NOT_YET, FAILS]}, ["a open", "b accepted", "(a error)", "c accepted"], 5000),
        ({"a": [NOT_YET, NEVER]}, ["a open", "b accepted", "(a unknown)"], 3000),
        # Two that have not answered take both places; the first that says no gives its own back.
        ({"a": [NOT_YET, NO], "b": [NOT_YET, YES]},
         ["a open", "b open", "(a declined)", "c accepted", "(b accepted)"], 5000),
        ({"a": [NOT_YET, YES], "b": [NOT_YET, YES]}, ["a open", "b open", "(a accepted)", "(b accepted)"], 7200),
        ({"a": [NOT_YET, NO], "b": [NOT_YET, NO], "c": [NOT_YET, NO]},
         ["a open", "b open", "(a declined)", "c open", "(b declined)", "(c declined)"], 0),
        # The last row too may answer later.
        ({"a": [NO], "b": [NO], "c": [NOT_YET, YES]}, ["a declined", "b declined", "c open", "(c accepted)"], 2000),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["waterfall", "round_robin", "broadcast"])
def test_others_are_asked_while_a_place_is_left(
    answers: dict[str, list[str]], told: list[str], revenue: int, mode: str
) -> None:
    world = carried(answers, mode=mode)
    assert (steps(world), sold_for(world)) == (told, revenue)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("later", [["a", "b", "c"], ["c", "b", "a"]])
def test_a_lead_is_never_sold_more_often_than_it_may(mode: str, later: list[str]) -> None:
    world = carried({name: [NOT_YET, YES] for name in "abc"}, mode=mode, later=later)
    assert world.ended is not None
    assert (
        steps(world).count("(a accepted)") + steps(world).count("(b accepted)") + steps(world).count("(c accepted)")
        == 2
    )


def test_one_that_is_sold_once_waits_for_its_buyer() -> None:
    world = carried({"a": [NOT_YET, YES]}, sell_up_to=1)
    assert steps(world) == ["a accepted"]


@pytest.mark.parametrize(
    ("mode", "leaves"), [("waterfall", "unanswered"), ("weighted", "unanswered"), ("broadcast", "asked")]
)
def test_what_is_left_open_stands_in_the_journal(mode: str, leaves: str) -> None:
    world = carried({"a": [NOT_YET, YES]}, mode=mode)
    assert {event.asks["leaves"] for event in world.events if event.effect == "offer"} == {leaves}


@pytest.mark.parametrize(
    ("way", "told", "end"),
    [
        ("reject", ["a open", "b declined", "(a declined)"], ("rejected", "rejected", "The buyer declined")),
        ({"buyer": "d"}, ["a open", "b declined", "d accepted", "(a declined)"], ("sold", None, None)),
    ],
)
def test_a_way_out_of_the_group_waits_for_those_that_have_not_answered(way: Any, told: list[str], end: Any) -> None:
    rows = [buyer("a"), buyer("b", on_declined=way), buyer("c")]
    flow = a_flow(group(*rows, sell_up_to=2), buyer("d", price=10))
    world = World({"a": [NOT_YET, NO], "b": [NO]}).carry(flow, a_lead())
    assert (steps(world), world.end) == (told, end)


def test_a_way_of_one_that_answers_later_leads_out_of_the_group_too() -> None:
    rows = [buyer("a", on_declined="reject"), buyer("b"), buyer("c")]
    world = carried({"a": [NOT_YET, NO], "b": [NOT_YET, NEVER]}, *rows)
    assert steps(world) == ["a open", "b open", "(a declined)", "(b unknown)"]
    assert world.end[:2] == ("error", "unknown")


def test_a_rule_that_cannot_be_worked_out_does_not_lose_who_may_take_the_lead() -> None:
    broken = buyer("b", when={">": [{"var": "lead.bill"}, {"/": [1, {"-": [{"var": "lead.bill"}, 180]}]}]})
    world = carried({"a": [NOT_YET, YES]}, buyer("a"), broken)
    assert steps(world) == ["a open", "(a accepted)"]
    assert sold_for(world) == 4200


def test_one_that_takes_leads_alone_is_not_asked_while_another_may_have_it() -> None:
    rows = [buyer("a", sharing="shared"), buyer("b", sharing="exclusive", price=30), buyer("c", sharing="shared")]
    world = carried({"a": [NOT_YET, NO], "c": [NO]}, *rows, mode="round_robin")
    assert steps(world) == ["a open", "c declined", "(a declined)", "b accepted"]


def test_nobody_is_asked_while_one_may_have_the_lead_alone() -> None:
    rows = [buyer("a", sharing="exclusive", price=99), buyer("b", sharing="shared"), buyer("c", sharing="shared")]
    world = carried({"a": [NOT_YET, NO]}, *rows, mode="broadcast")
    assert steps(world) == ["a open", "(a declined)", "b accepted", "c accepted"]


def test_why_the_others_did_not_get_it_is_said_once_all_have_answered() -> None:
    world = carried({"a": [NOT_YET, NO], "b": [YES], "c": [NOT_YET, YES]}, *ABC, buyer("d", price=10), mode="broadcast")
    assert world.settled is not None
    assert (world.settled.winners, dict(world.settled.lost)) == (("b", "c"), {"a": "rejected", "d": "not_selected"})


@dataclass
class Telling(World):
    """A world in which persons decide: `told` says what, in the result of a buyer's offer."""

    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    def _await(self, effect: Await) -> dict[str, Any]:
        result = super()._await(effect)
        return result | ({"told": self.told[result["buyer"]]} if result["buyer"] in self.told else {})


REJECT = {"id": "1", "do": "reject", "reason": "Wrong number"}
SEND = {"id": "2", "do": "offer", "buyer": "d"}


@pytest.mark.parametrize(
    ("b_says", "told", "asked", "end"),
    [
        (NO, {"a": SEND}, ["a open", "b declined", "(a error)", "d accepted"], ("sold", None, None)),
        (NO, {"a": REJECT}, ["a open", "b declined", "(a error)"], ("rejected", "by_hand", "Wrong number")),
        (YES, {"a": REJECT}, ["a open", "b accepted", "(a error)"], ("sold", None, None)),
    ],
)
def test_what_a_person_decides_counts_also_while_the_lead_leaves(
    b_says: str, told: dict[str, Any], asked: list[str], end: Any
) -> None:
    flow = a_flow(group(buyer("a"), buyer("b", on_declined="reject"), buyer("c"), sell_up_to=2), buyer("d", price=10))
    world = Telling({"a": [NOT_YET, FAILS], "b": [b_says], "c": [NO]}, told=told)
    world.carry(flow, a_lead())
    assert [step for step in steps(world) if step != "c declined"] == asked
    assert world.end == end


def test_a_persons_end_counts_where_a_rule_could_not_be_worked_out() -> None:
    broken = buyer("b", when={">": [{"var": "lead.bill"}, {"/": [1, {"-": [{"var": "lead.bill"}, 180]}]}]})
    world = Telling({"a": [NOT_YET, FAILS]}, told={"a": REJECT})
    world.carry(a_flow(group(buyer("a"), broken, sell_up_to=2)), a_lead())
    assert world.end == ("rejected", "by_hand", "Wrong number")


@dataclass
class Late(World):
    """A world in which the answer of an open offer was known an hour ago, when the run stood at another buyer."""

    def _await(self, effect: Await) -> dict[str, Any]:
        return super()._await(effect) | {"at": (self.now - timedelta(hours=1)).isoformat()}


def test_the_clock_does_not_go_back_to_when_an_answer_came() -> None:
    rows = [buyer("a"), buyer("b"), buyer("c", caps=[{"limit": 5, "per": "hour"}])]
    world = Late({"a": [NOT_YET, NO]}).carry(a_flow(group(*rows, sell_up_to=2)), a_lead())
    [asked] = [event.asks for event in world.events if event.step == "c"]
    assert asked["caps"][0]["starts"] == NOW.replace(minute=0, second=0).isoformat()


def test_a_journal_of_before_groups_left_offers_open_is_read_as_it_was() -> None:
    flow = a_flow(group(*ABC, sell_up_to=2))
    world = World({"a": [NO]}).carry(flow, a_lead())
    before = [
        replace(event, asks={key: value for key, value in event.asks.items() if key != "leaves"})
        for event in world.events
    ]
    assert replay(flow, a_lead(), NOW, before).ended is not None


def test_each_call_about_an_offer_says_the_same_whoever_is_asked_meanwhile() -> None:
    flow = a_flow(group(*ABC, sell_up_to=2))
    world = World({"a": [NOT_YET, NO]}).carry(flow, a_lead())
    walk, seen = Walk(flow, a_lead(), NOW), []
    for event in world.events:
        if opened := walk.state.open.get("a"):
            seen.append((dict(opened.effect.view["run"]), dict(opened.effect.view["step"])))
        walk.answer(event.result or {})
    assert len(seen) == 2
    assert seen[0] == seen[1]
