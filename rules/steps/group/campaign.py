"""A campaign that a group takes rows from: they stand in no document, and are read when a lead comes to the group."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from rules import json_text
from rules.earnings import Least
from rules.mixes import Mix
from rules.reading import Part, Surroundings
from rules.remembering import read_again
from rules.steps.group.rows import JOINED, Row, read_row

KEPT = 256
"""How many lists of rows are not read again: those that leads come to now."""
MOST_ROWS = 100
"""How many rows a group has at most, those that joined included."""
LONGEST = 64
THE_SELLERS = (
    "on_declined", "on_error", "on_ambiguous", "outside_hours", "when_full", "when_not_met", "when_no_funds", "retry",
    "timeout",
)  # fmt: skip
"""The settings that a row of a campaign may not have.

A row says for which leads its buyer pays what, and how much it takes. Where the lead goes from there and how long it
waits for one buyer is the seller's to say: nobody checks before publishing what comes from elsewhere. So the next buyer
follows, and the rest is as the connection says.
"""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that cannot join: its id in the group ("" where it has none), its connection, and why, in a sentence."""

    id: str
    connection: str
    why: str


@dataclass(frozen=True, slots=True)
class Joining:
    """What a campaign's rows come to: those that join, in their order, and those that cannot."""

    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Campaign:
    """Where more rows of the group `step` come from, and what the group has them agree to.

    `around` is all that they are read in, `written` how many rows the group has of its own.
    """

    PARTS: ClassVar[tuple[str, ...]] = ()
    id: str
    step: str
    around: Surroundings
    written: int
    mode: str
    least: Least | None
    goes_on: bool
    sell_up_to: int
    mix: Mix | None

    def has(self, row: str) -> bool:
        """Return whether a row joined the group, by its id: that is the group's, and the one that it came with."""
        return row.startswith(f"{self.step}{JOINED}")

    def read(self, rows: Sequence[object]) -> Joining:
        """Return which rows can join; nothing is wrong with a flow because of one that cannot."""
        return _read(self, json_text.write([*rows]))


def read_campaign(part: Part) -> str | None:
    """Return the id of the campaign that `buyers_from` names, written `{"campaign": id}`; None where there is none."""
    inner = part.inside("buyers_from", "“buyers_from”")
    if inner is None:
        return None
    identifier = inner.text("campaign", longest=LONGEST)
    inner.finish()
    return identifier or None


def row_ids(step: str, rows: Sequence[object]) -> dict[str, str]:
    """Return the connections of a campaign's rows, as far as they name any, by the ids that they have in a group."""
    named = [row for row in rows if isinstance(row, dict)]
    return {_id_in(step, row): str(row.get("connection") or "") for row in named if isinstance(row.get("id"), str)}


def _id_in(step: str, row: dict[str, Any]) -> str:
    return f"{step}{JOINED}{row.get('id', '')}"


@lru_cache(maxsize=KEPT)
def _read(campaign: Campaign, text: bytes) -> Joining:
    document, written = campaign.around.document(), read_again(text)
    document.prefix = f"{campaign.step}{JOINED}"
    joining, left_out = list[Row](), list[LeftOut]()
    for number, settings in enumerate(written, start=1):
        before = len(document.problems)
        place = f"buyer {number} of its campaign"
        part = document.part(settings, place, "a buyer")
        row = _read_row(campaign, part) if part else None
        wrong = [problem.message for problem in document.problems[before:]]
        if campaign.written + len(joining) >= MOST_ROWS:
            wrong.append(f"A group asks {MOST_ROWS} buyers at most.")
        if row and not wrong:
            joining.append(row)
        else:
            left_out.append(_left_out(campaign, settings, wrong))
    return Joining(tuple(joining), tuple(left_out))


def _read_row(campaign: Campaign, part: Part) -> Row | None:
    for key in _of_the_seller(part):
        part.report(key, "the_sellers", f"“{key}” is for the group to say, and not for a row of its campaign.")
    return read_row(
        part,
        campaign.least,
        goes_on=campaign.goes_on,
        sell_up_to=campaign.sell_up_to,
        mode=campaign.mode,
        mix=campaign.mix,
    )


def _of_the_seller(part: Part) -> Iterator[str]:
    return (key for key in THE_SELLERS if part.has(key))


def _left_out(campaign: Campaign, settings: object, wrong: Sequence[str]) -> LeftOut:
    [(identifier, connection)] = (row_ids(campaign.step, [settings]) or {"": ""}).items()
    return LeftOut(identifier, connection, wrong[0] if wrong else "It cannot be read.")
