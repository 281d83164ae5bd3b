"""Every mode of a group: who is asked in which order and for how much, who buys, and why the others do not."""

from typing import Any

import pytest

from rules.interpreter import replay
from rules.reasons import REASONS
from tests.rules.flows import NOW, World, a_bidder, a_flow, a_lead, buyer, group
from tests.rules.groups import a_group, asked, carried, outcome, the_lead
from tests.support.cases import rows

MONDAY_MORNING = "2026-11-23T16:00:00+00:00"
NO = ["declined rejected"]
UNKNOWN = ["unknown unknown"]
OFFICE_HOURS = {"time_zone": "America/Los_Angeles", "days": ["mon"], "from": "08:00", "to": "18:00"}


@pytest.mark.parametrize(("settings", "buyers", "world", "offers", "outcomes"), rows("groups.json"))
def test_who_is_asked_who_buys_and_why_the_others_do_not(
    settings: dict[str, Any], buyers: dict[str, Any], world: dict[str, Any], offers: list[str], outcomes: dict[str, Any]
) -> None:
    done = carried(settings, buyers, world)
    assert (asked(done), outcome(done)) == (offers, outcomes)
    assert list(outcomes) == [*done.settled.winners, *(name for name, _ in done.settled.lost)]  # type: ignore[union-attr]


def test_every_reason_in_the_table_is_a_known_one_or_the_buyers_own() -> None:
    said = {reason for row in rows("groups.json") for reason in row.values[4].values() if isinstance(reason, str)}
    assert said - set(REASONS) == {"no_coverage"}


@pytest.mark.parametrize(
    ("settings", "world", "trail", "end"),
    [
        ({}, World(), ["g passed", "a accepted", "g passed"], ("sold", None, None)),
        ({}, World({"a": NO, "b": NO}), ["g passed", "a declined", "b declined", "g passed", "z accepted"], "sold"),
        ({}, World({"a": UNKNOWN}), ["g passed", "a error", "g passed"], "error"),
        ({}, World(refused={"a": "paused", "b": "paused"}), ["g skipped", "g passed", "z accepted"], "sold"),
        ({"then": "continue"}, World(), ["g passed", "a accepted", "g passed", "z accepted"], "sold"),
        (
            {"sell_up_to": 2, "then": "continue"},
            World(),
            ["g passed", "a accepted", "b accepted", "g passed", "z accepted"],
            "sold",
        ),
    ],
)
def test_the_road_of_a_lead_goes_on_as_after_any_group(
    settings: dict[str, Any], world: World, trail: list[str], end: Any
) -> None:
    world.carry(a_flow(group(buyer(), buyer("b"), mode="round_robin", **settings), buyer("z")), a_lead())
    assert world.trail == trail
    assert world.end[0] == (end if isinstance(end, str) else end[0])


def test_a_lead_that_one_buyer_has_for_itself_is_offered_to_nobody_else() -> None:
    rows = [buyer(sharing="exclusive", price=90), buyer("b", price=30), buyer("c", price=30)]
    flow = a_flow(group(*rows, sell_up_to=2, then="continue"), buyer("z"))
    assert World().carry(flow, a_lead()).trail == ["a accepted", "g passed"]


@pytest.mark.parametrize("row", [buyer(sharing="exclusive", price=90), a_bidder(sharing="exclusive")])
def test_a_lead_that_was_sold_before_is_not_taken_alone(row: dict[str, Any]) -> None:
    rows, world = [row, buyer("b", price=30)], World(bids={"a": 9000})
    world.carry(a_flow(buyer("y", sell="continue"), group(*rows, mode="highest_bid", sell_up_to=2)), a_lead())
    assert "ping" not in {event.effect for event in world.events}
    assert world.settled is not None
    assert (world.settled.winners, dict(world.settled.lost)) == (("b",), {"a": "exclusive_taken"})


def test_the_way_of_a_closed_row_counts_once_nobody_else_takes_the_lead() -> None:
    closed = buyer(hours=OFFICE_HOURS, outside_hours="hold")
    flow = a_flow(group(closed, buyer("b"), mode="round_robin"))
    assert World().carry(flow, a_lead()).trail == ["g passed", "b accepted", "g passed"]
    held = World({"b": NO}).carry(flow, a_lead())
    assert held.trail[:4] == ["g passed", "b declined", "g passed", "g passed"]
    assert (held.now.isoformat(), held.trail[-2:]) == (MONDAY_MORNING, ["a accepted", "g passed"])


def test_a_full_row_may_hold_the_lead_until_its_window_ends() -> None:
    full = buyer(caps=[{"limit": 1, "per": "day"}], when_full="hold")
    world = World(full={"a/day"}, most_holds=1).carry(a_flow(group(full, mode="round_robin")), a_lead())
    assert world.now.isoformat() == "2026-11-21T08:00:00+00:00"


def test_a_full_row_may_name_another_buyer_for_its_overflow() -> None:
    full = buyer(caps=[{"limit": 1, "per": "day"}], when_full={"buyer": "z"})
    world = World({"b": NO}, full={"a/day"})
    world.carry(a_flow(group(full, buyer("b"), mode="round_robin"), buyer("z", off=False)), a_lead())
    assert world.trail == ["g passed", "b declined", "z accepted", "g passed"]
    assert world.settled is not None
    assert (world.settled.winners, dict(world.settled.lost)) == (("z",), {"a": "cap_reached", "b": "rejected"})


def test_a_row_that_a_way_names_once_more_keeps_the_reason_of_its_answer() -> None:
    rows = [buyer(), buyer("b", on_declined={"buyer": "a"}), buyer("c")]
    world = World({"a": NO, "b": NO}).carry(a_flow(group(*rows, mode="round_robin")), a_lead())
    assert world.trail == ["g passed", "a declined", "b declined", "a skipped", "c accepted", "g passed"]
    assert world.settled is not None
    assert dict(world.settled.lost) == {"a": "rejected", "b": "rejected"}


def test_what_a_way_sold_to_another_buyer_is_not_taken_alone_any_more() -> None:
    shared = buyer(on_declined={"buyer": "z"}, price=60)
    rows = [shared, buyer("b", price=60), buyer("c", price=90, sharing="exclusive")]
    world = World({"a": NO, "b": NO})
    world.carry(a_flow(group(*rows, sell_up_to=2), buyer("z", sell="continue")), a_lead())
    assert world.trail[:4] == ["a declined", "z accepted", "b declined", "g passed"]
    assert world.settled is not None
    assert (world.settled.winners, dict(world.settled.lost)["c"]) == (("z",), "exclusive_taken")


def test_a_no_may_end_the_cascade_and_still_everyone_has_a_reason() -> None:
    rows = [a_bidder(on_declined="reject"), a_bidder("b")]
    world = World({"a": NO}, bids={"a": 5000, "b": 4000}).carry(a_flow(group(*rows, mode="highest_bid")), a_lead())
    assert world.end == ("rejected", "rejected", "The buyer declined")
    assert world.settled is not None
    assert dict(world.settled.lost) == {"a": "cascade_exhausted", "b": "not_selected"}


def test_another_round_asks_again_for_bids_of_those_that_did_not_say_no() -> None:
    holds = {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "1h"}
    flow = a_flow(group(a_bidder(), a_bidder("b"), mode="highest_bid"), fallback=holds)
    world = World({"a": NO, "b": ["error error", "accepted"]}, bids={"a": 5000, "b": 4000}).carry(flow, a_lead())
    pings = [[one["buyer"] for one in event.asks["bidders"]] for event in world.events if event.effect == "ping"]
    assert pings == [["a", "b"], ["b"]]
    assert world.settled is not None
    assert dict(world.settled.lost) == {"a": "already_asked"}


def test_an_offer_after_a_bid_carries_it_and_its_name() -> None:
    world = World(bids={"a": 4200}).carry(a_flow(group(a_bidder(), mode="highest_bid")), a_lead())
    [offer] = [event.asks for event in world.events if event.effect == "offer"]
    assert (offer["price"], offer["bid"], offer["bid_id"]) == (4200, 4200, "id-a")
    assert world.settled is not None
    assert (world.settled.winning_bid, world.ended.revenue if world.ended else None) == (4200, 4200)


@pytest.mark.parametrize(
    ("mode", "settings", "enough", "least"),
    [
        ("highest_bid", {}, None, 1),
        ("fastest", {}, 1, 1),
        ("fastest", {"floor": 30}, 1, 3000),
        # The supplier gets three quarters, so that a quarter of a bid is margin.
        ("fastest", {"margin": 10}, 1, 3998),
        ("fastest", {"margin": {"percent": 30}}, 1, 1_000_001),
    ],
)
def test_a_ping_says_what_counts_as_a_bid(mode: str, settings: dict[str, Any], enough: Any, least: int) -> None:
    world = World(bids={"a": 4200}).carry(a_flow(group(a_bidder(), mode=mode, wait_ms=800, **settings)), a_lead())
    ping = next(event.asks for event in world.events if event.effect == "ping")
    assert ping == {
        "round": 1,
        "wait_ms": 800,
        "enough": enough,
        "least": least,
        "most": 1_000_000,
        "bidders": [{"buyer": "a", "connection": "con_a", "price": None, "caps": []}],
    }


def test_a_sale_in_turn_says_whose_turn_it_was() -> None:
    world = World({"b": NO}, last=1).carry(a_flow(group(buyer(), buyer("b"), buyer("c"), mode="round_robin")), a_lead())
    cursors = [event.asks["cursor"] for event in world.events if event.effect == "offer"]
    assert [(cursor["cap"], cursor["ends"], cursor["to"]) for cursor in cursors] == [
        ("g/cursor/total", None, 2),
        ("g/cursor/total", None, 3),
    ]


def test_sales_are_counted_in_windows_of_their_own() -> None:
    mix = {"by": {"var": "lead.product"}, "shares": {"solar": 70, "roofing": 30}, "over": "week"}
    flow = a_flow(group(buyer(mix=mix, caps=[{"limit": 9, "per": "day"}]), mode="least_loaded"))
    world = World(counts={"a": [4, 2, 3]}).carry(flow, a_lead())
    check, offer = (next(event.asks for event in world.events if event.effect == name) for name in ("check", "offer"))
    assert [(ask["cap"], ask["bucket"]) for ask in check["rows"][0]["counts"]] == [
        ("a/mix/week", "solar"),
        ("a/mix/week", "roofing"),
        ("a/sold/day", ""),
    ]
    # Its mix is kept to the lead, whoever sells at the same moment.
    assert [(ask["cap"], ask["limit"]) for ask in offer["caps"]] == [
        ("a/day", 9),
        ("a/mix/week", 7),
        ("a/sold/day", 1_000_000_000),
    ]


def test_a_mix_that_another_lead_filled_meanwhile_is_called_so() -> None:
    mix = {"by": {"var": "lead.product"}, "shares": {"solar": 70, "roofing": 30}}
    world = World({"b": NO}, full={"a/mix/day"}).carry(a_flow(group(buyer(mix=mix, when_full="reject"))), a_lead())
    assert world.trail == ["g passed", "a full", "g passed", "end stopped"]
    assert world.settled is not None
    assert dict(world.settled.lost) == {"a": "mix_full"}


@pytest.mark.parametrize(
    ("sold", "product", "counted"),
    [
        ([4, 2], "solar", [("b/mix/day", "solar", 7)]),
        ([7, 2], "solar", []),
        ([7, 2], "roofing", [("b/mix/day", "roofing", 4)]),
        ([0, 0], None, []),
    ],
    ids=["room", "full", "room for the other kind", "of no kind"],
)
def test_a_row_that_a_way_names_keeps_its_mix(sold: list[int], product: str | None, counted: list[Any]) -> None:
    mix = {"by": {"var": "lead.product"}, "shares": {"solar": 70, "roofing": 30}}
    flow = a_flow(buyer("z", on_declined={"buyer": "b"}), group(buyer("b", mix=mix)))
    world = World({"z": NO, "b": NO}, counts={"b": sold}).carry(flow, a_lead(product=product))
    offers = [event.asks for event in world.events if event.effect == "offer" and event.step == "b"]
    assert [(ask["cap"], ask["bucket"], ask["limit"]) for offer in offers for ask in offer["caps"]] == counted
    assert counted or ("b", "skipped", "mix_full") in world.said


def test_a_row_that_a_way_names_is_offered_the_lead_at_its_own_price_and_counted() -> None:
    rows = [buyer("b", max_bid=50)]
    del rows[0]["buyer"]["price"]
    world = World({"z": NO})
    world.carry(a_flow(buyer("z", on_declined={"buyer": "b"}), group(*rows, mode="least_loaded")), a_lead())
    offer = [event.asks for event in world.events if event.effect == "offer"][-1]
    assert (offer["price"], [ask["cap"] for ask in offer["caps"]]) == (5000, ["b/sold/day"])


@pytest.mark.parametrize(("settings", "buyers", "world", "_offers", "_outcomes"), rows("groups.json")[::4])
def test_every_journal_replays_from_wherever_it_broke_off(
    settings: dict[str, Any], buyers: dict[str, Any], world: dict[str, Any], _offers: Any, _outcomes: Any
) -> None:
    events = carried(settings, buyers, world).events
    for cut, event in enumerate(events):
        walk = replay(a_group(settings, buyers), the_lead(world), NOW, events[:cut])
        assert (walk.effect and walk.effect.name, walk.effect and walk.effect.asks()) == (event.effect, event.asks)
    assert replay(a_group(settings, buyers), the_lead(world), NOW, events).ended is not None
