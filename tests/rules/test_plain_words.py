"""A whole flow in plain words."""

from typing import Any

import pytest

from rules.flow_wording import Names
from rules.plain_words import say_flow
from tests.rules.flows import CA_SOLAR, a_bidder, a_flow, buyer, group, shares, split, transform

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
                f"Leads go to Sunrise Energy at $42.00. {REJECTED}"
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
                "Leads go to Sunrise Energy at $42.00. Leads where State is NV are rejected with “No NV”. "
                "If Sunrise Energy says no, leads where Product is Solar go to Brightroof at $42.00. " + REJECTED
            ),
        ),
        (
            [CA_SOLAR, split(("Roof", IN_CA, [buyer()])), buyer("b")],
            {},
            (
                "Leads where State is CA and Product is Solar go on. "
                "Leads where State is CA go to Sunrise Energy at $42.00. All others go on. "
                f"If nobody took them by then, they go to Brightroof at $42.00. {REJECTED} "
                "Leads where either State is not CA or Product is not Solar are rejected with “Not CA solar”."
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
                "A lead seen in the last 12 hours is a duplicate. Leads where State is CA and Product is Solar, "
                "and Monthly bill is at least $50 go to Sunrise Energy at $42.00. "
                "If Sunrise Energy says no, they go to Brightroof at $42.00. "
                f"{REJECTED} "
                "Leads where either State is not CA or Product is not Solar are rejected with “Not CA solar”. "
                "Leads where Monthly bill is not at least $50 go to Brightroof."
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
                "Leads where State is CA and Product is Solar go on. Set State to NV. "
                f"Leads go to Sunrise Energy at $42.00. {REJECTED} All others are rejected with “Not CA solar”."
            ),
        ),
        (
            [split(("Solar", IS_SOLAR, [CA_SOLAR, buyer()]), ("Roof", IN_CA, [])), buyer("b")],
            {},
            (
                "If Product is Solar: leads where State is CA and Product is Solar go to Sunrise Energy at $42.00. "
                "Of these, those where either State is not CA or Product is not Solar "
                "are rejected with “Not CA solar”. "
                "Leads where State is CA go on. All others go on. "
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
