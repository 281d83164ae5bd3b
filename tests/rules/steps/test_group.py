"""A group offers a lead to its rows in turn, until it is sold as often as it may be."""

from typing import Any

import pytest

from rules.flow import parse_flow
from rules.interpreter import replay
from tests.rules.flows import NOW, OFFICE_HOURS, World, a_bidder, a_flow, a_lead, buyer, document, group

NO = ["declined rejected"]
UNKNOWN = ["unknown unknown"]
IN_NV = {"is": [{"var": "lead.state"}, "NV"]}
A_DAY = [{"limit": 1, "per": "day"}]
AREA = {"list": "lst_1", "of": {"var": "lead.state"}}
MIX = {"by": {"var": "lead.product"}, "shares": {"solar": 70, "roofing": 30}}
NOBODY = ("rejected", "no_buyer", "No buyer available")
MAYBE = ("error", "unknown", "A buyer may have taken the lead and never answered")
SOLD = ("sold", None, None)


@pytest.mark.parametrize(
    ("steps", "world", "trail", "end"),
    [
        ([group(buyer(), buyer("b"))], World(), ["a accepted", "b skipped"], SOLD),
        ([group(buyer(), buyer("b"))], World({"a": NO}), ["a declined", "b accepted"], SOLD),
        (
            [group(buyer(), buyer("b")), buyer("c")],
            World({"a": NO, "b": NO}),
            ["a declined", "b declined", "g passed", "c accepted"],
            SOLD,
        ),
        ([group(buyer(off=True), buyer("b"))], World(), ["a skipped", "b accepted"], SOLD),
        ([group(buyer(when=IN_NV), buyer("b"))], World(), ["a skipped", "b accepted"], SOLD),
        ([group(buyer(caps=A_DAY), buyer("b"))], World(full={"a/day"}), ["a full", "b accepted"], SOLD),
        (
            [group(buyer(on_declined="reject"), buyer("b"))],
            World({"a": NO}),
            ["a declined", "b skipped", "g passed"],
            ("rejected", "rejected", "The buyer declined"),
        ),
        (
            [group(buyer(on_declined={"buyer": "c"}), buyer("b")), buyer("c")],
            World({"a": NO}),
            ["a declined", "c accepted", "b skipped"],
            SOLD,
        ),
        (
            [buyer("c", on_declined={"buyer": "b"}), group(buyer(), buyer("b"))],
            World({"c": NO}),
            ["c declined", "b accepted"],
            SOLD,
        ),
        # The row with the lowest priority is asked first, of equal ones the first written.
        (
            [group(buyer(), buyer("b", priority=2), buyer("c", priority=1))],
            World({"c": NO, "b": NO}),
            ["c declined", "b declined", "a accepted"],
            SOLD,
        ),
        # A shared lead is sold until nothing is left, and a sold one goes on only if the group says so.
        (
            [group(buyer(), buyer("b"), buyer("c"), sell_up_to=2), buyer("d")],
            World(),
            ["a accepted", "b accepted", "c skipped"],
            SOLD,
        ),
        ([group(buyer(), buyer("b"), sell_up_to=2), buyer("d")], World({"b": NO}), ["a accepted", "b declined"], SOLD),
        (
            [group(buyer(), buyer("b"), then="continue"), buyer("d")],
            World(),
            ["a accepted", "b skipped", "d accepted"],
            SOLD,
        ),
        # A row that another one names counts as asked, and its sale as one of the group's.
        (
            [group(buyer(on_declined={"buyer": "c"}), buyer("b"), buyer("c"), sell_up_to=2)],
            World({"a": NO}),
            ["a declined", "c accepted", "b accepted", "c skipped"],
            SOLD,
        ),
        # Who may have bought counts as one who has; the lead is never offered in its place.
        ([group(buyer(), buyer("b"))], World({"a": UNKNOWN}), ["a error", "b skipped"], MAYBE),
        ([group(buyer(), buyer("b"), sell_up_to=2)], World({"a": UNKNOWN}), ["a error", "b accepted"], SOLD),
        (
            [group(buyer(), buyer("b"), sell_up_to=2), buyer("d")],
            World({"a": UNKNOWN, "b": NO}),
            ["a error", "b declined", "g passed"],
            MAYBE,
        ),
    ],
)
def test_the_road_of_a_lead(steps: list[Any], world: World, trail: list[str], end: tuple[Any, ...]) -> None:
    world.carry(a_flow(*steps), a_lead())
    assert (world.trail, world.end) == (trail, end)


@pytest.mark.parametrize(
    ("rows", "settings", "reason"),
    [
        ([buyer(), buyer("b")], {}, "not_selected"),
        ([buyer(priority=1), buyer("b", priority=2)], {}, "lower_priority"),
        ([buyer(), buyer("b", off=True)], {}, "off"),
        ([buyer(), buyer("b", when=IN_NV)], {}, "rule_not_met"),
        ([buyer(), buyer("b", hours=OFFICE_HOURS)], {}, "outside_hours"),
        ([buyer(), buyer("b", price=20)], {"floor": 30}, "below_floor"),
    ],
)
def test_a_row_that_is_not_asked_says_why(rows: list[Any], settings: dict[str, Any], reason: str) -> None:
    world = World().carry(a_flow(group(*rows, **settings)), a_lead())
    assert ("b", "skipped", reason) in world.said


@pytest.mark.parametrize(
    ("settings", "price", "is_asked"),
    [
        ({"floor": 42}, 42, True),
        ({"floor": 42.01}, 42, False),
        # The supplier gets 75 % of the price, so that a quarter of it is left.
        ({"margin": 10.5}, 42, True),
        ({"margin": 10.51}, 42, False),
        ({"margin": {"percent": 25}}, 42, True),
        ({"margin": {"percent": 25.5}}, 42, False),
    ],
)
def test_an_offer_that_brings_too_little_is_not_made(settings: dict[str, Any], price: int, is_asked: bool) -> None:
    world = World().carry(a_flow(group(buyer(price=price), **settings)), a_lead())
    assert (world.trail[0] == "a accepted") is is_asked


@pytest.mark.parametrize(
    ("rows", "answers", "lost"),
    [
        ([buyer(), buyer("b")], {"a": NO, "b": NO}, {"a": "cascade_exhausted", "b": "cascade_exhausted"}),
        ([buyer(), buyer("b")], {"a": ["declined duplicate"], "b": ["error error"]}, {"a": "duplicate", "b": "error"}),
        ([buyer(), buyer("b", when=IN_NV)], {"a": NO}, {"a": "cascade_exhausted", "b": "rule_not_met"}),
        ([buyer(), buyer("b", caps=A_DAY)], {"a": NO}, {"a": "cascade_exhausted", "b": "cap_reached"}),
        ([buyer(on_declined="reject"), buyer("b")], {"a": NO}, {"a": "cascade_exhausted", "b": "not_selected"}),
        ([buyer(), buyer("b")], {"a": NO, "b": UNKNOWN}, {"a": "cascade_exhausted", "b": "unknown"}),
    ],
)
def test_everyone_has_a_reason_where_nobody_took_the_lead(
    rows: list[dict[str, Any]], answers: dict[str, list[str]], lost: dict[str, str]
) -> None:
    world = World(answers, full={"b/day"}).carry(a_flow(group(*rows)), a_lead())
    assert (world.settled.winners, dict(world.settled.lost)) == ((), lost)


def test_a_row_behind_a_way_out_of_the_group_is_not_worked_out() -> None:
    broken = buyer("b", when={">": [{"/": [1, 0]}, 5]})
    world = World({"a": NO}).carry(a_flow(group(buyer(on_declined="reject"), broken)), a_lead())
    assert (world.trail, world.ended and world.ended.result) == (["a declined", "b skipped", "g passed"], "rejected")


def test_all_buyers_of_a_shared_lead_pay() -> None:
    world = World().carry(a_flow(group(buyer(price=20), buyer("b", price=22), sell_up_to=2)), a_lead())
    assert world.ended is not None
    assert (world.ended.revenue, world.ended.cost) == (4200, 3150)
    assert [event.asks.get("buyer") for event in world.events if event.effect == "offer"] == ["a", "b"]


def test_a_row_may_hold_the_lead_which_then_comes_back_to_the_group() -> None:
    rows = [buyer(), buyer("b", hours=OFFICE_HOURS, outside_hours="hold")]
    world = World({"a": NO}).carry(a_flow(group(*rows), buyer("c")), a_lead())
    said, held = ["a declined", "b skipped", "g passed"], ["g passed", "intake passed"]
    assert world.trail == [*said, *held, "a skipped", "b accepted"]
    assert world.now.isoformat() == "2026-11-23T16:00:00+00:00"


def test_a_lead_that_is_sold_once_keeps_its_places_while_it_waits_for_another_buyer() -> None:
    cap = {"cap": {"id": "c", "limit": 5, "per": "day"}}
    rows = [buyer(), buyer("b", hours=OFFICE_HOURS, outside_hours="hold")]
    world = World(full={"none"}).carry(a_flow(cap, group(*rows, sell_up_to=2)), a_lead())
    assert world.trail == ["c passed", "a accepted", "b skipped", "g passed", "a skipped", "b accepted"]
    assert world.events[4].asks["keeps"] is True


def test_another_round_asks_who_was_not_available() -> None:
    holds = {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "1h"}
    world = World({"a": NO, "b": ["error error", "accepted"]})
    world.carry(a_flow(group(buyer(), buyer("b")), fallback=holds), a_lead())
    said, held = ["a declined", "b error", "g passed"], ["intake passed", "intake passed"]
    assert world.trail == [*said, *held, "a skipped", "b accepted"]


@pytest.mark.parametrize("length", range(1, 7))
def test_a_journal_that_breaks_off_goes_on_where_it_broke_off(length: int) -> None:
    flow = a_flow(group(buyer(), buyer("b"), buyer("c"), sell_up_to=2))
    events = World({"a": NO}).carry(flow, a_lead()).events
    walk = replay(flow, a_lead(), NOW, events[: length - 1])
    assert (walk.seq, walk.effect and walk.effect.asks()) == (
        (length, events[length - 1].asks) if length <= len(events) else (len(events), None)
    )


@pytest.mark.parametrize(
    ("written", "path", "code"),
    [
        (group(mode="loudest"), "mode", "not_an_option"),
        (group(), "buyers", "rows"),
        (group(buyer(), sell_up_to=0), "sell_up_to", "not_a_whole_number"),
        (group(buyer(), then="shrug"), "then", "not_an_option"),
        (group(buyer(), floor="much"), "floor", "not_money"),
        (group(buyer(price=-1)), "buyers[0].price", "not_money"),
        (group(buyer(price=10**12)), "buyers[0].price", "not_money"),
        (group(buyer(max_bid=50, shared_price=-1)), "buyers[0].shared_price", "not_money"),
        (group(buyer(), margin={"percent": 120}), "margin", "not_a_margin"),
        (group(buyer(), wait_ms=50), "wait_ms", "not_a_whole_number"),
        (group(buyer(), bids_up_to="a lot"), "bids_up_to", "not_money"),
        (group(buyer(), mixed="shaken"), "mixed", "not_an_option"),
        (group(buyer(), mode="quota"), "mix", "missing_mix"),
        (group(buyer(), buyers_from="x"), "buyers_from", "not_an_object"),
        (group(buyer(sell="continue")), "buyers[0].sell", "unknown_setting"),
        (group(buyer(pricing="barter")), "buyers[0].pricing", "not_an_option"),
        (group(buyer(pricing="auction")), "buyers[0].max_bid", "missing_price"),
        (group(buyer(pricing="auction"), mode="highest_bid"), "buyers[0].price", "price_without_use"),
        (group(buyer(max_bid=50)), "buyers[0].price", "price_without_use"),
        (group(buyer(shared_price=20)), "buyers[0].shared_price", "price_without_use"),
        (group(buyer(pricing="hybrid", max_bid=50), mode="highest_bid"), "buyers[0].shared_price", "missing_price"),
        (group(buyer(weight=11)), "buyers[0].weight", "not_a_whole_number"),
        (group(buyer(weight=0)), "buyers[0].weight", "not_a_whole_number"),
        (group(buyer(sharing="never")), "buyers[0].sharing", "not_an_option"),
        (group(buyer(share_up_to=1)), "buyers[0].share_up_to", "not_a_whole_number"),
        (group(buyer(areas="lst_1")), "buyers[0].areas", "not_a_list"),
        (group(buyer(areas=[{"of": {"var": "lead.state"}}])), "buyers[0].areas[0].list", "missing_text"),
        (group(buyer(areas=[{"list": "x", "of": {"var": "lead.state"}}])), "buyers[0].areas[0].list", "not_a_list"),
        (group(buyer(areas=[{"list": "lst_1"}])), "buyers[0].areas[0].of", "no_postal_code"),
        (group(buyer(areas=[{"list": "lst_1", "of": {"var": "lead.zip"}}])), "buyers[0].areas[0].of", "unknown_name"),
        (group(buyer(areas=[AREA | {"priority": 0}])), "buyers[0].areas[0].priority", "not_a_whole_number"),
        (group(buyer(areas=[AREA] * 21)), "buyers[0].areas", "too_many_areas"),
        (group(buyer(mix=[])), "buyers[0].mix", "not_an_object"),
        (group(buyer(mix={"shares": {"a": 1, "b": 2}})), "buyers[0].mix.by", "missing_expression"),
        (group(buyer(mix=MIX | {"shares": {"solar": 70}})), "buyers[0].mix.shares", "not_shares"),
        (group(buyer(mix=MIX | {"shares": {"solar": 70, "Solar": 30}})), "buyers[0].mix.shares", "not_shares"),
        (group(buyer(mix=MIX | {"shares": {"solar": 70, "roofing": 0}})), "buyers[0].mix.shares", "not_shares"),
        (group(buyer(mix=MIX | {"over": "fortnight"})), "buyers[0].mix.over", "not_an_option"),
        (group(buyer(mix=MIX | {"strict": True})), "buyers[0].mix.strict", "unknown_setting"),
        (
            group(buyer(on_declined={"buyer": "b"}), a_bidder("b"), mode="highest_bid"),
            "buyers[0].on_declined",
            "makes_bids",
        ),
        (group(buyer(priority=0)), "buyers[0].priority", "not_a_whole_number"),
        (group({"buyer": {"id": "a", "connection": "c"}}), "buyers[0].price", "missing_price"),
        (group(buyer(on_declined={"buyer": "z"})), "buyers[0].on_declined", "unknown_buyer"),
        (group(buyer(), buyer()), "buyers[1].id", "id_used_twice"),
    ],
)
def test_a_problem_has_an_address(written: dict[str, Any], path: str, code: str) -> None:
    _, problems = parse_flow(document(written))
    assert (f"steps[0].group.{path}", code) in [(problem.path, problem.code) for problem in problems]
