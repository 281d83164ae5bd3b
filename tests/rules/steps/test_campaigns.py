"""Rows of a campaign join a group: they sell like any row, and nothing that is wrong with one harms a lead."""

from types import SimpleNamespace
from typing import Any

import pytest

from rules.backtest import read_past
from rules.dry_run import dry_run
from rules.flow import Flow, parse_flow
from rules.instructions import why_not_offer
from rules.interpreter import begin, replay
from rules.reasons import REASONS
from rules.running import Post
from rules.selling_words import say_join
from rules.steps import Group
from rules.steps.group.campaign import MOST_ROWS
from tests.rules.flows import NOW, World, a_flow, a_lead, buyer, document, group
from tests.rules.groups import asked, carried, outcome
from tests.support.cases import rows

FROM = {"buyers_from": {"campaign": "cmp_1"}}
NO = ["declined rejected"]


def a_row(name: str, **settings: Any) -> dict[str, Any]:
    """Return a row of a campaign at $40.00."""
    return {"id": name, "connection": f"con_{name}", "price": 40, **settings}


def a_world(*lists: list[Any], **world: Any) -> World:
    """Return a world in which the campaign has these rows, one list after the other."""
    return World(campaigns={"cmp_1": [*lists]}, **world)


def left_out(flow: Flow, *rows: Any) -> list[str]:
    """Return why rows cannot join the flow's group."""
    step = flow.step("g")
    assert isinstance(step, Group)
    assert step.deal.campaign is not None
    return [one.why for one in step.deal.campaign.read(rows).left_out]


@pytest.mark.parametrize(("settings", "buyers", "world", "offers", "outcomes"), rows("campaigns.json"))
def test_who_is_asked_who_buys_and_why_the_others_do_not(
    settings: dict[str, Any], buyers: dict[str, Any], world: dict[str, Any], offers: list[str], outcomes: dict[str, Any]
) -> None:
    done = carried({**settings, **FROM}, buyers, world)
    assert (asked(done), outcome(done)) == (offers, outcomes)
    assert {reason for reason in outcomes.values() if isinstance(reason, str)} <= set(REASONS)
    assert done.end[0] in ("sold", "rejected") or "unknown" in outcomes.values()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (7, "a buyer must be an object with settings."),
        ({"connection": "con_x", "price": 1}, "A buyer needs an id of letters, digits, - and _."),
        (a_row("x:y"), "A buyer needs an id of letters, digits, - and _."),
        ({"id": "x", "connection": "con_x"}, "Say what this buyer pays for a lead."),
        (a_row("x", connection=""), "Choose the buyer that is offered the lead."),
        (a_row("x", colour="red"), "“colour” is not a setting of a buyer."),
        (a_row("x", weight=11), "“weight” must be a whole number from 1 to 10."),
        *(
            (a_row("x", **{key: way}), f"“{key}” is for the group to say, and not for a row of its campaign.")
            for key, way in {
                "on_declined": {"buyer": "a"}, "on_error": "hold", "on_ambiguous": "treat_as_declined",
                "outside_hours": "reject", "when_full": {"buyer": "a"}, "when_not_met": "reject",
                "when_no_funds": "hold", "retry": {"max_attempts": 9}, "timeout": "60s",
            }.items()
        ),
    ],
)  # fmt: skip
def test_a_row_that_cannot_join_is_left_out_with_a_reason(row: Any, why: str) -> None:
    flow = a_flow(group(buyer(), **FROM))
    assert left_out(flow, row)[0] == why
    world = a_world([row, a_row("z", priority=1)]).carry(flow, a_lead())
    assert world.trail == ["g passed", "g:z accepted", "g passed"]


def test_a_row_that_cannot_be_worked_out_after_what_others_answered_is_passed_by() -> None:
    outcome = {"var": "step.a.outcome"}
    when = {"if": [{"blank": [outcome]}, True, {"in_list": [outcome, "lst_1"]}]}
    flow = a_flow(group(buyer(priority=1), **FROM), buyer("z"))
    world = a_world([a_row("x", when=when)], answers={"a": NO}, lists={"lst_1": set()}).carry(flow, a_lead())
    assert world.trail == ["g passed", "a declined", "g passed", "z accepted"]
    assert world.settled is not None
    assert dict(world.settled.lost) == {"a": "cascade_exhausted", "g:x": "undecided"}


def test_two_rows_of_the_same_id_are_one_and_no_row_takes_the_place_of_a_written_one() -> None:
    flow = a_flow(group(buyer("x"), **FROM), buyer("y"))
    assert left_out(flow, a_row("x"), a_row("y"), a_row("x")) == [
        "The id “g:x” is already used at buyer 1 of its campaign."
    ]


def test_a_group_asks_no_more_buyers_than_any_group() -> None:
    flow = a_flow(group(buyer(), buyer("b"), **FROM))
    assert (
        left_out(flow, *(a_row(f"x{number}") for number in range(MOST_ROWS)))
        == [f"A group asks {MOST_ROWS} buyers at most."] * 2
    )


def test_a_group_without_a_campaign_asks_for_none() -> None:
    for settings in ({}, {"mode": "round_robin"}):
        world = World().carry(a_flow(group(buyer(), buyer("b"), **settings)), a_lead())
        assert "join" not in {event.effect for event in world.events}


@pytest.mark.parametrize(
    ("written", "path"),
    [("cmp_1", ""), ({}, ".campaign"), ({"campaign": 7}, ".campaign"), ({"campaign": "cmp_1", "x": 1}, ".x")],
)
def test_a_campaign_is_written_as_an_object_with_its_id(written: Any, path: str) -> None:
    _, problems = parse_flow(document(group(buyer(), buyers_from=written)))
    assert [problem.path for problem in problems] == [f"steps[0].group.buyers_from{path}"]


def test_a_group_may_have_no_written_rows_where_there_is_a_campaign() -> None:
    _, problems = parse_flow(document({"group": {"id": "g", "mode": "waterfall", **FROM}}))
    assert problems == []


def test_the_journal_gives_the_same_run_whatever_is_in_the_campaign_by_then() -> None:
    flow = a_flow(group(buyer(), mode="round_robin", **FROM))
    world = a_world([a_row("x", price=41), a_row("y")], last=1).carry(flow, a_lead())
    walk = replay(flow, a_lead(), NOW, world.events)
    assert walk.ended is not None
    assert (walk.ended.outcome, walk.state.sales) == ("sold", [("g:x", 4100)])
    for cut in range(len(world.events)):
        effect = replay(flow, a_lead(), NOW, world.events[:cut]).effect
        assert effect is not None
        assert (effect.name, effect.asks()) == (world.events[cut].effect, world.events[cut].asks)


@pytest.mark.parametrize("later", [[], [a_row("y")], [a_row("y", priority=1), a_row("x", sharing="exclusive")]])
def test_what_a_row_bought_that_is_gone_counts_as_sold(later: list[Any]) -> None:
    waiting = buyer(on_declined="hold", priority=50)
    flow = a_flow(group(waiting, sell_up_to=2, **FROM))
    world = a_world([a_row("x", priority=1)], later, answers={"a": ["declined rejected", "accepted"]})
    world.carry(flow, a_lead())
    bought = [step for step, outcome, _ in world.said if outcome == "accepted"]
    assert len(bought) == 2
    assert bought[0] == "g:x"
    assert world.settled is not None
    assert set(world.settled.winners) == set(bought)


def test_a_row_of_an_earlier_run_that_may_have_the_lead_keeps_it() -> None:
    flow, lead = a_flow(group(buyer(), **FROM), buyer("z")), a_lead()
    object.__setattr__(lead, "asked_before", {"g:gone": "unknown"})
    world = a_world([a_row("x")]).carry(flow, lead)
    assert asked(world) == []
    assert world.end[:2] == ("error", "unknown")
    shared = a_flow(group(buyer(), sell_up_to=3, **FROM))
    assert asked(a_world([a_row("x")]).carry(shared, lead)) == []


def test_a_lead_that_joined_rows_bought_cannot_be_sent_to_a_written_one() -> None:
    flow = a_flow(group(buyer(), **FROM))
    state = begin(flow, a_lead(), NOW)
    assert why_not_offer(flow, state, "a") is None
    state.asked["g:x"] = "accepted"
    assert why_not_offer(flow, state, "a") == "exclusive_taken"
    assert why_not_offer(flow, state, "g:x") == "not_connected"


def test_one_campaign_in_two_groups_has_a_row_in_each() -> None:
    flow = a_flow(group(identifier="g", **FROM), group(identifier="h", **FROM))
    world = a_world([a_row("x")], answers={"g:x": NO}).carry(flow, a_lead())
    assert world.trail == ["g passed", "g:x declined", "g passed", "h passed", "h:x accepted", "h passed"]


def test_where_a_row_that_joined_stands() -> None:
    flow = a_flow({"split": {"id": "s", "cases": [{"name": "ca", "when": True, "steps": [group(**FROM)]}], "else": []}})
    assert flow.path_of("g:x") == "s/ca/g/x"
    assert a_flow(group(**FROM)).path_of("g:x") == "g/x"


def test_a_dry_run_asks_no_campaign() -> None:
    ended = dry_run(a_flow(group(buyer(), **FROM)), a_lead(), {}, NOW)
    [event] = [event for event in ended.events if event.effect == "join"]
    assert event.result is not None
    assert (event.result["rows"], ended.revenue) == ([], 4200)
    said = say_join(event.result, 0)
    assert said == "No campaign is asked in a dry run: only the buyers that are written take part"


@pytest.mark.parametrize(
    ("result", "left_out", "said"),
    [
        (None, 0, "The campaign is being asked"),
        ({"rows": []}, 0, "Nobody is in the campaign now"),
        ({"rows": [{}]}, 0, "1 buyer of the campaign joins"),
        ({"rows": [{}, {}, {}]}, 1, "2 buyers of the campaign join, 1 cannot"),
        ({"rows": [{}]}, 1, "0 buyers of the campaign join, 1 cannot"),
    ],
)
def test_who_joins_in_words(result: dict[str, Any] | None, left_out: int, said: str) -> None:
    assert say_join(result, left_out) == said


def test_what_was_quoted_for_a_ping_counts_for_its_post() -> None:
    flow = a_flow(group(mode="highest_bid", **FROM))
    lead = a_lead()
    for name, value in {"is_ping": True, "post": Post(lead.fields, lead.posted)}.items():
        object.__setattr__(lead, name, value)
    bidder = {"id": "x", "connection": "con_x"}
    world = a_world([bidder], [], bids={"g:x": 3500}).carry(flow, lead)
    assert [event.effect for event in world.events] == [
        "intake", "join", "check", "ping", "quote", "intake", "check", "offer", "settle", "close",
    ]  # fmt: skip
    assert (world.end[0], world.ended.revenue if world.ended else 0) == ("sold", 3500)


def test_a_backtest_knows_the_rows_that_came_then() -> None:
    flow = a_flow(group(buyer(), **FROM))
    world = a_world([a_row("x")]).carry(flow, a_lead())
    events = [
        SimpleNamespace(
            run=1, seq=event.seq, effect=event.effect, step=event.step, asks=event.asks, result=event.result,
            detail=None, at=NOW,
        )
        for event in world.events
    ]  # fmt: skip
    past = read_past(a_lead(), events, outcome="sold", source_id="src_1")
    assert past is not None
    assert [one["rows"] for one in past.campaigns["cmp_1"]] == [[a_row("x")]]
