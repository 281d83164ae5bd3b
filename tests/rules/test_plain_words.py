"""A whole flow in plain words."""

from typing import Any

import pytest

from rules.flow_wording import Names
from rules.plain_words import say_flow
from tests.rules.flows import CA_SOLAR, OFFICE_HOURS, a_bidder, a_flow, buyer, group, shares, split, transform

NAMES = Names({"con_a": "Sunrise Energy", "con_b": "Brightroof", "con_c": "Helio"}, sources=3)
REJECTED = "Leads that nobody takes are rejected with “No buyer available”."
HOLDS = {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "24h"}
A_DAY = [{"limit": 100, "per": "day"}]
CAP = {"cap": {"id": "c", "limit": 500, "per": "day"}}
IN_CA = {"is": [{"var": "lead.state"}, "CA"]}
IS_SOLAR = {"is": [{"var": "lead.product"}, "solar"]}
STOP_NV = {"filter": {"id": "g", "stop_if": {"is": [{"var": "lead.state"}, "NV"]}, "reason": "No NV"}}
SMALL_BILLS = {
    "filter": {"id": "s", "continue_if": {"at_least": [{"var": "lead.bill"}, 50]}, "otherwise": {"go_to": "b"}}
}
ONLY_CA = {"filter": {"id": "f", "continue_if": IN_CA, "reason": "Only CA"}}
ONLY_SOLAR = {"filter": {"id": "p", "continue_if": IS_SOLAR, "reason": "Only solar"}}
NOT_CA = "Leads where State is not CA are rejected with “Only CA”."
A_FULL_CAP = "At most 500 a day through here; when full: reject."


@pytest.mark.parametrize(
    ("steps", "settings", "said"),
    [
        ([], {}, f"Nobody is set to take the leads. {REJECTED}"),
        ([buyer()], {}, f"Leads go to Sunrise Energy at $42.00. {REJECTED}"),
        ([buyer(off=True), buyer("b")], {}, f"Leads go to Brightroof at $42.00. {REJECTED}"),
        (
            [CA_SOLAR, buyer(caps=A_DAY), buyer("b", price=38)],
            {"fallback": HOLDS},
            (
                "Leads where State is CA and Product is Solar go to Sunrise Energy at $42.00, up to 100 a day. "
                "After that, or if Sunrise Energy says no, they go to Brightroof at $38.00. "
                "Leads that nobody takes wait up to 24 hours, are offered again every 15 minutes, "
                "then are rejected with “No buyer available”. All others are rejected with “Not CA solar”."
            ),
        ),
        (
            [buyer(), buyer("b")],
            {},
            "Leads go to Sunrise Energy at $42.00. If Sunrise Energy says no, they go to Brightroof at $42.00. "
            + REJECTED,
        ),
        (
            [buyer(sell="continue"), buyer("b")],
            {},
            f"Leads go to Sunrise Energy at $42.00. As well, they go to Brightroof at $42.00. {REJECTED}",
        ),
        (
            [buyer(), buyer("b", when=IN_CA)],
            {},
            "Leads go to Sunrise Energy at $42.00. "
            "If Sunrise Energy says no, those where State is CA go to Brightroof at $42.00. " + REJECTED,
        ),
        (
            [STOP_NV, CAP, buyer()],
            {},
            (
                "Leads where State is NV are rejected with “No NV”. At most 500 a day through here; when full: reject. "
                f"All others go to Sunrise Energy at $42.00. {REJECTED}"
            ),
        ),
        (
            [STOP_NV, buyer()],
            {},
            f"Leads where State is NV are rejected with “No NV”. All others go to Sunrise Energy at $42.00. {REJECTED}",
        ),
        (
            [buyer(), STOP_NV, buyer("b", when=IS_SOLAR)],
            {},
            (
                "Leads go to Sunrise Energy at $42.00. "
                "If Sunrise Energy says no, those where State is NV are rejected with “No NV”. "
                f"Others of these where Product is Solar go to Brightroof at $42.00. {REJECTED}"
            ),
        ),
        (
            [CA_SOLAR, split(("Roof", IN_CA, [buyer()])), buyer("b")],
            {},
            (
                "Leads where either State is not CA or Product is not Solar are rejected with “Not CA solar”. "
                "Others where State is CA go to Sunrise Energy at $42.00. All others go on. "
                f"If nobody took them by then, they go to Brightroof at $42.00. {REJECTED}"
            ),
        ),
        (
            [buyer(on_declined={"buyer": "b"}), buyer("b")],
            {},
            (
                "Leads go to Sunrise Energy at $42.00. After its no: offer to Brightroof, then next step. "
                f"If Sunrise Energy says no, they go to Brightroof at $42.00. {REJECTED}"
            ),
        ),
        (
            [buyer()],
            {"intake": {"accept_if": IN_CA, "caps": A_DAY, "duplicates": {"by": ["email"], "within": "30d"}}},
            (
                "Leads come in if State is CA. At most 100 a day come in. "
                "A lead seen in the last 30 days is a duplicate. "
                f"Leads go to Sunrise Energy at $42.00. {REJECTED}"
            ),
        ),
        (
            [buyer()],
            {"intake": {"duplicates": {"by": ["email"], "scope": "seller"}}},
            (
                "A lead seen in any of your flows in the last 30 days is a duplicate. "
                f"Leads go to Sunrise Energy at $42.00. {REJECTED}"
            ),
        ),
        (
            [CA_SOLAR, SMALL_BILLS, buyer(), buyer("b")],
            {"intake": {"duplicates": {"by": ["email"], "within": "12h"}}},
            (
                "A lead seen in the last 12 hours is a duplicate. "
                "Leads where either State is not CA or Product is not Solar are rejected with “Not CA solar”. "
                "Others where Monthly bill is not at least $50 go to Brightroof. "
                "All others go to Sunrise Energy at $42.00. "
                f"If Sunrise Energy says no, they go to Brightroof at $42.00. {REJECTED}"
            ),
        ),
        (
            [],
            {"fallback": {"id": "end", "do": "buyer", "buyer": buyer("b", price=5)["buyer"]}},
            "Leads that nobody takes go to Brightroof at $5.00, or are rejected with “No buyer available”.",
        ),
        (
            [CA_SOLAR, transform(["state", "NV"]), buyer()],
            {},
            (
                "Leads where either State is not CA or Product is not Solar are rejected with “Not CA solar”. "
                f"Set State to NV. All others go to Sunrise Energy at $42.00. {REJECTED}"
            ),
        ),
        (
            [split(("Solar", IS_SOLAR, [CA_SOLAR, buyer()]), ("Roof", IN_CA, [])), buyer("b")],
            {},
            (
                "If Product is Solar: leads where State is CA and Product is Solar go to Sunrise Energy at $42.00. "
                "Of these, those where either State is not CA or Product is not Solar "
                "are rejected with “Not CA solar”. "
                "Others where State is CA go on. All others go on. "
                f"If nobody took them by then, they go to Brightroof at $42.00. {REJECTED}"
            ),
        ),
        (
            [shares((30, [buyer()]), (70, [buyer("b")]))],
            {},
            (
                "30% of the leads go to Sunrise Energy at $42.00. "
                f"70% of the leads go to Brightroof at $42.00. {REJECTED}"
            ),
        ),
        (
            [shares((30, [CA_SOLAR, buyer()]), (70, []))],
            {},
            (
                "30% of the leads: leads where State is CA and Product is Solar go to Sunrise Energy at $42.00. "
                "Of these, those where either State is not CA or Product is not Solar "
                f"are rejected with “Not CA solar”. 70% of the leads go on. {REJECTED}"
            ),
        ),
        (
            [group(buyer(when=IN_CA), buyer("b", priority=1), sell_up_to=2, floor=30), buyer("c")],
            {},
            (
                "Leads are offered to Brightroof at $42.00, then to Sunrise Energy at $42.00 (if State is CA), "
                "and sold to up to 2 of them, at least $30.00. "
                f"If none of them takes it, they go to Helio at $42.00. {REJECTED}"
            ),
        ),
        (
            [group(a_bidder(), buyer("b", when=IN_CA), mode="highest_bid", sell_up_to=2), buyer("c")],
            {},
            (
                "Leads are offered to whoever pays most: Sunrise Energy by its bid; "
                "Brightroof at $42.00 (if State is CA), "
                f"and sold to up to 2 of them. If none of them takes it, they go to Helio at $42.00. {REJECTED}"
            ),
        ),
        (
            [group(buyer(), buyer("b"), mode="round_robin", then="continue"), buyer("c")],
            {},
            (
                "Leads are offered in turn: Sunrise Energy at $42.00; Brightroof at $42.00. "
                f"As well, they go to Helio at $42.00. {REJECTED}"
            ),
        ),
        (
            [group(buyer(), mode="round_robin", buyers_from={"campaign": "cmp_1"})],
            {},
            f"Leads are offered in turn: Sunrise Energy at $42.00; the buyers of a campaign. {REJECTED}",
        ),
        ([group(buyer(off=True))], {}, f"Leads are offered to nobody. Nobody is set to take the leads. {REJECTED}"),
    ],
)
def test_a_flow_is_told_as_to_a_colleague(steps: list[Any], settings: dict[str, Any], said: str) -> None:
    assert say_flow(a_flow(*steps, **settings), NAMES) == said


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        # A lead from CA that is not for solar is not turned away by the filter.
        (
            [ONLY_CA, buyer(when=IS_SOLAR)],
            f"{NOT_CA} Others where Product is Solar go to Sunrise Energy at $42.00. {REJECTED}",
        ),
        # It is sold to the third buyer, whether the second is off or asks for something that it lacks.
        (
            [ONLY_CA, buyer(when=IS_SOLAR), buyer("b", off=True), buyer("c")],
            (
                f"{NOT_CA} Others where Product is Solar go to Sunrise Energy at $42.00. "
                f"Otherwise, or if Sunrise Energy says no, they go to Helio at $42.00. {REJECTED}"
            ),
        ),
        (
            [ONLY_CA, buyer(when=IS_SOLAR), buyer("b", requires=["email"]), buyer("c")],
            (
                f"{NOT_CA} Others where Product is Solar go to Sunrise Energy at $42.00. "
                "Otherwise, or if Sunrise Energy says no, they go to Brightroof at $42.00. Brightroof needs Email. "
                f"Otherwise, or if Brightroof says no, they go to Helio at $42.00. {REJECTED}"
            ),
        ),
        (
            [ONLY_CA, buyer(), buyer("b", when=IS_SOLAR)],
            (
                f"{NOT_CA} All others go to Sunrise Energy at $42.00. "
                f"If Sunrise Energy says no, those where Product is Solar go to Brightroof at $42.00. {REJECTED}"
            ),
        ),
        # A cap is told where it stands.
        ([ONLY_CA, CAP, buyer()], f"{NOT_CA} {A_FULL_CAP} All others go to Sunrise Energy at $42.00. {REJECTED}"),
        ([CAP, ONLY_CA, buyer()], f"{A_FULL_CAP} {NOT_CA} All others go to Sunrise Energy at $42.00. {REJECTED}"),
        (
            [CAP, ONLY_CA, {"cap": {"id": "d", "limit": 5, "per": "hour", "when_full": "fallback"}}, buyer()],
            (
                f"{A_FULL_CAP} {NOT_CA} At most 5 an hour through here; when full: nobody takes it. "
                f"All others go to Sunrise Energy at $42.00. {REJECTED}"
            ),
        ),
        # Two filters: the second says nothing of leads that the first one turned away.
        (
            [ONLY_CA, ONLY_SOLAR, buyer()],
            (
                f"{NOT_CA} Others where Product is not Solar are rejected with “Only solar”. "
                f"All others go to Sunrise Energy at $42.00. {REJECTED}"
            ),
        ),
        ([ONLY_CA], f"{NOT_CA} Nobody is set to take the leads. {REJECTED}"),
        # A filter that only sends leads elsewhere.
        (
            [{"filter": {"id": "f", "continue_if": IN_CA, "otherwise": {"go_to": "b"}}}, buyer(), buyer("b")],
            (
                "Leads where State is not CA go to Brightroof. All others go to Sunrise Energy at $42.00. "
                f"If Sunrise Energy says no, they go to Brightroof at $42.00. {REJECTED}"
            ),
        ),
        (
            [{"filter": {"id": "f", "continue_if": IN_CA, "otherwise": "fallback"}}, buyer()],
            f"Leads where State is CA go to Sunrise Energy at $42.00. {REJECTED} All others count as taken by nobody.",
        ),
        (
            [{"filter": {"id": "f", "continue_if": IN_CA, "otherwise": "fallback"}}, buyer(when=IS_SOLAR)],
            (
                "Leads where State is not CA count as taken by nobody. "
                f"Others where Product is Solar go to Sunrise Energy at $42.00. {REJECTED}"
            ),
        ),
        # Filters in lanes: the others are those of the lane.
        (
            [split(("Solar", IS_SOLAR, [ONLY_CA, buyer(when=IN_CA)]), rest=[STOP_NV])],
            (
                "If Product is Solar: leads where State is not CA are rejected with “Only CA”. "
                "Others of these where State is CA go to Sunrise Energy at $42.00. "
                "Everything else: leads where State is NV are rejected with “No NV”. All others of these go on. "
                f"{REJECTED}"
            ),
        ),
        (
            [split(("Solar", IS_SOLAR, [transform(["state", "NV"]), buyer()]), rest=[CAP, buyer("b", when=IN_CA)])],
            (
                "If Product is Solar: set State to NV. They go to Sunrise Energy at $42.00. "
                f"Everything else: at most{A_FULL_CAP.removeprefix('At most')} "
                f"Those where State is CA go to Brightroof at $42.00. {REJECTED}"
            ),
        ),
        # What a buyer asks of a lead, and what sends it elsewhere than to the next one.
        (
            [ONLY_CA, buyer(hours=OFFICE_HOURS), buyer("b")],
            (
                f"{NOT_CA} All others go to Sunrise Energy at $42.00. "
                "Sunrise Energy takes leads Mon, 08:00 to 18:00 (Los Angeles). "
                f"Otherwise, or if Sunrise Energy says no, they go to Brightroof at $42.00. {REJECTED}"
            ),
        ),
        (
            [buyer(hours=OFFICE_HOURS, outside_hours="hold", on_declined="reject"), buyer("b")],
            (
                "Leads go to Sunrise Energy at $42.00. Sunrise Energy takes leads Mon, 08:00 to 18:00 (Los Angeles). "
                "After its no: reject. If it is closed: wait and try again. "
                f"If Sunrise Energy fails, they go to Brightroof at $42.00. {REJECTED}"
            ),
        ),
        (
            [buyer(when=IN_CA, when_not_met="reject", on_declined="reject", on_error="reject"), buyer("b")],
            (
                "Leads where State is CA go to Sunrise Energy at $42.00. After its no: reject. If it fails: reject. "
                "If they do not fit: reject. If Sunrise Energy cannot take them, they go to Brightroof at $42.00. "
                f"{REJECTED}"
            ),
        ),
        # Filters and lanes behind a buyer concern what it did not take, and those that go on though they are sold.
        (
            [buyer(), ONLY_CA, ONLY_SOLAR, buyer("b")],
            (
                "Leads go to Sunrise Energy at $42.00. "
                "If Sunrise Energy says no, those where State is not CA are rejected with “Only CA”. "
                "Others of these where Product is not Solar are rejected with “Only solar”. "
                f"All others of these go to Brightroof at $42.00. {REJECTED}"
            ),
        ),
        (
            [buyer(sell="continue", when=IS_SOLAR), STOP_NV, buyer("b")],
            (
                "Leads where Product is Solar go to Sunrise Energy at $42.00. "
                "Leads where State is NV are rejected with “No NV” unless sold. "
                f"In any case, all others go to Brightroof at $42.00. {REJECTED}"
            ),
        ),
        (
            [buyer(), split(("Solar", IS_SOLAR, [buyer("b")])), ONLY_CA, buyer("c")],
            (
                "Leads go to Sunrise Energy at $42.00. "
                "If Sunrise Energy says no, those where Product is Solar go to Brightroof at $42.00. "
                "All others of these go on. If nobody took them by then, those where State is not CA "
                f"are rejected with “Only CA”. All others of these go to Helio at $42.00. {REJECTED}"
            ),
        ),
        (
            [STOP_NV, shares((30, [buyer(sell="continue")]), (70, [buyer("b")])), buyer("c")],
            (
                "Leads where State is NV are rejected with “No NV”. 30% of the others go to Sunrise Energy at $42.00. "
                "70% of the others go to Brightroof at $42.00. "
                f"Unless they stopped there, they go to Helio at $42.00. {REJECTED}"
            ),
        ),
        (
            [buyer(), shares((30, [buyer("b")]), (70, [])), buyer("c")],
            (
                "Leads go to Sunrise Energy at $42.00. "
                "If Sunrise Energy says no, 30% of them go to Brightroof at $42.00. 70% of them go on. "
                f"If nobody took them by then, they go to Helio at $42.00. {REJECTED}"
            ),
        ),
    ],
)
def test_what_is_said_of_others_is_true_of_all_of_them(steps: list[Any], said: str) -> None:
    assert say_flow(a_flow(*steps), NAMES) == said
