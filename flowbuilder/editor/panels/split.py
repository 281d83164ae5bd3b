"""The panel of a split: its lanes by rules or by shares, in their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flowbuilder.editor.panels.base import Desk
from flowbuilder.editor.panels.controls import Changing, Form, Only, Settings
from flowbuilder.editor.panels.drawn import Drawn, Option
from flowbuilder.editor.panels.fields import Field
from flowbuilder.editor.panels.kinds_of_text import text, whole
from flowbuilder.editor.panels.rows import Rows
from flowbuilder.editor.panels.rule_fields import RuleField
from flowbuilder.editor.panels.sheets import Sheet, SheetPanel
from rules.builder import NO_RULE
from rules.steps.split import MOST_LANES, REST

CASES, SHARES = "cases", "percent"


def _by_rules(settings: Settings, _desk: Desk) -> bool:
    return SHARES not in settings


def _by_shares(settings: Settings, _desk: Desk) -> bool:
    return SHARES in settings


@dataclass(frozen=True)
class How:
    """Whether lanes have rules or shares of all leads; the steps in them stay."""

    keys: tuple[str, ...] = (REST,)

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the choice."""
        chosen = SHARES if _by_shares(settings, desk) else CASES
        options = (Option(CASES, "By rules"), Option(SHARES, "By share of all leads"))
        return Drawn("segments", f"{at}how", "Leads are split", values=(chosen,), options=options)

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Turn the lanes into those of the other sort."""
        chosen = form.text(f"{at}how")
        if chosen == SHARES and _by_rules(settings, form.desk):
            _turn(settings, CASES, SHARES, _with_shares([*_lanes(settings, CASES), *_rest(settings)]))
            settings.pop(REST, None)
        elif chosen == CASES and _by_shares(settings, form.desk):
            _turn(settings, SHARES, CASES, [_with_rule(lane) for lane in _lanes(settings, SHARES)])
            settings.setdefault(REST, [])


def _turn(settings: Changing, old: str, new: str, lanes: list[Changing]) -> None:
    settings.pop(old, None)
    settings[new] = lanes


def _lanes(settings: Settings, key: str) -> list[Changing]:
    lanes = settings.get(key)
    return [lane for lane in (lanes if isinstance(lanes, list) else []) if isinstance(lane, dict)]


def _rest(settings: Settings) -> list[Changing]:
    """Return the lane of all other leads as one with a share."""
    steps = settings.get(REST)
    return [{"steps": steps}] if isinstance(steps, list) else []


def _with_shares(lanes: Sequence[Mapping[str, Any]]) -> list[Changing]:
    """Return lanes with even shares, which add up to 100, in the place of their rules."""
    each, more = divmod(100, max(1, len(lanes)))
    kept = ({key: value for key, value in lane.items() if key != "when"} for lane in lanes)
    return [{**lane, "share": each + (number < more)} for number, lane in enumerate(kept)]


def _with_rule(lane: Mapping[str, Any]) -> Changing:
    return {"when": NO_RULE, **{key: value for key, value in lane.items() if key != "share"}}


@dataclass(frozen=True)
class Even:
    """A button that gives all lanes even shares."""

    keys: tuple[str, ...] = ()

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the button with what the shares add up to now."""
        shares = [lane.get("share") for lane in _lanes(settings, SHARES)]
        total = sum(share for share in shares if isinstance(share, int))
        return Drawn("even", told={"total": total})

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Give all lanes even shares when it is pressed."""
        if form.posted.get("do") == "share:even":
            settings[SHARES] = _with_shares(_lanes(settings, SHARES))


@dataclass(frozen=True)
class StepsInLane:
    """How many steps are in a lane, which go when it goes."""

    keys: tuple[str, ...] = ("steps",)

    def draw(self, settings: Settings, desk: Desk, at: str = "") -> Drawn:
        """Return the number."""
        steps = settings.get("steps")
        many = len(steps) if isinstance(steps, list) else 0
        said = f"{many} step{'' if many == 1 else 's'} in this lane, removed with it. Undo brings all of it back."
        return Drawn("told", label=said if many else "No step in this lane yet: its leads go straight on.")

    def take(self, form: Form, settings: Changing, at: str = "") -> None:
        """Change nothing."""


NAME = Field("name", "Name", text(60), "What the lane is called on the rail and in a lead's timeline.")
CASE_ROWS = Rows(
    CASES,
    "Lanes, the first that fits",
    "lane",
    (NAME, RuleField("when", "Leads that", needed=True), StepsInLane()),
    lambda settings, desk: {"when": NO_RULE, "steps": []},
    "Leads that fit none of them go to the lane “Everything else”.",
    ordered=True,
    most=MOST_LANES,
)
SHARE_ROWS = Rows(
    SHARES,
    "Lanes",
    "lane",
    (
        NAME,
        Field("share", "Share", whole(1, 100, "% of all leads"), needed="Enter a share from 1 to 100.", macro="short"),
        StepsInLane(),
    ),
    lambda settings, desk: {"share": max(1, 100 - _total(settings)), "steps": []},
    "A lead always goes down the same lane, whenever it is looked at again.",
    ordered=True,
    most=MOST_LANES,
)


def _total(settings: Settings) -> int:
    return sum(lane["share"] for lane in _lanes(settings, SHARES) if isinstance(lane.get("share"), int))


SHEETS = (Sheet("", (How(), Only(CASE_ROWS, _by_rules), Only(Even(), _by_shares), Only(SHARE_ROWS, _by_shares))),)


class SplitPanel(SheetPanel):
    """Sends each lead down one of several lanes, which join again behind it."""

    kind: ClassVar[str] = "split"
    about: ClassVar[str] = "Sends each lead down one of several lanes, which join again behind it."

    def sheets(self, settings: Settings, desk: Desk) -> Sequence[Sheet]:
        """Return what is on the panel."""
        return SHEETS
