"""Says a whole flow in plain words, the way one would tell it to a colleague."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.buyer_words import say_conditions
from rules.durations import say_seconds
from rules.flow import Flow
from rules.flow_wording import Names, words_of
from rules.steps import Buyer, CapStep, Fallback, Filter, Group, Lane, LookUp, Row, Split, Step
from rules.steps.base import Words
from rules.steps.group.wording import say_least
from rules.wording import begin

MOST_SHOWN = 4
"""How many buyers of a group are named."""
OFFERED = {
    "waterfall": "are offered to",
    "round_robin": "are offered in turn:",
    "weighted": "are offered to one drawn by weight:",
    "least_loaded": "are offered to whoever has the fewest today:",
    "quota": "are offered to whoever is furthest behind its mix:",
    "highest_bid": "are offered to whoever pays most:",
    "fastest": "are offered to whoever bids first:",
    "broadcast": "are offered to each:",
}
"""To whom of its buyers each mode of a group offers a lead first."""
LEADS = "Leads"
"""How a sentence begins that is about all leads that came so far."""
SEEN_WHERE = {"flow": "", "source": " from the same source", "seller": " in any of your flows"}
"""Among which leads a duplicate is looked for."""


def say_flow(flow: Flow, names: Names, *, is_whole: bool = True) -> str:
    """Return the flow in plain words: who gets which leads, what comes after a no, and what happens to the rest.

    Of a flow that is not whole, as unfinished steps are left out of it, it is not said that nobody takes the leads.
    """
    return _Teller(flow, words_of(flow, names)).tell(is_whole=is_whole)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who was offered the lead last: what a no of theirs is called, and whether a sold lead goes on."""

    no: str
    sells_on: bool
    is_capped: bool


class _Teller:
    """Tells the steps in order; filters before a buyer are told with it, what they turn away comes last."""

    def __init__(self, flow: Flow, words: Words) -> None:
        self._flow, self._words = flow, words
        self._before: list[str] = []
        self._turned_away: list[Filter] = []
        self._last: _Asked | None = None
        self._is_joined = self._is_rest = self._has_lanes = False
        self._said: list[str] = []

    def tell(self, *, is_whole: bool) -> str:
        """Return all sentences."""
        self._said.extend(_say_door(self._flow, self._words))
        self._tell_steps(self._flow.steps)
        is_nobody_set = all(buyer.common.off for buyer in self._flow.buyers.values()) and not self._flow.has_campaigns
        if is_whole and is_nobody_set:
            self._said.append("Nobody is set to take the leads.")
        return " ".join([*self._said, _say_fallback(self._flow.fallback, self._words), *self._say_turned_away()])

    def _tell_steps(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if not step.common.off:
                self._tell_step(step)
        self._tell_filtered()

    def _tell_step(self, step: Step) -> None:
        match step:
            case Filter():
                self._tell_filter(step)
                return
            case Buyer():
                self._tell_buyer(step)
            case Group():
                self._tell_group(step)
            case Split():
                self._tell_split(step)
            case CapStep():
                self._said.append(f"{step.sentence(self._words)}; when full: {step.when_full.say(self._words)}.")
            case LookUp():
                self._tell_filtered()
                self._said.append(f"{step.sentence(self._words)}{self._other_ways(step)}.")
            case _:
                self._tell_filtered()
                self._said.append(f"{step.sentence(self._words)}.")
        self._is_rest = False

    def _other_ways(self, step: LookUp) -> str:
        """Return `; if it fails: reject`, and the same of nothing found; nothing where the lead goes on."""
        said = zip(("if nothing is found", "if it fails"), step.other_ways, strict=False)
        return "".join(f"; {when}: {way.say(self._words)}" for when, way in said if way.kind != "next")

    def _tell_filtered(self) -> None:
        """Say what the filters before let through, where nobody follows that could be told with it."""
        if self._before:
            self._said.append(f"{begin(self._which())} go on.")
        self._before = []

    def _tell_filter(self, step: Filter) -> None:
        rule = self._rule(step.rule.document)
        if step.stops:
            self._said.append(f"Leads where {rule} {self._away(step)}.")
            self._is_rest = True
        else:
            self._before.append(rule)
            self._turned_away.append(step)

    def _away(self, step: Filter) -> str:
        """Return where a filter sends the leads that it does not let through."""
        way = step.otherwise
        match way.kind:
            case "reject":
                return f"are rejected with “{step.reason}”"
            case "go_to":
                return f"go to {self._words.step(way.target)}"
        return "count as taken by nobody"

    def _say_turned_away(self) -> list[str]:
        """Return what becomes of the leads that filters turned away; of a single filter they are everything else."""
        if len(self._turned_away) == 1 and not self._has_lanes:
            return [f"All others {self._away(self._turned_away[0])}."]
        return [f"Leads where {self._contrary(step)} {self._away(step)}." for step in self._turned_away]

    def _contrary(self, step: Filter) -> str:
        return self._rule({"!": [step.rule.document]})

    def _tell_conditions(self, step: Buyer) -> None:
        said = say_conditions(step, self._words)
        if said:
            together = f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else said[0]
            self._said.append(f"{self._words.buyer(step.connection)} {together}.")

    def _tell_buyer(self, step: Buyer) -> None:
        which = self._which([self._rule(step.when.document)] if step.when else [])
        self._offer(f"{which} go to {step.terms(self._words)}")
        self._tell_conditions(step)
        if step.ways.on_declined.kind == "buyer":
            self._said.append(f"After its no: {step.ways.on_declined.say(self._words)}.")
        self._last = _Asked(f"{self._words.buyer(step.connection)} says no", step.sells_on, bool(step.caps))

    def _tell_group(self, step: Group) -> None:
        """Tell a group by its mode, with its first buyers; in a plain waterfall they follow one another."""
        rows = [row for row in step.in_order if not row.buyer.common.off]
        shown = [self._say_row(row, step) for row in rows[:MOST_SHOWN]]
        more = [f"{len(rows) - MOST_SHOWN} more"] if len(rows) > MOST_SHOWN else []
        between = ", then to " if step.mode == "waterfall" else "; "
        joining = ["the buyers of a campaign"] if step.deal.campaign else []
        buyers = between.join(shown + more + joining) or "nobody"
        shared = f", and sold to up to {step.sell_up_to} of them" if step.sell_up_to > 1 else ""
        self._offer(f"{self._which()} {OFFERED[step.mode]} {buyers}{shared}{say_least(step.least, self._words)}")
        self._last = _Asked("none of them takes it", step.goes_on, is_capped=False)

    def _say_row(self, row: Row, step: Group) -> str:
        when = f" (if {self._rule(row.buyer.when.document)})" if row.buyer.when else ""
        return f"{step.terms(row, self._words)}{when}"

    def _tell_split(self, step: Split) -> None:
        """Tell lane by lane; the first sentence of each says which leads take it."""
        self._tell_filtered()
        before, self._has_lanes = (self._last, self._turned_away), True
        for lane in step.lanes:
            said, self._said, self._last, self._turned_away = self._said, [], None, []
            self._is_joined = self._is_rest = False
            self._tell_steps(lane.steps)
            self._said += [
                f"Of these, those where {self._contrary(one)} {self._away(one)}." for one in self._turned_away
            ]
            first, *more = self._said or [f"{LEADS} go on."]
            self._said = [*said, self._say_lane(lane, first), *more]
        self._last, self._turned_away = before
        self._is_joined = True

    def _say_lane(self, lane: Lane, first: str) -> str:
        """Return the first sentence of a lane, about the leads that take it; where it is about some, after these."""
        rule = self._rule(lane.when.document) if lane.when else ""
        if first.startswith(f"{LEADS} ") and not first.startswith(f"{LEADS} where"):
            these = lane.say(self._words) if lane.share else f"{LEADS} where {rule}" if rule else "All others"
            return these + first.removeprefix(LEADS)
        these = lane.say(self._words) if lane.share else f"If {rule}" if rule else "Everything else"
        return f"{these}: {first[0].lower()}{first[1:]}"

    def _offer(self, said: str) -> None:
        """Say an offer with what leads to it."""
        self._said.append(begin(f"{self._after()}{said}."))
        self._before, self._is_joined = [], False

    def _which(self, also: Sequence[str] = ()) -> str:
        """Return which leads go on or are offered; `also` are rules beside those of the filters before."""
        rules, is_first = [*self._before, *also], self._last is None and not self._is_joined
        if rules:
            return f"{'leads' if is_first or self._is_rest else 'those'} where {_all_of(rules)}"
        if self._is_rest:
            return "all others"
        return "leads" if is_first else "they"

    def _after(self) -> str:
        """Return what leads from those that were asked before to the next ones."""
        if self._is_joined:
            return "If nobody took them by then, "
        if self._last is None:
            return ""
        if self._last.sells_on:
            return "As well, "
        return f"After that, or if {self._last.no}, " if self._last.is_capped else f"If {self._last.no}, "

    def _rule(self, document: object) -> str:
        return self._words.rule(document)


def _all_of(rules: list[str]) -> str:
    return ", and ".join(rules)


def _say_door(flow: Flow, words: Words) -> list[str]:
    said = [f"At most {cap.say(flow.currency)} come in." for cap in flow.door.caps]
    if flow.door.accept_if:
        said.insert(0, f"Leads come in if {words.whole_rule(flow.door.accept_if.document)}.")
    if flow.door.duplicates:
        where = SEEN_WHERE[flow.door.duplicates.scope]
        said.append(f"A lead seen{where} in the last {say_seconds(flow.door.duplicates.within)} is a duplicate.")
    return said


def _say_fallback(fallback: Fallback, words: Words) -> str:
    match fallback.do:
        case "hold":
            held = fallback.sentence(words).replace("Wait", "wait").replace("offer again", "are offered again")
            return f"Leads that nobody takes {held}, then are rejected with “{fallback.reason}”."
        case "buyer":
            last = fallback.sentence(words).replace("Offer to", "go to")
            return f"Leads that nobody takes {last}, or are rejected with “{fallback.reason}”."
    return f"Leads that nobody takes are rejected with “{fallback.reason}”."
