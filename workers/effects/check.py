"""Finding out which of a group's buyers can be asked now, and what was sold to them; nothing is taken."""

from typing import Any

from rules.effects import Asks, Check
from workers import breakers
from workers.carrying import Carried
from workers.eligibility import find_buyer
from workers.turn import Turn

Result = dict[str, Any]


def windows(effect: Check) -> list[Asks]:
    """Return every window that the answer is read from."""
    read = [ask for row in effect.rows for ask in (*row["caps"], *row["counts"])]
    return [*read, effect.cursor] if effect.cursor else read


def check(turn: Turn, carried: Carried, effect: Check) -> Result | None:
    """Return what can be said of the rows, None when a window is not locked in this turn.

    What another lead has taken in this turn counts as sold, until it is given back.
    """
    if not turn.dealer.holds(turn.flow_asks(carried, windows(effect)), exactly=True):
        return None
    rows = {row["buyer"]: _facts(turn, carried, row) for row in effect.rows}
    cursor = _used(turn, carried, [effect.cursor])[0] if effect.cursor else None
    return {"at": turn.now.isoformat(), "rows": rows, "cursor": cursor}


def _facts(turn: Turn, carried: Carried, row: Asks) -> Result:
    counts = _used(turn, carried, row["counts"])
    found = find_buyer(turn, carried, row)
    if isinstance(found, str):
        return {"reason": found, "full": None, "counts": counts} | breakers.until(turn, row["connection"], found)
    full = turn.dealer.first_full(turn.flow_asks(carried, row["caps"]))
    return {"reason": "cap_reached" if full else None, "full": full.own_key if full else None, "counts": counts}


def _used(turn: Turn, carried: Carried, asks: list[Asks]) -> list[int]:
    return [turn.dealer.used(ask) for ask in turn.flow_asks(carried, asks)]
