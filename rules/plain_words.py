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
from rules.steps.ways import Way
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
    "broadcast": "are offered to each at once:",
}
"""To whom of its buyers each mode of a group offers a lead first."""
LEADS = "Leads"
"""How a sentence begins that is about all leads that came so far."""
AS_WELL = "As well, "
"""What leads to the next ones where a sold lead goes on."""
SEEN_WHERE = {"flow": "", "source": " from the same source", "seller": " in any of your flows"}
"""Among which leads a duplicate is looked for."""


def say_flow(flow: Flow, names: Names, *, is_whole: bool = True) -> str:
    """Return the flow in plain words: who gets which leads, what comes after a no, and what happens to the rest.

    Of a flow that is not whole, as unfinished steps are left out of it, it is not said that nobody takes the leads.
    """
    return _Teller(flow, words_of(flow, names)).tell(is_whole=is_whole)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who was offered the lead last: what leads from them to the next ones, and whether a sold lead goes on."""

    after: str
    sells_on: bool


class _Teller:
    """Tells the steps in order: what a filter turns away where it stands, and who gets the others behind it.

    Where a filter is all that decides, who gets the leads that pass is told first, and what it turns away last.
    """

    def __init__(self, flow: Flow, words: Words) -> None:
        self._flow, self._words = flow, words
        self._passing = self._turned_away = ""
        self._last: _Asked | None = None
        self._is_after_said = self._is_rest = self._is_in_lane = self._may_be_sold = False
        self._said: list[str] = []

    def tell(self, *, is_whole: bool) -> str:
        """Return all sentences."""
        self._said.extend(_say_door(self._flow, self._words))
        self._tell_steps(self._flow.steps)
        is_nobody_set = all(buyer.common.off for buyer in self._flow.buyers.values()) and not self._flow.has_campaigns
        if is_whole and is_nobody_set:
            self._said.append("Nobody is set to take the leads.")
        turned_away = [self._turned_away] if self._turned_away else []
        return " ".join([*self._said, _say_fallback(self._flow.fallback, self._words), *turned_away])

    def _tell_steps(self, steps: Iterable[Step]) -> None:
        told = [step for step in steps if not step.common.off]
        first = told[0] if told else None
        if isinstance(first, Filter) and _decides_alone(first, told[1:]):
            self._keep_filter(first)
            told = told[1:]
        for step in told:
            self._tell_step(step)

    def _tell_step(self, step: Step) -> None:
        match step:
            case Filter():
                self._tell_filter(step)
            case Buyer():
                self._tell_buyer(step)
            case Group():
                self._tell_group(step)
            case Split():
                self._tell_split(step)
            case CapStep():
                self._said.append(f"{step.sentence(self._words)}; when full: {step.when_full.say(self._words)}.")
            case LookUp():
                self._said.append(f"{step.sentence(self._words)}{self._other_ways(step)}.")
            case _:
                self._said.append(f"{step.sentence(self._words)}.")

    def _other_ways(self, step: LookUp) -> str:
        """Return `; if it fails: reject`, and the same of nothing found; nothing where the lead goes on."""
        said = zip(("if nothing is found", "if it fails"), step.other_ways, strict=False)
        return "".join(f"; {when}: {way.say(self._words)}" for when, way in said if way.kind != "next")

    def _keep_filter(self, step: Filter) -> None:
        """Keep what a filter lets through for the first offer, and what it turns away for the end."""
        self._passing = self._rule(step.rule.document)
        whom = f"Of these, those where {self._stopped(step)}" if self._is_in_lane else "All others"
        self._turned_away = f"{whom} {self._away(step)}."

    def _tell_filter(self, step: Filter) -> None:
        """Say what a filter turns away; of leads that somebody took, only that they do not go on."""
        is_of_all = self._last is not None and self._last.sells_on
        after = "" if is_of_all else self._after()
        which = self._which(self._stopped(step), is_of_all=is_of_all)
        self._said.append(begin(f"{after}{which} {self._away(step)}."))
        self._is_after_said = self._is_after_said or bool(after)
        self._is_rest = True

    def _away(self, step: Filter) -> str:
        """Return where a filter sends the leads that it does not let through; what is sold stays sold."""
        way, unless = step.otherwise, " unless sold" if self._may_be_sold else ""
        match way.kind:
            case "reject":
                return f"are rejected with “{step.reason}”{unless}"
            case "go_to":
                return f"go to {self._words.step(way.target)}"
        return f"count as taken by nobody{unless}"

    def _stopped(self, step: Filter) -> str:
        """Return what is true of the leads that a filter does not let through."""
        return self._rule(step.rule.document if step.stops else {"!": [step.rule.document]})

    def _tell_buyer(self, step: Buyer) -> None:
        rule = self._rule(step.when.document) if step.when else self._passing
        self._offer(f"{self._which(rule)} go to {step.terms(self._words)}")
        self._tell_conditions(step)
        self._said.extend(f"{when}: {way.say(self._words)}." for when, way in _ways_told(step))
        self._asked(_say_after(step, self._words.buyer(step.connection)), sells_on=step.sells_on)

    def _tell_conditions(self, step: Buyer) -> None:
        said = say_conditions(step, self._words)
        if said:
            together = f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else said[0]
            self._said.append(f"{self._words.buyer(step.connection)} {together}.")

    def _tell_group(self, step: Group) -> None:
        """Tell a group by its mode, with its first buyers; in a plain waterfall they follow one another."""
        rows = [row for row in step.in_order if not row.buyer.common.off]
        shown = [self._say_row(row, step) for row in rows[:MOST_SHOWN]]
        more = [f"{len(rows) - MOST_SHOWN} more"] if len(rows) > MOST_SHOWN else []
        between = ", then to " if step.mode == "waterfall" else "; "
        joining = ["the buyers of a campaign"] if step.deal.campaign else []
        buyers = between.join(shown + more + joining) or "nobody"
        shared = f", and sold to up to {step.sell_up_to} of them" if step.sell_up_to > 1 else ""
        which = self._which(self._passing)
        self._offer(f"{which} {OFFERED[step.mode]} {buyers}{shared}{say_least(step.least, self._words)}")
        self._asked(AS_WELL if step.goes_on else "If none of them takes it, ", sells_on=step.goes_on)

    def _say_row(self, row: Row, step: Group) -> str:
        when = f" (if {self._rule(row.buyer.when.document)})" if row.buyer.when else ""
        return f"{step.terms(row, self._words)}{when}"

    def _tell_split(self, step: Split) -> None:
        """Tell lane by lane; the first sentence of each says which leads take it."""
        takers = [self._say_takers(lane, is_first=not number) for number, lane in enumerate(step.lanes)]
        is_inside = self._is_in_lane
        for lane, these in zip(step.lanes, takers, strict=True):
            before, self._said, self._is_in_lane = self._said, [], True
            self._last, self._is_after_said, self._is_rest = None, False, False
            self._tell_lane(lane)
            first, *more = self._said or [f"{LEADS} go on."]
            self._said = [*before, _say_first(these, first, is_alone=lane.when is not None), *more]
        self._is_in_lane, self._is_rest = is_inside, False
        after = "Unless they stopped there, " if self._may_be_sold else "If nobody took them by then, "
        self._asked(after, sells_on=self._may_be_sold)

    def _tell_lane(self, lane: Lane) -> None:
        """Tell the steps of a lane, and at its end what its own filter turns away or lets through."""
        self._tell_steps(lane.steps)
        if self._is_rest:
            self._said.append(f"{begin(self._which())} go on.")
        if self._turned_away:
            self._said.append(self._turned_away)
            self._turned_away = ""

    def _say_takers(self, lane: Lane, *, is_first: bool) -> str:
        """Return which leads take a lane, of those that came to its split."""
        after, of_these = self._after() if is_first else "", self._of_these()
        if lane.share:
            some = "the others" if self._is_rest else "them" if of_these or self._last else "the leads"
            return begin(f"{after}{lane.share}% of {some}")
        rule = self._rule(lane.when.document) if lane.when else ""
        if not rule:
            return f"All others{of_these}"
        return begin(f"{after}{self._which(rule)}" if is_first else f"others{of_these} where {rule}")

    def _offer(self, said: str) -> None:
        """Say an offer with what leads to it."""
        self._said.append(begin(f"{self._after()}{said}."))
        self._passing = ""

    def _asked(self, after: str, *, sells_on: bool) -> None:
        """Keep what leads from those that were just asked to whatever follows."""
        self._last, self._is_after_said, self._is_rest = _Asked(after, sells_on), False, False
        self._may_be_sold = self._may_be_sold or sells_on

    def _which(self, rule: str = "", *, is_of_all: bool = False) -> str:
        """Return which leads go on or are offered: those where a rule is true, or all that came so far.

        What is of all concerns leads whoever was asked before, so that nothing points back at those.
        """
        if self._is_rest:
            others = f"others{self._of_these()}"
            return f"{others} where {rule}" if rule else f"all {others}"
        points_back = bool(self._said) if self._is_in_lane else self._last is not None and not is_of_all
        if rule:
            return f"{'those' if points_back else 'leads'} where {rule}"
        return "they" if points_back else "leads"

    def _of_these(self) -> str:
        """Return what limits `others` to the leads of a lane, or to those that the last buyers did not take."""
        is_after = self._last is not None and not self._last.sells_on
        return " of these" if self._is_in_lane or is_after else ""

    def _after(self) -> str:
        """Return what leads from those that were asked before to the next ones, where that is not said yet."""
        return "" if self._last is None or self._is_after_said else self._last.after

    def _rule(self, document: object) -> str:
        return self._words.rule(document)


def _decides_alone(step: Filter, following: Sequence[Step]) -> bool:
    """Return whether “all others” are those that a filter turns away, however much is told before them."""
    is_clear = all(isinstance(one, Group) or (isinstance(one, Buyer) and not _may_skip(one)) for one in following)
    return bool(following) and is_clear and not step.stops and step.otherwise.kind != "go_to"


def _may_skip(step: Buyer) -> bool:
    """Return whether a buyer asks anything of a lead, so that some are not offered to it."""
    return bool(step.when or step.requires or step.hours or step.duplicates or step.suppress)


def _ways_told(step: Buyer) -> list[tuple[str, Way]]:
    """Return what sends a lead elsewhere than to the next step, and where."""
    ways = step.ways
    told = [
        ("After its no", ways.on_declined),
        ("If it fails", ways.on_error),
        *([("If it is full", ways.when_full)] if step.caps else []),
        *([("If it is closed", ways.outside_hours)] if step.hours else []),
        *([("If they do not fit", ways.when_not_met)] if step.when or step.requires else []),
        ("If it has no funds", ways.when_no_funds),
    ]
    return [(when, way) for when, way in told if way.kind != "next"]


def _say_after(step: Buyer, name: str) -> str:
    """Return what leads from a buyer to the next one: only what does not send the lead elsewhere."""
    ways = step.ways
    is_passed_over = (
        ((step.when or step.requires) and _goes_on(ways.when_not_met))
        or (step.hours and _goes_on(ways.outside_hours))
        or step.duplicates
        or step.suppress
    )
    if step.sells_on:
        return "In any case, " if is_passed_over else AS_WELL
    said = ["otherwise"] if is_passed_over else ["after that"] if step.caps and _goes_on(ways.when_full) else []
    if _goes_on(ways.on_declined):
        said.append(f"if {name} says no")
    elif _goes_on(ways.on_error):
        said.append(f"if {name} fails")
    return f"{begin(', or '.join(said))}, " if said else f"If {name} cannot take them, "


def _goes_on(way: Way) -> bool:
    return way.kind in ("next", "buyer")


def _say_first(these: str, first: str, *, is_alone: bool) -> str:
    """Return the first sentence of a lane, about the leads that take it; where it is about some, after these."""
    if first.startswith(f"{LEADS} ") and not first.startswith(f"{LEADS} where"):
        return these + first.removeprefix(LEADS)
    if is_alone and these.startswith(f"{LEADS} where "):
        these = f"If {these.removeprefix(f'{LEADS} where ')}"
    return f"{'Everything else' if these == 'All others' else these}: {first[0].lower()}{first[1:]}"


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
