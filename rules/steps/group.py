"""Group: offers the lead to several buyers in turn, until enough of them have bought it."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import ClassVar

from rules.earnings import Least, read_least
from rules.effects import Effect, Note, Result
from rules.money import say_money
from rules.reading import Part
from rules.running import End, Interpreting, Next, Run, Verdict
from rules.steps.base import Common, Exit, Words, read_common
from rules.steps.buyer import Buyer, read_offer

MODES = ("waterfall",)
MOST_ROWS = 100
LAST = 100
"""The priority of a row that names none: asked after those that do."""
MAYBE_TAKEN = ("accepted", "unknown")
"""Answers after which one of the lead's sales may be gone."""


@dataclass(frozen=True, slots=True)
class Row:
    """One buyer of a group; the row with the lowest priority is asked first, of equal ones the first written."""

    buyer: Buyer
    priority: int = LAST

    @property
    def id(self) -> str:
        """Return the row's id."""
        return self.buyer.common.id


@dataclass(frozen=True, slots=True)
class Group:
    """Several buyers and how often the lead may be sold among them."""

    kind: ClassVar[str] = "group"
    label: ClassVar[str] = "Buyer group"
    common: Common
    mode: str
    rows: tuple[Row, ...]
    sell_up_to: int
    least: Least | None
    goes_on: bool

    @property
    def in_order(self) -> tuple[Row, ...]:
        """Return the rows in the order in which they are asked."""
        return tuple(sorted(self.rows, key=lambda row: row.priority))

    def sentence(self, words: Words) -> str:
        """Return `Offer to 3 buyers in this order, sell to up to 2, at least $30.00`."""
        count = len(self.rows)
        shared = f", sell to up to {self.sell_up_to}" if self.sell_up_to > 1 else ""
        buyers = f"{count} buyer{'' if count == 1 else 's'}"
        return f"Offer to {buyers} in this order{shared}{self.say_least(words)}"

    def say_least(self, words: Words) -> str:
        """Return `, at least $30.00 and 20 % margin`; nothing where nothing is asked for."""
        least = self.least
        if least is None:
            return ""
        said = [say_money(least.floor, words.currency)] if least.floor else []
        if least.percent is not None:
            said.append(f"{least.percent} % margin")
        elif least.margin is not None:
            said.append(f"{say_money(least.margin, words.currency)} margin")
        return f", at least {' and '.join(said)}" if said else ""

    def exits(self, words: Words) -> tuple[Exit, ...]:  # noqa: ARG002  (every kind is asked the same way)
        """Return the way of a sold lead and of one that no row took; each row has its own exits."""
        until = "Sold" if self.sell_up_to == 1 else f"Sold {self.sell_up_to} times, or all asked"
        sold = Exit("ok", f"{until}: next step" if self.goes_on else f"{until}: stop here")
        return sold, Exit("nxt", "Nobody takes it: next step")

    def interpret(self, run: Run) -> Interpreting:
        """Ask row after row while the lead can still be sold; what is not asked is noted with its reason."""
        last: Row | None = None
        for row in self.in_order:
            if self._taken(run) >= self.sell_up_to:
                yield from self._pass_by(row, last, run)
                continue
            taken, last = self._taken(run), row
            verdict = yield from row.buyer.ask(run, self.common.id)
            if not isinstance(verdict, Next) and self._taken(run) == taken:
                return verdict
        return self._verdict(run)

    def _taken(self, run: Run) -> int:
        """Return how many of the lead's sales are gone: to rows that bought it, or may have."""
        return sum(run.asked.get(row.id) in MAYBE_TAKEN for row in self.rows)

    def _pass_by(self, row: Row, last: Row | None, run: Run) -> Generator[Effect, Result, None]:
        """Note why a row is not asked any more."""
        better = last is not None and last.priority < row.priority
        reason = row.buyer.reason_not_to_ask(run) or ("lower_priority" if better else "not_selected")
        yield Note(row.id, "skipped", reason)
        run.remember(row.id, "skipped", reason)

    def _verdict(self, run: Run) -> Verdict:
        """Return where the lead goes after the last row; one that a buyer may have taken is offered to nobody else."""
        answers = {run.asked.get(row.id) for row in self.rows}
        if "accepted" in answers:
            return Next() if self.goes_on else End("sold", None, None)
        if "unknown" in answers:
            return End("error", "unknown", "A buyer may have taken the lead and never answered")
        return Next()


def read_group(part: Part) -> Group | None:
    """Return the group that a part describes, None when one of its rows has problems."""
    common, mode = read_common(part), part.choice("mode", MODES)
    least, goes_on = read_least(part), part.choice("then", ("stop", "continue"), "stop") == "continue"
    written = part.parts("buyers", "a buyer")
    if not 1 <= len(written) <= MOST_ROWS:
        part.report("buyers", "rows", f"“buyers” must be a list of 1 to {MOST_ROWS} buyers.")
    rows = [_read_row(inner, least, goes_on=goes_on) for inner in written[:MOST_ROWS]]
    sell_up_to = part.whole("sell_up_to", least=1, most=20, default=1)
    part.finish()
    complete = tuple(row for row in rows if row)
    if not complete or len(complete) < len(rows):
        return None
    return Group(common, mode, complete, sell_up_to, least, goes_on)


def _read_row(part: Part, least: Least | None, *, goes_on: bool) -> Row | None:
    buyer = read_offer(part, sells_on=goes_on, least=least)
    priority = part.whole("priority", least=1, most=LAST, default=LAST)
    part.finish()
    return Row(buyer, priority) if buyer else None
