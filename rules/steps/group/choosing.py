"""Offers a lead to a group by its mode: first who can be asked, then the choice, then the offers down the ranking."""

from collections.abc import Generator, Sequence
from dataclasses import replace

from rules.effects import Effect, Result
from rules.logic import RuleError
from rules.ranking import RANKERS, Seed, Standing
from rules.running import End, Interpreting, Next, Run, Verdict
from rules.sharing import Planned, next_offer
from rules.steps.buyer import MAYBE, Terms
from rules.steps.group.deal import MAYBE_TAKEN, Deal
from rules.steps.group.eligible import Candidates
from rules.steps.group.hearing import hear_one, out_of
from rules.steps.group.joining import join
from rules.steps.group.rows import Row
from rules.steps.group.settling import settled
from rules.steps.ways import Way


def choose(deal: Deal, run: Run) -> Interpreting:
    """Find out who can be asked, offer the lead down the ranking while it can be sold, and say why others lost."""
    if deal.campaign:
        deal = yield from join(deal, deal.campaign, run)
    before = len(run.sales)
    candidates = Candidates(deal, run)
    rows = yield from candidates.rows_to_ask()
    ranked = RANKERS[deal.mode](candidates.standings(rows), Seed(run.lead.id, deal.step, candidates.last))
    offering = _Offering(candidates, ranked)
    verdict = yield from offering.go_down()
    while run.open:
        verdict = (yield from hear_one(deal, run, follows=verdict is None)) or verdict
    if verdict is None and not deal.taken(run) and len(run.sales) == before:
        verdict = yield from _ways_of_those_left_out(candidates)
    yield settled(deal, run, ranked, candidates.lost, before)
    return verdict or verdict_of(deal, run, is_alone=bool(offering.alone))


def verdict_of(deal: Deal, run: Run, *, is_alone: bool = False) -> Verdict:
    """Return where the lead goes after the last row; one that a buyer may have taken is offered to nobody else.

    Nor is one that a buyer of a group that shares has bought for itself alone.
    """
    answers = deal.answers(run)
    if "accepted" in answers:
        return Next() if deal.goes_on and not is_alone else End("sold", None, None)
    return MAYBE if "unknown" in answers else Next()


class _Offering:
    """The offers down a ranking."""

    def __init__(self, candidates: Candidates, ranked: Sequence[Standing]) -> None:
        self._candidates, self._deal, self._run = candidates, candidates.deal, candidates.run
        self._rows = {row.id: row for row in candidates.deal.rows}
        self._ranked = ranked
        self._asked_alone: set[str] = set()
        self._had_it = {row.id for row in self._deal.rows if self._has(row)}

    def go_down(self) -> Generator[Effect, Result, Verdict | None]:
        """Offer row after row; return a verdict where a way leads out of the group.

        While there is nobody to ask and buyers have not answered, the next answer may free a place.
        """
        out: Verdict | None = None
        while out is None and ((planned := self._next()) or self._run.open):
            out = yield from (self._ask(planned) if planned else hear_one(self._deal, self._run))
        return out

    def _ask(self, planned: Planned) -> Generator[Effect, Result, Verdict | None]:
        taken = self._deal.taken(self._run)
        if planned.is_alone:
            self._asked_alone.add(planned.row.id)
        verdict = yield from self._offer(self._rows[planned.row.id], planned)
        return out_of(self._deal, self._run, taken, verdict)

    @property
    def alone(self) -> str:
        """Return the row that has the lead for itself or may have it, "" for none: one asked so, or one a way led to.

        What was sold before was sold on the terms of then.
        """
        if self._deal.sell_up_to == 1:
            return ""
        new = (row for row in self._deal.rows if row.id not in self._had_it and self._has(row))
        return next((row.id for row in new if row.buyer.alone or row.id in self._asked_alone), "")

    def _has(self, row: Row) -> bool:
        """Return whether a row has the lead, or may have it."""
        return self._run.asked.get(row.id) in MAYBE_TAKEN

    def _next(self) -> Planned | None:
        """Return who is asked next of those that were neither asked in this round nor left out meanwhile."""
        run, lost, shares = self._run, self._candidates.lost, self._deal.sell_up_to > 1
        left = [row for row in self._ranked if run.asked_in.get(row.id) != run.round and row.id not in lost]
        is_new = not (shares and run.sales)
        return next_offer(self._deal.mode, left, self._sold(), self._deal.sell_up_to, is_new=is_new)

    def _sold(self) -> list[Standing]:
        """Return the rows that have the lead or may have it; with one that has it alone nobody shares it."""
        known = {row.id: row for row in self._ranked}
        taken = [row for row in self._deal.rows if self._has(row)]
        sold = [known.get(row.id, Standing(row.id, 0, most=row.share_up_to)) for row in taken]
        sold += [self._gone(row) for row in self._deal.gone(self._run) if self._run.asked[row] in MAYBE_TAKEN]
        alone = self.alone
        return [replace(row, most=1) if row.id == alone else row for row in sold]

    def _gone(self, row: str) -> Standing:
        """Return a row that is not in its campaign any more; where nothing is known of it, it shares with nobody."""
        joined = self._run.joined.get(row)
        return Standing(row, 0, most=joined.share_up_to if joined else 1)

    def _offer(self, row: Row, planned: Planned) -> Interpreting:
        """Offer the lead to a row; one that cannot be asked after all is left out, and its way followed at the end."""
        run, buyer = self._run, row.buyer
        try:
            verdict, why = yield from buyer.offer(run, self._terms(row, planned), self._deal.leaves)
        except RuleError:
            # It could be worked out before, and cannot be any more by what others answered meanwhile.
            if not row.has_joined:
                raise
            self._candidates.lost[row.id] = "undecided"
            return Next()
        if isinstance(verdict, Way) and run.asked_in.get(row.id) != run.round:
            self._candidates.lost[row.id], self._candidates.ways[row.id] = why.code, (verdict, why)
            return Next()
        return (yield from buyer.follow_on(run, self._deal.step, verdict, why))

    def _terms(self, row: Row, planned: Planned) -> Terms:
        cursor = self._deal.cursor
        turn = cursor.ask({}, self._run.now) | {"to": planned.row.number} if cursor else None
        return Terms(planned.price, self._candidates.counts(row), turn, planned.row.bid, planned.row.bid_id)


def _ways_of_those_left_out(candidates: Candidates) -> Generator[Effect, Result, Verdict | None]:
    """Follow the ways of the rows that could not be asked, in their order, until one leads on or to a sale."""
    deal, run = candidates.deal, candidates.run
    before = len(run.sales)
    for row in sorted(deal.rows, key=lambda row: row.priority):
        way, why = candidates.ways.get(row.id, (Way("next"), None))
        if way.kind != "next" and why is not None:
            verdict = yield from row.buyer.follow_on(run, deal.step, way, why)
            if not isinstance(verdict, Next) or deal.taken(run) or len(run.sales) > before:
                return verdict
    return None
