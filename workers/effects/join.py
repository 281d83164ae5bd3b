"""Having the buyers of a campaign join a group: asked once, and what is said then stands in the journal."""

from typing import Any

from rules import json_text
from rules.effects import Join
from rules.remembering import read_again
from workers.carrying import Carried
from workers.effects.door import zones_of
from workers.turn import Turn

Result = dict[str, Any]

BY_THE_CLOCK = ("hours", "holidays")


def join(turn: Turn, carried: Carried, effect: Join) -> Result:
    """Return the rows that a campaign of the lead's account has now, with the time zones that they are read by.

    The rows are a copy, as a journal that is read again gives them: nobody changes them any more.
    """
    known = turn.campaigns.rows(turn.database, carried.row["account_id"], effect.campaign, turn.now)
    rows = read_again(json_text.write([*known]))
    return {"at": turn.now.isoformat(), "rows": rows} | zones_of(turn, carried, _clocks(rows))


def _clocks(rows: list[Any]) -> list[str]:
    """Return the connections by whose clock rows may have hours."""
    named = (row.get("connection") for row in rows if isinstance(row, dict) and any(key in row for key in BY_THE_CLOCK))
    return [one for one in named if isinstance(one, str)]
