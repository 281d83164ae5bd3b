"""Says a whole flow in plain words, the way one would tell it to a colleague."""

from rules.durations import say_seconds
from rules.flow import Flow
from rules.flow_wording import Names, words_of
from rules.steps import Buyer, CapStep, Fallback, Filter, Step
from rules.steps.base import Words
from rules.wording import say_rule, say_value


def say_flow(flow: Flow, names: Names) -> str:
    """Return the flow in plain words: who gets which leads, what comes after a no, and what happens to the rest."""
    return _Teller(flow, words_of(flow, names)).tell()


class _Teller:
    """Tells the steps in order; filters before a buyer are told with it, what they turn away comes last."""

    def __init__(self, flow: Flow, words: Words) -> None:
        self._flow, self._words = flow, words
        self._before: list[str] = []
        self._turned_away: list[Filter] = []
        self._last: Buyer | None = None
        self._said: list[str] = []

    def tell(self) -> str:
        """Return all sentences."""
        self._said.extend(_say_door(self._flow))
        for step in self._flow.steps:
            if not step.common.off:
                self._tell_step(step)
        if self._before:
            self._said.append(f"Leads where {_all_of(self._before)} go on.")
        if self._last is None and self._flow.fallback.do != "buyer":
            self._said.append("Nobody is set to take the leads.")
        return " ".join([*self._said, _say_fallback(self._flow.fallback, self._words), *self._say_turned_away()])

    def _tell_step(self, step: Step) -> None:
        match step:
            case Filter():
                self._tell_filter(step)
            case Buyer():
                self._tell_buyer(step)
            case CapStep():
                self._said.append(f"{step.sentence(self._words)}; when full: {step.when_full.say(self._words)}.")
            case _:
                self._said.append(f"{step.sentence(self._words)}.")

    def _tell_filter(self, step: Filter) -> None:
        rule = self._rule(step.rule.document)
        if step.stops:
            self._said.append(f"Leads where {rule} {self._away(step)}.")
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
        if len(self._turned_away) == 1:
            return [f"All others {self._away(self._turned_away[0])}."]
        negated = [{"!": [step.rule.document]} for step in self._turned_away]
        rules = [self._rule(rule) for rule in negated]
        return [f"Leads where {rule} {self._away(step)}." for rule, step in zip(rules, self._turned_away, strict=True)]

    def _tell_buyer(self, step: Buyer) -> None:
        offer = f"{self._words.buyer(step.connection)} at {self._price(step)}{self._limits(step)}"
        sentence = f"{self._after()}{self._which(step)} go to {offer}."
        self._said.append(sentence[0].upper() + sentence[1:])
        if step.ways.on_declined.kind == "buyer":
            self._said.append(f"After its no: {step.ways.on_declined.say(self._words)}.")
        self._before, self._last = [], step

    def _which(self, step: Buyer) -> str:
        """Return which leads a buyer is offered."""
        which = "leads" if self._last is None else "they"
        if self._before:
            which = f"leads where {_all_of(self._before)}"
        return f"{which}, if {self._rule(step.when.document)}," if step.when else which

    def _after(self) -> str:
        """Return what leads from the buyer before to this one."""
        if self._last is None:
            return ""
        name = self._words.buyer(self._last.connection)
        if self._last.sells_on:
            return "As well, "
        return f"After that, or if {name} says no, " if self._last.caps else f"If {name} says no, "

    def _rule(self, document: object) -> str:
        """Return a rule to stand inside a sentence: its own first word is not the label of a field."""
        said = say_rule(document, self._words.fields)
        return said[0].lower() + said[1:] if said.startswith(("Either ", "It ")) else said

    def _price(self, step: Buyer) -> str:
        return say_value(step.price_written, self._words.fields, self._words.currency)

    def _limits(self, step: Buyer) -> str:
        return "".join(f", up to {cap.say(self._words.currency)}" for cap in step.caps)


def _all_of(rules: list[str]) -> str:
    return ", and ".join(rules)


def _say_door(flow: Flow) -> list[str]:
    said = [f"At most {cap.say(flow.currency)} come in." for cap in flow.door.caps]
    if flow.door.accept_if:
        said.insert(0, f"Leads come in if {say_rule(flow.door.accept_if.document, flow.by_key)}.")
    if flow.door.duplicates:
        said.append(f"A lead seen in the last {say_seconds(flow.door.duplicates.within)} is a duplicate.")
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
