"""Whatever steps a flow has and whatever its buyers say, a lead ends, and its journal replays to the same end."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules import json_text
from rules.flow import Flow, parse_flow
from rules.flow_wording import Names, every_card, rail
from rules.interpreter import Walk, replay
from rules.lint import lint
from rules.plain_words import say_flow
from rules.ranking import RANKERS
from rules.reasons import REASONS
from rules.steps import Group, LookUp
from rules.steps.group.rows import PINGS
from tests.rules.flows import (
    CA_SOLAR,
    NOW,
    OFFICE_HOURS,
    World,
    a_bidder,
    a_flow,
    a_lead,
    buyer,
    document,
    group,
    look_up,
    shares,
    split,
    transform,
)
from tests.support.wild import changed

NAMES = Names({})
RULES = st.sampled_from([True, False, {"is": [{"var": "lead.state"}, "CA"]}, {"is": [{"var": "lead.state"}, "NV"]}])
ANSWERS = st.sampled_from(
    ["accepted", "declined rejected", "error error", "unknown unknown", "not_asked paused", "open", "open"]
)
FINDS = st.sampled_from([{"grade": "A"}, {"grade": ["B"]}, {}, "not_found", "error", "timeout", "not_asked"])
ON_ERROR = st.sampled_from(["continue", "stop", "reject", "fallback", "hold"])
WAYS = st.sampled_from(["next", "reject", "hold"])
MIX = {"by": {"var": "lead.product"}, "shares": {"solar": 70, "roofing": 30}}
A_DAY = [{"limit": 5, "per": "day"}, {"spend": 500, "per": "day"}]
AUCTION = group(
    a_bidder("n1", priority=2),
    a_bidder("n2", pricing="hybrid", max_bid=50, shared_price=20, sharing="either", share_up_to=2),
    buyer("n3", areas=[{"list": "lst_1", "priority": 3, "of": {"var": "lead.state"}}], sharing="shared"),
    identifier="auction",
    mode="highest_bid",
    mixed="one_ranking",
    sell_up_to=2,
    wait_ms=500,
    bids_up_to=100,
    floor=9,
)
IN_TURN = group(
    buyer("w1", weight=3, mix=MIX),
    a_bidder("w2", max_bid=9),
    identifier="turn",
    mode="weighted",
    mix=MIX | {"over": "week"},
    buyers_from={"campaign": "cmp_1"},
)
FULL = document(
    transform(["state", "NV", {"when": {"blank": [{"var": "lead.state"}]}}], ["grade", "{{lead.state}}-1"]),
    {"cap": {"id": "c", "limit": 5, "per": "day", "count_by": {"var": "lead.state"}, "when_full": {"go_to": "z"}}},
    split(
        (
            "ca",
            {"is": [{"var": "lead.state"}, "CA"]},
            [CA_SOLAR, group(buyer(), buyer("b"), floor=9, margin={"percent": 5})],
        ),
        ("bids", True, [AUCTION, IN_TURN]),
        rest=[shares((50, [buyer("d", caps=A_DAY)]), (50, [buyer("e", hours=OFFICE_HOURS)]), identifier="half")],
    ),
    look_up(inputs=[["s", {"var": "lead.state"}]], on_error={"hold": "1h"}, on_not_found={"go_to": "z"}, timeout="9s"),
    look_up("k", list="lst_1", of={"var": "lead.email"}, into="known"),
    look_up("n", score={"var": "lead.bill"}, into="score"),
    buyer("z", on_declined={"buyer": "b"}, requires=["grade"]),
    intake={"duplicates": {"by": ["email"]}, "caps": A_DAY[:1]},
    fallback={"id": "end", "do": "buyer", "buyer": buyer("last", on_error="hold")["buyer"]},
)
BIDS = st.sampled_from([1, 3000, 4200, 4200, 5000, 0, -5, "no_bid", "timeout", "error", "not_asked"])
REFUSED = st.dictionaries(st.integers(0, 9), st.sampled_from(["paused", "suppressed", "duplicate"]), max_size=3)
JOINING = ("j1", "j2", "j3")
HOLDS = {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "1h"}


@st.composite
def steps(draw: st.DrawFn, depth: int = 0, numbers: Any = None) -> list[dict[str, Any]]:
    """Make the steps of a list, in which splits stand at most two levels deep."""
    numbers = numbers or count()
    kinds = ["buyer", "filter", "transform", "look_up", "group", *(["split", "shares"] if depth < 2 else [])]
    return [draw(a_step(kind, depth, numbers)) for kind in draw(st.lists(st.sampled_from(kinds), max_size=4))]


@st.composite
def a_group(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Make a group of any mode, whose rows have any of the settings that a row can have."""
    mode, most = draw(st.sampled_from(sorted(RANKERS))), draw(st.integers(1, 3))
    joins = {"buyers_from": {"campaign": "cmp_1"}} if draw(st.booleans()) else {}
    rows = [draw(a_row(f"{name}-{row}", mode, most)) for row in range(draw(st.integers(0 if joins else 1, 4)))]
    then, mixed = draw(st.sampled_from(["stop", "continue"])), draw(st.sampled_from(["networks_first", "one_ranking"]))
    asked = {"mix": MIX} if mode == "quota" or draw(st.booleans()) else {}
    asked |= {"floor": draw(st.integers(0, 45))} if draw(st.booleans()) else {}
    return group(*rows, identifier=name, mode=mode, sell_up_to=most, then=then, mixed=mixed, **asked, **joins)


@st.composite
def a_campaign(draw: st.DrawFn) -> list[list[Any]]:
    """Make the rows that a campaign has from time to time; some of them can join no group, or only some."""
    kinds = st.sampled_from(
        [
            {"price": 40},
            {"price": 41, "priority": 1, "when": {"in_list": [{"var": "lead.state"}, "lst_1"]}},
            {"price": 99, "when": {"in_list": [{"var": "lead.state"}, "lst_gone"]}},
            {"price": {"var": "lead.state"}},
            {"price": 30, "on_declined": "reject"},
            {"max_bid": 50, "shared_price": 20},
            {"price": 60, "sharing": "exclusive"},
            {},
        ]
    )
    lists = []
    for _ in range(draw(st.integers(1, 3))):
        there = draw(st.lists(st.sampled_from(JOINING), unique=draw(st.booleans()), max_size=3))
        lists.append([{"id": name, "connection": f"con_{name}", **draw(kinds)} for name in there])
    return lists


@st.composite
def a_row(draw: st.DrawFn, name: str, mode: str, most: int) -> dict[str, Any]:
    """Make a row that is priced in one of the ways of its group's mode."""
    pricing = draw(st.sampled_from(["fixed", "auction", "hybrid", *(["bids"] if mode in PINGS else [])]))
    row = buyer(name, on_declined=draw(WAYS), priority=draw(st.integers(1, 3)), weight=draw(st.integers(1, 10)))
    settings = row["buyer"]
    if pricing != "fixed":
        del settings["price"]
    if pricing in ("auction", "hybrid"):
        settings |= {"max_bid": draw(st.integers(1, 60))}
    if pricing == "hybrid":
        settings |= {"shared_price": draw(st.integers(1, 40))}
    if draw(st.booleans()):
        settings |= {"areas": [{"list": "lst_1", "priority": draw(st.integers(1, 3)), "of": {"var": "lead.state"}}]}
    if most > 1 and draw(st.booleans()):
        settings |= {"sharing": draw(st.sampled_from(["exclusive", "shared", "either"]))}
    return row


@st.composite
def a_step(draw: st.DrawFn, kind: str, depth: int, numbers: Any) -> dict[str, Any]:
    """Make one step with an id of its own."""
    name = f"x{next(numbers)}"
    match kind:
        case "buyer":
            ways = {"sell": draw(st.sampled_from(["stop", "continue"])), "on_declined": draw(WAYS)}
            return buyer(name, **ways, on_error=draw(WAYS), off=draw(st.booleans()))
        case "filter":
            otherwise = draw(st.sampled_from(["reject", "fallback"]))
            return {"filter": {"id": name, "continue_if": draw(RULES), "otherwise": otherwise}}
        case "transform":
            return transform(["state", draw(st.sampled_from(["CA", "NV", None]))], identifier=name)
        case "look_up":
            ways = {"on_error": draw(ON_ERROR), "on_not_found": draw(st.sampled_from(["continue", "reject"]))}
            return look_up(name, **ways)
        case "group":
            return draw(a_group(name))
        case "split":
            lanes = [
                (str(lane), draw(RULES), draw(steps(depth + 1, numbers))) for lane in range(draw(st.integers(1, 2)))
            ]
            return split(*lanes, rest=draw(steps(depth + 1, numbers)), identifier=name)
    return shares((30, draw(steps(depth + 1, numbers))), (70, draw(steps(depth + 1, numbers))), identifier=name)


def a_world(
    flow: Flow,
    answers: list[str],
    bids: list[Any],
    refused: dict[int, str],
    found: Sequence[Any] = ({},),
    campaign: Sequence[list[Any]] = ([],),
) -> World:
    """Return a world in which every buyer and service has its own answer, each bidder its bid; some cannot be asked."""
    names = [*flow.buyers, *(f"{step}:{row}" for step in flow.positions for row in JOINING)]
    finals = [answer for answer in answers if answer not in ("open", "not_asked paused")] or ["accepted"]
    said = {
        name: [now, finals[number % len(finals)], "accepted"] if now == "open" else [now, "accepted"]
        for number, name in enumerate(names)
        if (now := answers[number % len(answers)])
    }
    bid = {name: bids[number % len(bids)] for number, name in enumerate(names)}
    able = {name: refused[number % 10] for number, name in enumerate(names) if number % 10 in refused}
    steps = [name for name in flow.positions if isinstance(flow.step(name), LookUp)]
    finds = {name: found[number % len(found)] for number, name in enumerate(steps)}
    there = {"cmp_1": [*campaign]}
    return World(said, bids=bid, refused=able, lists={"lst_1": {"CA"}}, finds=finds, campaigns=there, most_holds=1000)


@settings(max_examples=200)
@given(
    steps(),
    st.lists(ANSWERS, min_size=30, max_size=30),
    st.lists(BIDS, min_size=7, max_size=7),
    REFUSED,
    st.lists(FINDS, min_size=3, max_size=3),
    a_campaign(),
    st.booleans(),
)
def test_every_lead_ends_and_every_journal_replays(
    written: list[Any],
    answers: list[str],
    bids: list[Any],
    refused: dict[int, str],
    found: list[Any],
    campaign: list[Any],
    is_held: bool,
) -> None:
    flow = a_flow(*written, **({"fallback": HOLDS} if is_held else {}))
    world = a_world(flow, answers, bids, refused, found, campaign).carry(flow, a_lead())
    walk = replay(flow, a_lead(), NOW, world.events)
    assert walk.ended is not None
    assert (walk.ended.outcome, walk.ended.code, walk.ended.reason) == world.end
    for cut in range(0, len(world.events), 1 + len(world.events) // 8):
        again: Walk = replay(flow, a_lead(), NOW, world.events[:cut])
        assert again.effect is not None
        assert again.effect.asks() == world.events[cut].asks


@settings(max_examples=200)
@given(
    steps(),
    st.lists(ANSWERS, min_size=30, max_size=30),
    st.lists(BIDS, min_size=7, max_size=7),
    REFUSED,
    a_campaign(),
    st.booleans(),
)
def test_no_group_sells_more_often_than_it_may(
    written: list[Any],
    answers: list[str],
    bids: list[Any],
    refused: dict[int, str],
    campaign: list[Any],
    is_held: bool,
) -> None:
    flow = a_flow(*written, **({"fallback": HOLDS} if is_held else {}))
    world = a_world(flow, answers, bids, refused, campaign=campaign).carry(flow, a_lead())
    bought = [step for step, outcome, _ in world.said if outcome == "accepted"]
    assert len(bought) == len(set(bought))
    for spot in flow.spots:
        if isinstance(spot.step, Group):
            rows = {row.id for row in spot.step.rows}
            joined = {step for step in bought if step.startswith(f"{spot.step.common.id}:")}
            assert len(rows.intersection(bought)) + len(joined) <= spot.step.sell_up_to
            check_reasons(spot.step, world)


def check_reasons(step: Group, world: World) -> None:
    """Check that whenever a group settles, each of its rows either has the lead or has one known reason."""
    known = [*step.rows]
    for event in world.events:
        if event.effect == "join" and event.step == step.common.id and step.deal.campaign and event.result:
            known = [*step.rows, *step.deal.campaign.read(event.result["rows"]).rows]
        if event.effect == "settle" and event.step == step.common.id:
            rows = {row.id for row in known}
            lost = [one["buyer"] for one in event.asks["lost"]]
            assert len(lost) == len(set(lost))
            assert set(lost) | (set(event.asks["winners"]) & rows) == rows
            assert not set(lost) & set(event.asks["winners"])
            assert {one["reason"] for one in event.asks["lost"]} <= set(REASONS)
    pings = [event for event in world.events if event.effect == "ping" and event.step == step.common.id]
    bids = {bid["buyer"]: bid["bid"] for ping in pings for bid in ping.result["bids"]}  # type: ignore[index]
    bidders = {row.id for row in step.rows if row.bids}
    for event in world.events:
        if event.effect == "offer" and event.step in bidders:
            assert event.asks["price"] <= event.asks["bid"] == bids[event.step] > 0


@settings(max_examples=100)
@given(steps())
def test_every_flow_is_told_in_words_and_stays_as_it_was_written(written: list[Any]) -> None:
    flow = a_flow(*written)
    assert say_flow(flow, NAMES).endswith(".")
    assert {*flow.positions, *flow.buyers} <= {card.id for card in every_card(rail(flow, NAMES))}
    assert all(problem.severity == "warning" for problem in lint(flow))
    assert a_flow(*json_text.read(json_text.write(flow.document))["steps"]).document["steps"] == written  # type: ignore[index]


@settings(max_examples=200)
@given(changed([FULL]), ANSWERS)
def test_a_document_that_is_nearly_right_is_refused_or_runs(written: Any, answer: str) -> None:
    before = json_text.write(written)
    flow, problems = parse_flow(written)
    assert (flow is None) == bool(problems)
    if flow:
        World({name: [answer, "accepted"] for name in flow.buyers}, lists={"lst_1": set()}, most_holds=3).carry(
            flow, a_lead()
        )
        assert say_flow(flow, NAMES)
        assert len(rail(flow, NAMES)) >= 2
        assert all(problem.severity == "warning" for problem in lint(flow))
        assert json_text.write(flow.document) == before
