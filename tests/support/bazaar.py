"""The market of the proofs: twenty buyers of every temper, and a flow in which each has work to the end."""

from typing import Any

from tests.support.flows import buyer, cap, group
from tests.support.market import EMAIL_FIELD, STATE_FIELD
from tests.support.trade import Trader

TIMEOUT = "2s"
LATE = 3.0
"""Seconds after which a late answer comes: past every call's time."""
RETRY = {"after": ["2s", "5s"], "for_up_to": "40s"}
"""Long enough for a call that a worker left behind to be made again after its lease, which lasts thirty seconds."""
SHORTLY = {"retry": {"after": ["2s", "5s"], "for_up_to": "20s"}}
"""For buyers that may never answer: their leads end in time although a lease had to run out before they were asked."""
NEVER_YES = {"on_ambiguous": "treat_as_declined"}
STATES = {
    "CA": 16,
    "NV": 10,
    "TX": 11,
    "FL": 8,
    "AZ": 7,
    "NY": 8,
    "GA": 7,
    "OH": 6,
    "MI": 6,
    "PA": 6,
    "IL": 6,
    "NC": 4,
    "VA": 3,
    "WY": 1,
    "UT": 1,
}
"""Where leads are from, out of a hundred: every state but New York and Wyoming has a lane of its own."""
BREAKERS = {"fails_2": {"failures": 3, "within": "30s", "recover_after": "8s"}}
"""The buyers that are left alone when they fail; the others are always asked, so that there is more to go wrong."""
_PLAN = [state for state, many in STATES.items() for _ in range(many)]
STRIDE = 37
"""Walks through the hundred so that neighbours are from different states."""
Step = dict[str, Any]


KNOWN = {"outputs": [["score", "body.score"]], "timeout": "1s", "on_error": "continue"}
SERVICE = "plain_8"
"""The buyer that also knows something about people."""
NOBODY = {"campaign": "cmp_of_nobody"}
"""A campaign that no buyer is in; the tests of campaigns have some."""
SCORE = {"key": "score", "type": "number"}
GRADE = {"key": "grade", "type": "choice", "options": ["premium", "raw"]}
TO_FILL = 1_000_000
"""From this number on leads are for those buyers alone whose caps are to be filled."""


def fields_of(number: int) -> dict[str, Any]:
    """Return what is posted under a number."""
    state = _PLAN[number * STRIDE % len(_PLAN)] if number < TO_FILL else ("CA", "TX", "NY")[number % 3]
    return {"email": f"lead{number}@example.com", "state": state, "grade": ("premium", "raw")[number // 7 % 2]}


def traders() -> dict[str, Trader]:
    """Return five slow ones, three that fail three times in ten, two pits, one that is late, and nine plain ones."""
    slow = [Trader(f"slow_{number}", declines=25, slow=0.1 * number) for number in range(1, 6)]
    failing = [Trader(f"fails_{number}", declines=20, fails=30) for number in range(1, 4)]
    pits = [Trader(f"pit_{number}", pit=True, late=LATE) for number in range(1, 3)]
    plain = [Trader(f"plain_{number}", declines=10 * number % 70) for number in range(1, 10)]
    late = Trader("late", declines=20, dawdles=30, late=LATE)
    return {trader.name: trader for trader in (*slow, *failing, *pits, *plain, late)}


def capped(leads: int) -> dict[str, list[dict[str, Any]]]:
    """Return the caps of the buyers that have some: far more leads are for them than they have places."""
    few = max(3, leads // 25)
    return {
        "plain_1": [{"limit": few, "per": "total"}, {"limit": few, "per": "hour"}],
        "slow_3": [{"limit": few, "per": "day"}, {"limit": 2 * few, "per": "total"}],
        "plain_4": [{"spend": 20 * few, "per": "total"}],
    }


FILLED = ("plain_1/total", "slow_3/day", "plain_4/total/spend")
"""The caps, by their keys, that are full when many leads came."""


def unwanted(leads: int) -> list[str]:
    """Return the addresses that stand in the stored list of people who want nothing."""
    return [str(fields_of(number)["email"]) for number in range(7, leads, 97)]


def document(connections: dict[str, str], leads: int, listed: str) -> dict[str, Any]:
    """Return the settings of a flow for so many leads, as `Market.publish` takes them; `listed` is the stored list."""
    caps = capped(leads)

    def of(name: str, step: str = "", **settings: Any) -> Step:
        own = {"caps": caps[name]} if name in caps and not step else {}
        terms = {"price": 20, "retry": RETRY, "timeout": TIMEOUT, **own, **settings}
        made = buyer(connections[name], step or name, **terms)
        return {"buyer": {key: value for key, value in made["buyer"].items() if value is not None}}

    def lane(state: str, *steps: Step) -> Step:
        return {"name": state, "when": {"is": [{"var": "lead.state"}, state]}, "steps": [*steps]}

    def among(mode: str, *rows: Step, **settings: Any) -> Step:
        """Return a group whose rows have ids of their own, as one buyer stands in several."""
        named = [{"buyer": row["buyer"] | {"id": f"{mode}_{row['buyer']['id']}"}} for row in rows]
        return group(*named, step=mode, mode=mode, **settings)

    def some(*names: str, **settings: Any) -> list[Step]:
        return [of(name, name, **settings) for name in names]

    mix = {"by": {"var": "lead.grade"}, "shares": {"premium": 70, "raw": 30}, "over": "day"}
    several = ("plain_2", "plain_3", "slow_2", "fails_3")
    bidders = some("plain_2", "plain_3", "slow_1", "fails_1", "plain_5", price=None)
    lanes = [
        lane("CA", group(of("plain_1"), of("slow_1"), of("fails_1"), of("pit_1", **NEVER_YES), step="one_of_four")),
        lane("NV", group(of("plain_2"), of("slow_2"), of("fails_2"), of("plain_3"), step="shared", sell_up_to=2)),
        lane("TX", of("slow_3"), of("fails_3", on_error={"hold": "3s"}, retry=RETRY | {"max_attempts": 1})),
        lane("FL", of("late", **SHORTLY)),
        lane("AZ", of("slow_4", sell="continue"), of("plain_7")),
        lane("UT", of("pit_2", **SHORTLY)),
        lane("GA", among("round_robin", *some("plain_2", "fails_2", "plain_5"))),
        lane("OH", among("weighted", of("plain_2", "plain_2", weight=7), of("slow_2", "slow_2", weight=3))),
        lane("MI", among("least_loaded", *some("plain_3", "plain_5", "late", **SHORTLY))),
        lane("PA", among("quota", *some("plain_2", "plain_3"), mix=mix)),
        lane("IL", among("highest_bid", *bidders, of("plain_6", "plain_6"), wait_ms=1000)),
        lane("NC", among("fastest", *bidders, wait_ms=1000)),
        lane("VA", among("broadcast", *some(*several), sell_up_to=3, buyers_from=NOBODY)),
    ]
    steps = [
        {"filter": {"id": "outside", "continue_if": {"!": [{"is": [{"var": "lead.state"}, "WY"]}]}}},
        {"filter": {"id": "unwanted", "stop_if": {"in_list": [{"var": "lead.email"}, listed]}}},
        {"transform": {"id": "noted", "set": [["note", "{{lead.state}} lead"]]}},
        {"look_up": {"id": "known", "connection": connections["service"], **KNOWN}},
        cap(10 * leads + 1000),
        {"split": {"id": "lanes", "cases": lanes, "else": []}},
        of("plain_4"),
        group(of("plain_5"), of("slow_5"), of("plain_6"), step="the_rest"),
        of("plain_8"),
    ]
    fallback = {"id": "end", "do": "buyer", "buyer": of("plain_9")["buyer"]}
    fields = [EMAIL_FIELD, STATE_FIELD, {"key": "note", "type": "text"}, GRADE, SCORE]
    return {"steps": steps, "fallback": fallback, "fields": fields, "intake": {"pings_last": "10s"}}
