"""What the words of a flow say of one step, row, lane or the door: told twice, the differences show."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rules.buyer_words import say_conditions
from rules.durations import say_seconds
from rules.flow import Flow
from rules.flow_wording import Names, words_of
from rules.road import lanes_of
from rules.saying import say_list
from rules.steps import Buyer, CapStep, Fallback, Filter, Group, Row, Split, Step
from rules.steps.base import Exit


@dataclass(frozen=True, slots=True)
class Told:
    """A thing in words. `parts` are what can be told by itself (`Price`: `$42.00`); the sentence holds them too."""

    sentence: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    exits: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


class Teller:
    """Tells the things of one flow by their ids.

    `also` are names that steps have in another document; `instead` is told in the place of the step with its id.
    """

    def __init__(self, flow: Flow, names: Names, also: Mapping[str, str], instead: Step | None = None) -> None:
        words = words_of(flow, names)
        self._flow, self._words = flow, replace(words, steps={**words.steps, **also})
        steps = {spot.step.common.id: spot.step for spot in flow.spots}
        self._fallback = instead if isinstance(instead, Fallback) else flow.fallback
        self._steps = {**steps, instead.common.id: instead} if instead and instead is not self._fallback else steps
        self._rows = {row.id: (row, step) for step in _groups(self._steps.values()) for row in step.rows}

    @property
    def step_names(self) -> Mapping[str, str]:
        """Return what steps are called in this flow."""
        return self._words.steps

    def tell(self, identifier: str) -> Told:
        """Return a step, row or lane in words; nothing is said of what is not there."""
        if "/" in identifier:
            return self._lane(*identifier.split("/", 1))
        if identifier in self._rows:
            return self._row(*self._rows[identifier])
        step = self._steps.get(identifier)
        return self._step(step) if step else Told()

    def fallback(self) -> Told:
        """Return the last step in words."""
        step = self._fallback
        exits = () if step.do == "reject" else _texts(step.exits(self._words))
        return Told(step.sentence(self._words), {}, exits, self._conditions(step.buyer) if step.buyer else ())

    def door(self) -> Told:
        """Return in words what is asked of leads before the first step."""
        door = self._flow.door
        parts = {
            "Leads come in if": self._words.whole_rule(door.accept_if.document) if door.accept_if else "always",
            "Reason": f"“{door.reason}”",
            "Cap": say_list([cap.say(self._flow.currency) for cap in door.caps], "and") or "none",
        }
        seen = door.duplicates
        parts["Duplicates"] = (
            "not looked for"
            if seen is None
            else f"{say_list(self._labels(seen.by), 'and' if seen.match_all else 'or')} seen"
            f" in the last {say_seconds(seen.within)}"
        )
        return Told(parts=parts)

    def _step(self, step: Step) -> Told:
        exits = () if isinstance(step, Split) else _texts(step.exits(self._words))
        conditions = self._conditions(step) if isinstance(step, Buyer) else ()
        return Told(step.sentence(self._words), self._parts(step), exits, conditions)

    def _parts(self, step: Step) -> dict[str, str]:
        match step:
            case Filter():
                start = "Stop if" if step.stops else "Continue only if"
                return {start: self._words.whole_rule(step.rule.document)}
            case CapStep():
                return {"At most": step.cap.say(self._words.currency)}
            case Buyer():
                price = self._words.value(step.price_written, self._words.currency)
                return {"Offer to": self._words.buyer(step.connection), "Price": price} | self._caps(step)
        return {}

    def _row(self, row: Row, group: Group) -> Told:
        exits = _texts(row.buyer.other_exits(self._words, "next buyer"))
        return Told(group.terms(row, self._words), self._caps(row.buyer), exits, self._conditions(row.buyer))

    def _lane(self, split: str, name: str) -> Told:
        step = self._steps.get(split)
        lane = next((lane for lane in lanes_of(step) if lane.name == name), None) if step else None
        if lane is None:
            return Told()
        rule = {"For leads where": self._words.whole_rule(lane.when.document)} if lane.when else {}
        share = {"Share": f"{lane.share}%"} if lane.share else {}
        return Told(parts={**rule, **share})

    def _caps(self, buyer: Buyer) -> dict[str, str]:
        return {"Cap": say_list([cap.say(self._words.currency) for cap in buyer.caps], "and") or "none"}

    def _conditions(self, buyer: Buyer) -> tuple[str, ...]:
        rule = [f"only if {self._words.rule(buyer.when.document)}"] if buyer.when else []
        return (*rule, *say_conditions(buyer, self._words))

    def _labels(self, keys: Sequence[str]) -> list[str]:
        return [self._words.fields[key].label for key in keys]


def _groups(steps: Iterable[Step]) -> Iterator[Group]:
    return (step for step in steps if isinstance(step, Group))


def _texts(exits: Sequence[Exit]) -> tuple[str, ...]:
    return tuple(one.text for one in exits)
