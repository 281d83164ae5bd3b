"""A run asks for one thing after the other, and goes where the answers send it."""

from typing import Any

import pytest

from rules.earnings import supplier_cost
from rules.effects import StartAgain
from rules.interpreter import Diverged, Recorded, replay
from rules.running import End, random_of
from tests.rules.flows import CA_SOLAR, NOW, OFFICE_HOURS, World, a_flow, a_lead, buyer

CAP = {"cap": {"id": "c", "limit": 5, "per": "day", "reason": "Enough for today"}}
NO = ["declined rejected"]
HOLDS = {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "1h"}


def cap(**changes: Any) -> dict[str, Any]:
    return {"cap": CAP["cap"] | changes}


@pytest.mark.parametrize(
    ("steps", "world", "trail", "end"),
    [
        ([buyer()], World(), ["a accepted"], ("sold", None, None)),
        ([], World(), ["end stopped"], ("rejected", "no_buyer", "No buyer available")),
        ([CA_SOLAR, buyer()], World(), ["f passed", "a accepted"], ("sold", None, None)),
        ([buyer(), buyer("b")], World({"a": NO}), ["a declined", "b accepted"], ("sold", None, None)),
        ([buyer()], World({"a": NO}), ["a declined", "end stopped"], ("rejected", "no_buyer", "No buyer available")),
        (
            [buyer(on_declined="reject")],
            World({"a": NO}),
            ["a declined"],
            ("rejected", "rejected", "The buyer declined"),
        ),
        ([buyer(off=True), buyer("b")], World(), ["a skipped", "b accepted"], ("sold", None, None)),
        ([buyer(), buyer("b")], World({"a": ["error error"]}), ["a error", "b accepted"], ("sold", None, None)),
        ([buyer(), buyer("b")], World({"a": ["not_asked paused"]}), ["a skipped", "b accepted"], ("sold", None, None)),
        (
            [buyer(), buyer("b")],
            World({"a": ["declined timeout"]}),
            ["a timed_out", "b accepted"],
            ("sold", None, None),
        ),
        (
            [buyer(), buyer("b")],
            World({"a": ["unknown unknown"]}),
            ["a error"],
            ("error", "unknown", "A buyer may have taken the lead and never answered"),
        ),
        ([cap(), buyer()], World(full={"c/day"}), ["c full"], ("rejected", "cap_reached", "Enough for today")),
        (
            [cap(when_full={"go_to": "b"}), buyer(), buyer("b")],
            World(full={"c/day"}),
            ["c full", "b accepted"],
            ("sold", None, None),
        ),
        (
            [cap(when_full="fallback"), buyer()],
            World(full={"c/day"}),
            ["c full", "end stopped"],
            ("rejected", "no_buyer", "No buyer available"),
        ),
        (
            [buyer(caps=[{"limit": 1, "per": "day"}]), buyer("b")],
            World(full={"a/day"}),
            ["a full", "b accepted"],
            ("sold", None, None),
        ),
        ([buyer(requires=["email", "bill"]), buyer("b")], World(), ["a accepted"], ("sold", None, None)),
        (
            [buyer(when={"is": [{"var": "lead.state"}, "NV"]}), buyer("b")],
            World(),
            ["a skipped", "b accepted"],
            ("sold", None, None),
        ),
        (
            [
                buyer(when={"is": [{"var": "source.supplier"}, "Other Co"]}),
                buyer("b", when={"is": [{"var": "source.supplier"}, "webforms co"]}),
            ],
            World(),
            ["a skipped", "b accepted"],
            ("sold", None, None),
        ),
        ([buyer(hours=OFFICE_HOURS), buyer("b")], World(), ["a skipped", "b accepted"], ("sold", None, None)),
        # A named buyer is offered the lead in place, once, and then the run goes on.
        (
            [buyer(on_declined={"buyer": "c"}), buyer("b"), buyer("c")],
            World({"a": NO, "c": NO, "b": NO}),
            ["a declined", "c declined", "b declined", "c skipped", "end stopped"],
            ("rejected", "no_buyer", "No buyer available"),
        ),
        (
            [
                buyer(when_full={"buyer": "b"}, caps=[{"limit": 1, "per": "day"}]),
                buyer("b", on_declined={"buyer": "a"}),
            ],
            World({"b": NO}, full={"a/day"}),
            ["a full", "b declined", "b skipped", "end stopped"],
            ("rejected", "no_buyer", "No buyer available"),
        ),
        # A shared sale goes on to others, and what is sold stays sold.
        ([buyer(sell="continue"), buyer("b")], World(), ["a accepted", "b accepted"], ("sold", None, None)),
        ([buyer(sell="continue"), buyer("b")], World({"b": NO}), ["a accepted", "b declined"], ("sold", None, None)),
        ([buyer(sell="continue"), cap()], World(full={"c/day"}), ["a accepted", "c full"], ("sold", None, None)),
    ],
)
def test_the_road_of_a_lead(steps: list[Any], world: World, trail: list[str], end: tuple[Any, ...]) -> None:
    world.carry(a_flow(*steps), a_lead())
    assert world.trail == trail
    assert world.end == end


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({"state": "NV"}, ("rejected", "rule_not_met", "Not CA solar")),
        ({"state": None}, ("rejected", "rule_not_met", "Not CA solar")),
        ({"product": "roofing"}, ("rejected", "rule_not_met", "Not CA solar")),
    ],
)
def test_a_filter_rejects_with_the_sellers_reason(fields: dict[str, Any], end: tuple[Any, ...]) -> None:
    assert World().carry(a_flow(CA_SOLAR, buyer()), a_lead(**fields)).end == end


@pytest.mark.parametrize(
    ("intake", "end"),
    [
        ({"outcome": "paused"}, ("rejected", "paused", "The flow or its source is paused")),
        ({"outcome": "duplicate"}, ("duplicate", "duplicate", "Duplicate")),
        ({"outcome": "rejected", "reason": "Too old"}, ("rejected", "not_accepted", "Too old")),
        ({"outcome": "full", "full": "source/day"}, ("rejected", "cap_reached", "Cap reached")),
    ],
)
def test_the_door_can_refuse(intake: dict[str, Any], end: tuple[Any, ...]) -> None:
    world = World(intake=intake).carry(a_flow(buyer()), a_lead())
    assert (world.trail, world.end) == ([], end)


def test_the_flows_own_rule_at_the_door_rejects_with_its_reason() -> None:
    flow = a_flow(buyer(), intake={"accept_if": {"is": [{"var": "lead.state"}, "NV"]}, "reason": "Only NV"})
    assert World().carry(flow, a_lead()).end == ("rejected", "not_accepted", "Only NV")


def test_a_rule_that_cannot_be_decided_is_an_error_and_neither_a_yes_nor_a_no() -> None:
    many = list(range(400))
    bomb = {"none": [{"map": [many, {"map": [many, {"+": [{"var": ""}, 1]}]}]}, False]}
    world = World().carry(a_flow({"filter": {"id": "f", "continue_if": bomb}}, buyer()), a_lead())
    assert world.end[:2] == ("error", "rule_error")


def test_a_price_that_is_no_money_is_an_error() -> None:
    world = World().carry(a_flow(buyer(price={"var": "lead.email"})), a_lead())
    assert world.end[:2] == ("error", "rule_error")


def test_the_fallback_holds_and_a_no_stays_a_no() -> None:
    world = World({"a": NO, "b": ["error error", "accepted"]})
    world.carry(a_flow(buyer(), buyer("b"), fallback=HOLDS), a_lead())
    assert world.trail == ["a declined", "b error", "intake passed", "intake passed", "a skipped", "b accepted"]
    assert world.said[3][2] == "No buyer available"


def test_all_are_asked_again_when_the_fallback_says_so() -> None:
    world = World({"a": ["declined rejected", "accepted"]})
    world.carry(a_flow(buyer(), fallback=HOLDS | {"ask_again": "all"}), a_lead())
    assert [line for line in world.trail if line.startswith("a ")] == ["a declined", "a accepted"]


def test_a_held_lead_is_rejected_when_its_time_is_up() -> None:
    world = World({"a": NO}).carry(a_flow(buyer(), fallback=HOLDS), a_lead())
    assert world.end == ("rejected", "expired", "No buyer available")
    assert world.trail.count("a skipped") == 4


def test_a_lead_is_held_for_as_long_as_its_fallback_says() -> None:
    holds = HOLDS | {"retry_every": "1d", "for_up_to": "14d"}
    world = World({"a": NO}, most_holds=20).carry(a_flow(buyer(), fallback=holds), a_lead())
    assert (world.end, world.trail.count("a skipped")) == (("rejected", "expired", "No buyer available"), 14)


def test_a_full_cap_holds_until_its_window_ends() -> None:
    world = World(full={"c/day"}, most_holds=1).carry(a_flow(cap(when_full="hold"), buyer()), a_lead())
    assert world.now.isoformat() == "2026-11-21T08:00:00+00:00"


def test_a_closed_buyer_holds_until_it_opens() -> None:
    world = World().carry(a_flow(buyer(hours=OFFICE_HOURS, outside_hours="hold")), a_lead())
    assert world.now.isoformat() == "2026-11-23T16:00:00+00:00"
    assert world.end[0] == "sold"


@pytest.mark.parametrize(
    ("settings", "said", "trail", "end"),
    [
        ({}, ["accepted"], ["z accepted"], ("sold", None, None)),
        ({"sell": "continue"}, ["accepted"], ["z accepted"], ("sold", None, None)),
        ({}, NO, ["z declined", "end stopped"], ("rejected", "no_buyer", "No buyer available")),
        ({"on_declined": "reject"}, NO, ["z declined"], ("rejected", "rejected", "The buyer declined")),
        (
            {"on_error": "hold"},
            ["error error", "accepted"],
            ["z error", "end passed", "intake passed", "z accepted"],
            ("sold", None, None),
        ),
    ],
)
def test_the_last_buyer_follows_its_own_ways(
    settings: dict[str, Any], said: list[str], trail: list[str], end: tuple[Any, ...]
) -> None:
    fallback = {"id": "end", "do": "buyer", "buyer": buyer("z", **settings)["buyer"]}
    world = World({"z": said}).carry(a_flow(fallback=fallback), a_lead())
    assert (world.trail, world.end) == (trail, end)


def test_the_supplier_is_paid_a_share_or_a_fixed_sum() -> None:
    assert supplier_cost({"cost": {"share": 75}}, 4200, "USD") == 3150
    assert supplier_cost({"cost": {"fixed": 31.5}}, 4200, "USD") == 3150
    assert supplier_cost({"cost": {"fixed": 31}}, 4200, "JPY") == 31
    assert supplier_cost({"cost": None}, 4200, "USD") == 0


def test_the_price_is_an_expression_and_the_cost_follows() -> None:
    world = World().carry(a_flow(buyer(price={"*": [{"var": "lead.bill"}, 0.1]})), a_lead(bill=180))
    assert world.ended is not None
    assert (world.ended.revenue, world.ended.cost) == (1800, 1350)


def test_a_journal_replays_to_the_same_end() -> None:
    flow = a_flow(CA_SOLAR, cap(), buyer(), buyer("b"), fallback=HOLDS)
    world = World({"a": NO, "b": ["error error", "declined rejected"]}).carry(flow, a_lead())
    walk = replay(flow, a_lead(), NOW, world.events)
    assert walk.ended is not None
    assert (walk.ended.outcome, walk.ended.code) == world.end[:2]


@pytest.mark.parametrize("length", range(1, 8))
def test_a_journal_that_breaks_off_goes_on_where_it_broke_off(length: int) -> None:
    flow = a_flow(CA_SOLAR, cap(), buyer(), buyer("b"))
    events = World({"a": NO, "b": NO}).carry(flow, a_lead()).events
    begun = [
        *events[: length - 1],
        Recorded(length, events[length - 1].effect, events[length - 1].step, events[length - 1].asks, None),
    ]
    walk = replay(flow, a_lead(), NOW, begun)
    assert (walk.seq, walk.effect and walk.effect.name) == (length, events[length - 1].effect)


def test_a_journal_of_another_flow_is_told_apart_at_its_first_difference() -> None:
    events = World({"a": NO}).carry(a_flow(CA_SOLAR, buyer()), a_lead()).events
    with pytest.raises(Diverged) as difference:
        replay(a_flow(CA_SOLAR, buyer(price=40)), a_lead(), NOW, events)
    assert difference.value.seq == 3


def test_a_buyer_that_an_earlier_run_asked_is_not_asked_again() -> None:
    lead = a_lead()
    again = type(lead)(lead.id, lead.fields, lead.posted, lead.source, NOW, asked_before={"a": "declined"})
    assert World().carry(a_flow(buyer(), buyer("b")), again).trail == ["a skipped", "b accepted"]


def test_random_is_fixed_for_each_lead_and_step() -> None:
    drawn = [random_of(f"lead-{number}", "s") for number in range(2000)]
    assert (min(drawn), max(drawn)) == (1, 100)
    assert random_of("lead-1", "s") == random_of("lead-1", "s")
    assert random_of("lead-1", "s") != random_of("lead-2", "s") or random_of("lead-1", "s") != random_of("lead-1", "t")


def test_a_run_that_is_left_for_another_version_ends_there_and_replays() -> None:
    flow, world = a_flow(buyer(), fallback=HOLDS), World({"a": NO}, most_holds=0)
    events = world.carry(flow, a_lead()).events
    assert world.held is not None
    told = {"id": "i1", "do": "start_again", "version": 8, "by": "dana"}
    began = Recorded(
        len(events) + 1, "hold", world.held.step, world.held.asks(), {"now": NOW.isoformat(), "told": told}
    )
    walk = replay(flow, a_lead(), NOW, [*events, began])
    assert isinstance(walk.effect, StartAgain)
    assert walk.effect.asks() == {"version": 8, "by": "dana"}
    walk.answer({"from": 7, "asked_before": {}})
    assert walk.effect is None
    assert walk.ended == End("left", None, None)
