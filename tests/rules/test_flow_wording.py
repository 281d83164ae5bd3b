"""A flow says itself card by card, with every exit."""

from typing import Any

import pytest

from rules.flow_wording import Names, cap_lines, every_card, rail
from tests.rules.flows import CA_SOLAR, OFFICE_HOURS, a_bidder, a_flow, buyer, group, shares, split

NAMES = Names({"con_a": "Sunrise Energy", "con_b": "Brightroof"}, sources=3)
FROM = {"buyers_from": {"campaign": "cmp_1"}}
HOLDS = {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "24h"}
CAP = {"cap": {"id": "c", "limit": 500, "per": "day"}}


@pytest.mark.parametrize(
    ("step", "sentence", "exits"),
    [
        (
            CA_SOLAR,
            "Continue only if State is CA and Product is Solar",
            ["Matches: next step", "Otherwise: reject “Not CA solar”"],
        ),
        (
            {"filter": {"id": "f", "stop_if": {"is": [{"var": "lead.state"}, "NV"]}, "otherwise": "fallback"}},
            "Stop if State is NV",
            ["Otherwise: next step", "Matches: nobody takes it"],
        ),
        (CAP, "At most 500 a day through here", ["Room left: next step", "Full: reject “Cap reached”"]),
        (
            {"cap": {"id": "c", "limit": 20, "per": "hour", "when_full": "hold"}},
            "At most 20 an hour through here",
            ["Room left: next step", "Full: wait and try again"],
        ),
        (
            buyer(),
            "Offer to Sunrise Energy at $42.00",
            ["Accepts: sold, stop here", "Declines or fails: next step", "No answer: ask the same buyer again"],
        ),
        (
            buyer(caps=[{"limit": 100, "per": "day"}], on_declined={"buyer": "b"}, on_ambiguous="hold"),
            "Offer to Sunrise Energy at $42.00, up to 100 a day",
            [
                "Accepts: sold, stop here",
                "Declines: offer to Brightroof, then next step",
                "Fails or full: next step",
                "No answer: a person decides",
            ],
        ),
        (
            buyer(on_error={"hold": "1h"}, on_ambiguous="treat_as_failed", when_no_funds="hold"),
            "Offer to Sunrise Energy at $42.00",
            [
                "Accepts: sold, stop here",
                "Declines: next step",
                "Fails or times out: wait 1 hour and try again",
                "Has no funds: wait and try again",
                "No answer counts as a failure",
            ],
        ),
        (
            buyer(hours=OFFICE_HOURS, outside_hours="hold", on_ambiguous="treat_as_declined", sell="continue"),
            "Offer to Sunrise Energy at $42.00",
            [
                "Accepts: sold, goes on to others",
                "Declines, fails or times out: next step",
                "Closed: wait and try again",
                "No answer counts as a no",
            ],
        ),
        (
            buyer(price={"*": [{"var": "lead.bill"}, 0.1]}, caps=[{"spend": 500, "per": "month"}]),
            "Offer to Sunrise Energy at Monthly bill times 0.1, up to $500.00 a month",
            ["Accepts: sold, stop here", "Declines, fails or full: next step", "No answer: ask the same buyer again"],
        ),
    ],
)
def test_a_card_says_what_it_does_and_every_way_out(step: dict[str, Any], sentence: str, exits: list[str]) -> None:
    card = rail(a_flow(step, buyer("b")), NAMES)[1]
    assert card.sentence == sentence
    assert [way.text for way in card.exits] == exits


def test_the_rail_begins_where_leads_arrive_and_ends_when_nobody_takes_them() -> None:
    cards = rail(a_flow(CA_SOLAR, buyer(), fallback=HOLDS), NAMES)
    assert [(card.number, card.label) for card in cards] == [
        (None, "Leads arrive"),
        (1, "Filter"),
        (2, "Buyer"),
        (None, "When nobody takes the lead"),
    ]
    assert cards[0].sentence == "From 3 sources, 4 fields checked"
    assert cards[-1].sentence == "Wait up to 24 hours, offer again every 15 minutes"


def test_a_card_of_a_split_has_its_lanes_and_counts_their_steps() -> None:
    solar = {"is": [{"var": "lead.product"}, "solar"]}
    cards = rail(a_flow(split(("Sunny", solar, [CA_SOLAR, buyer()]), ("", solar, [])), buyer("b")), NAMES)
    assert (cards[1].sentence, [way.text for way in cards[1].exits]) == (
        "One of 3 lanes, the first that fits",
        ["Sunny: 2 steps, then next step", "Product is Solar: next step", "Everything else: next step"],
    )
    assert [[card.number for card in lane.cards] for lane in cards[1].lanes] == [[2, 3], [], []]
    assert cards[2].number == 4


def test_a_card_of_shares_says_them() -> None:
    card = rail(a_flow(shares((30, [buyer()]), (70, []))), NAMES)[1]
    assert card.sentence == "One of 2 lanes, by share"
    assert [way.text for way in card.exits] == [
        "30% of the leads: 1 step, then next step",
        "70% of the leads: next step",
    ]


def test_a_card_of_a_group_has_its_buyers_in_the_order_in_which_they_are_asked() -> None:
    rows = [buyer(caps=[{"limit": 9, "per": "day"}]), buyer("b", priority=1, off=True, on_declined="reject")]
    card = rail(a_flow(group(*rows, sell_up_to=2, floor=30, margin={"percent": 20})), NAMES)[1]
    assert card.sentence == "Offer to 2 buyers in this order, sell to up to 2, at least $30.00 and 20% margin"
    assert [way.text for way in card.exits] == [
        "Sold 2 times, or all asked: stop here",
        "No answer yet: others are asked meanwhile",
        "Nobody takes it: next step",
    ]
    assert [(row.sentence, row.is_off) for row in card.rows] == [
        ("Brightroof at $42.00", True),
        ("Sunrise Energy at $42.00, up to 9 a day", False),
    ]
    assert card.rows[0].exits[0].text == "Declines: reject"
    assert card.rows[1].exits[0].text == "Declines, fails or full: next buyer"


HYBRID = {"max_bid": 50, "shared_price": 20}
MIX = {"by": {"var": "lead.product"}, "shares": {"solar": 70, "roofing": 30}}
AREA = {"list": "lst_1", "priority": 2, "of": {"var": "lead.state"}}


@pytest.mark.parametrize(
    ("rows", "settings", "sentence", "terms"),
    [
        (
            [buyer(), buyer("b")],
            {"mode": "round_robin"},
            "Offer to 2 buyers in turn, first to the one after the last sale",
            ["Sunrise Energy at $42.00", "Brightroof at $42.00"],
        ),
        (
            [buyer(weight=3), buyer("b")],
            {"mode": "weighted", "floor": 30},
            "Offer to 2 buyers, drawn by weight, at least $30.00",
            ["Sunrise Energy at $42.00, weight 3", "Brightroof at $42.00, weight 1"],
        ),
        (
            [buyer(), buyer("b", priority=2)],
            {"mode": "least_loaded"},
            "Offer to 2 buyers, first to the one with the fewest today",
            ["Brightroof at $42.00, priority 2", "Sunrise Energy at $42.00"],
        ),
        (
            [buyer(mix=MIX | {"over": "hour"}), buyer("b")],
            {"mode": "quota", "mix": MIX},
            "Offer to 2 buyers, first to the one furthest behind its mix",
            [
                "Sunrise Energy at $42.00, solar 70 : roofing 30 over an hour",
                "Brightroof at $42.00, solar 70 : roofing 30 over a day",
            ],
        ),
        (
            [a_bidder(caps=[{"limit": 9, "per": "day"}]), a_bidder("b", **HYBRID)],
            {"mode": "highest_bid", "sell_up_to": 2},
            "Ask 1 buyer for a bid, offer to the highest first, then to 1 direct buyer, sell to up to 2",
            [
                "Sunrise Energy by its bid, up to 9 a day",
                "Brightroof at $50.00 when it is exclusive, $20.00 when shared",
            ],
        ),
        (
            [a_bidder(), a_bidder("b", **HYBRID)],
            {"mode": "highest_bid", "mixed": "one_ranking"},
            "Ask 1 buyer for a bid, offer to the highest first, 1 direct buyer among them",
            ["Sunrise Energy by its bid", "Brightroof at $50.00"],
        ),
        (
            [buyer(), a_bidder("b", max_bid=50)],
            {"mode": "highest_bid"},
            "Offer to 2 buyers, first to the one that pays most",
            ["Sunrise Energy at $42.00", "Brightroof at $50.00"],
        ),
        (
            [a_bidder(), a_bidder("b")],
            {"mode": "fastest"},
            "Ask 2 buyers for bids, offer to the fastest first",
            ["Sunrise Energy by its bid", "Brightroof by its bid"],
        ),
        (
            [buyer(), buyer("b")],
            {"mode": "broadcast"},
            "Offer to each of 2 buyers at once",
            ["Sunrise Energy at $42.00", "Brightroof at $42.00"],
        ),
        (
            [buyer(sharing="exclusive", areas=[AREA]), buyer("b", sharing="either", share_up_to=2)],
            {"mode": "waterfall", "sell_up_to": 2},
            "Offer to 2 buyers in this order, sell to up to 2",
            ["Sunrise Energy at $42.00, alone, from 1 area", "Brightroof at $42.00, alone or with up to 1 other"],
        ),
        ([], FROM, "Offer to the buyers of a campaign in order", []),
        ([buyer()], FROM, "Offer to 1 buyer and those of a campaign in order", ["Sunrise Energy at $42.00"]),
        (
            [buyer()],
            {"mode": "broadcast", **FROM},
            "Offer to each of 1 buyer and those of a campaign at once",
            ["Sunrise Energy at $42.00"],
        ),
        (
            [],
            {"mode": "highest_bid", **FROM},
            "Ask the buyers of a campaign for bids, offer to the highest first",
            [],
        ),
        (
            [a_bidder(), buyer("b", price=50)],
            {"mode": "highest_bid", **FROM},
            "Ask 1 buyer and those of a campaign for bids, offer to the highest first, then to 1 direct buyer",
            ["Sunrise Energy by its bid", "Brightroof at $50.00"],
        ),
        (
            [buyer()],
            {"mode": "highest_bid", **FROM},
            "Offer to 1 buyer and those of a campaign, first to the one that pays most",
            ["Sunrise Energy at $42.00"],
        ),
    ],
)
def test_a_card_of_a_group_says_its_mode_and_what_each_row_pays(
    rows: list[Any], settings: dict[str, Any], sentence: str, terms: list[str]
) -> None:
    card = rail(a_flow(group(*rows, **settings)), NAMES)[1]
    assert (card.sentence, [row.sentence for row in card.rows]) == (sentence, terms)


def test_areas_are_called_by_the_names_of_their_lists() -> None:
    names = Names(NAMES.connections, lists={"lst_1": "Bay Area", "lst_2": "North"})
    card = rail(a_flow(group(buyer(areas=[AREA, AREA | {"list": "lst_2"}]))), names)[1]
    assert card.rows[0].sentence == "Sunrise Energy at $42.00, from Bay Area or North"


@pytest.mark.parametrize(
    ("rows", "settings", "exits"),
    [
        ([buyer()], {"mode": "weighted"}, ["Sold: stop here", "Nobody takes it: next step"]),
        (
            [a_bidder()],
            {"mode": "highest_bid", "wait_ms": 800, "then": "continue"},
            ["Sold: next step", "No bid within 0.8 s: not waited for", "Nobody bids or takes it: next step"],
        ),
        (
            [],
            {"mode": "fastest", **FROM},
            ["Sold: stop here", "No bid within 3 s: not waited for", "Nobody bids or takes it: next step"],
        ),
        (
            [buyer(hours=OFFICE_HOURS, outside_hours="hold")],
            {"mode": "weighted"},
            ["Sold: stop here", "Nobody takes it: as full or closed buyers say, else next step"],
        ),
    ],
)
def test_a_card_of_a_group_says_where_leads_go_from_there(
    rows: list[Any], settings: dict[str, Any], exits: list[str]
) -> None:
    card = rail(a_flow(group(*rows, **settings)), NAMES)[1]
    assert [way.text for way in card.exits] == exits


def test_every_card_is_found_in_lanes_and_groups_too() -> None:
    flow = a_flow(split(("x", True, [group(buyer(), buyer("b"))])), CA_SOLAR)
    assert [card.id for card in every_card(rail(flow, NAMES))] == ["intake", "s", "g", "a", "b", "f", "end"]


def test_every_minute_is_said_without_a_number() -> None:
    held = rail(a_flow(fallback=HOLDS | {"retry_every": "1m"}), NAMES)[-1]
    assert held.sentence == "Wait up to 24 hours, offer again every minute"


def test_a_cap_apart_from_its_card_says_whose_it_is() -> None:
    few = {"caps": [{"limit": 5, "per": "day"}]}
    flow = a_flow(CAP, buyer("a", **few), group(buyer("b", **few), buyer("d", **few)))
    places = ["step 1", "Sunrise Energy, step 2", "Brightroof, buyer 1 of step 3", "buyer 2 of step 3"]
    assert [line.place for line in cap_lines(flow, NAMES.connections)] == places
    assert [line.place for line in cap_lines(flow)] == ["step 1", "step 2", "buyer 1 of step 3", "buyer 2 of step 3"]
