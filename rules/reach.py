"""Which steps leads can get to, as far as the flow itself decides that."""

from collections.abc import Iterable, Iterator

from rules.certainty import certain_verdict
from rules.flow import Flow
from rules.logic import Rule
from rules.road import Spot
from rules.steps import Buyer, CapStep, Filter, Group, Lane, LookUp, Split, Step, Transform
from rules.steps.ways import Way

LEADS_ON = ("next", "buyer")


def reached(flow: Flow, start: int = 0) -> set[int]:
    """Return the positions of all steps that a lead can get to from one while every buyer and connection works."""
    found, pending = set[int](), [start]
    while pending:
        position = pending.pop()
        if position not in found and position < len(flow.spots):
            found.add(position)
            pending.extend(_following(flow, position))
    return found


def lanes_taken(split: Split) -> list[Lane]:
    """Return the lanes that a lead can take."""
    taken = []
    for lane in split.lanes:
        verdict = certain_verdict(lane.when) if lane.when else None
        if verdict is not False:
            taken.append(lane)
        if verdict is True:
            break
    return taken


def _following(flow: Flow, position: int) -> Iterator[int]:
    """Yield the positions that a step can send a lead to."""
    spot = flow.spots[position]
    step = spot.step
    if isinstance(step, Split) and not step.common.off:
        for lane in lanes_taken(step):
            yield flow.positions[lane.steps[0].common.id] if lane.steps else spot.after
        return
    if step.common.off or _lets_on(spot):
        yield spot.after
    for way in _turned_away(spot) if not step.common.off else ():
        if way.kind == "go_to" and way.target in flow.positions:
            yield flow.positions[way.target]


def _lets_on(spot: Spot) -> bool:
    match spot.step:
        case Filter():
            return certain_verdict(spot.step.rule) is not spot.step.stops
        case CapStep():
            return spot.step.cap.limit > 0
        case Buyer():
            return buyer_lets_on(spot.step)
        case Group():
            rows = [row.buyer for row in spot.step.rows if not row.buyer.common.off]
            return spot.step.goes_on or all(map(buyer_lets_on, rows))
    return True


def _turned_away(spot: Spot) -> Iterator[Way]:
    """Yield the ways of leads that a filter, a cap or a look-up does not let on, if there can be any."""
    match spot.step:
        case Filter():
            if certain_verdict(spot.step.rule) is not (not spot.step.stops):
                yield spot.step.otherwise
        case CapStep():
            yield spot.step.when_full
        case LookUp():
            yield from spot.step.other_ways


def buyer_lets_on(buyer: Buyer) -> bool:
    """Return whether some answer of a buyer, or a reason not to ask it, lets a lead go on."""
    ways = [buyer.ways.on_declined, buyer.ways.on_error]
    ways += [buyer.ways.when_full] if buyer.caps else []
    ways += [buyer.ways.outside_hours] if buyer.hours else []
    ways += [buyer.ways.when_not_met] if buyer.when or buyer.requires else []
    return buyer.sells_on or any(way.kind in LEADS_ON for way in ways)


def rules_at(spot: Spot) -> Iterator[tuple[str, Rule]]:
    """Yield every condition of a step with its address; a split's lanes and a group's active rows have theirs too."""
    for setting, rule in _conditions(spot.step):
        if rule is not None:
            yield f"{spot.address}.{setting}", rule


def _conditions(step: Step) -> Iterable[tuple[str, Rule | None]]:
    match step:
        case Filter():
            return [("stop_if" if step.stops else "continue_if", step.rule)]
        case Buyer():
            return [("when", step.when)]
        case Group():
            rows = [(number, row.buyer) for number, row in enumerate(step.rows)]
            return [(f"buyers[{number}].when", buyer.when) for number, buyer in rows if not buyer.common.off]
        case Split():
            return [(f"cases[{number}].when", lane.when) for number, lane in enumerate(step.lanes)]
        case Transform():
            return [(f"set[{number}][2].when", setting.when) for number, setting in enumerate(step.settings)]
    return []


def buyers_on(flow: Flow) -> Iterator[tuple[str, Buyer]]:
    """Yield every buyer that is turned on, rows of groups and the fallback's too, with its address in the document."""
    for spot in flow.spots:
        if isinstance(spot.step, Buyer) and not spot.step.common.off:
            yield spot.address, spot.step
        rows = spot.step.rows if isinstance(spot.step, Group) and not spot.step.common.off else ()
        for number, row in enumerate(rows):
            if not row.buyer.common.off:
                yield f"{spot.address}.buyers[{number}]", row.buyer
    if flow.fallback.buyer:
        yield "fallback.buyer", flow.fallback.buyer


def called(spot: Spot) -> str:
    """Return what people call a step: its name, or its kind where it has none."""
    return spot.step.common.name or spot.step.label
