"""What is worth a look in a flow that can run: each finding is a warning with its address and what to do."""

from collections.abc import Callable, Iterable, Iterator

from rules.caps import Cap
from rules.certainty import certain_verdict
from rules.flow import DOOR, Flow
from rules.group_lint import (
    find_auctions_without_bids,
    find_idle_groups,
    find_rows_below_the_floor,
    find_sales_without_buyers,
    find_settings_without_effect,
)
from rules.logic import Rule
from rules.problems import Problem, suggest
from rules.questions import within
from rules.reach import reached, rules_at
from rules.road import Spot
from rules.steps import Buyer, CapStep, Group, LookUp, Transform
from rules.windows import PERIODS

OF_THE_LEAD = ("lead", "parts", "valid")

Finder = Callable[[Flow], Iterable[Problem]]


def lint(flow: Flow) -> list[Problem]:
    """Return all findings, in the order of the document; steps that are turned off have none."""
    found = [(flow.position_of(problem.path), problem) for find in FINDERS for problem in find(flow)]
    off = tuple(f"{spot.address}." for spot in flow.spots if spot.step.common.off)
    kept = [(at, problem) for at, problem in found if not f"{problem.path}.".startswith(off)]
    return [problem for _, problem in sorted(kept, key=lambda one: -1 if one[0] is None else one[0])]


def find_unreached(flow: Flow) -> Iterator[Problem]:
    """Find the first step of each stretch that no lead gets to."""
    found = reached(flow)
    for position, spot in enumerate(flow.spots):
        if position not in found and (position - 1 in found or position == 0):
            message = "No lead gets to this step: no way out of a step before it leads here."
            yield Problem(spot.address, "never_reached", message, "warning")


def find_certain_rules(flow: Flow) -> Iterator[Problem]:
    """Find rules that are true, or not true, for every lead."""
    for address, rule in _all_rules(flow):
        verdict = certain_verdict(rule, flow.by_key)
        if verdict is not None:
            code, word = ("always_true", "always") if verdict else ("never_true", "never")
            yield Problem(address, code, f"This rule is {word} true, whatever the lead.", "warning")


def find_early_uses(flow: Flow) -> Iterator[Problem]:
    """Find steps that read a field which only a step after them, or in another lane, makes."""
    written = {field.key for field in flow.fields}
    makers = {key: [spot for spot in flow.spots if key in _set_by(spot)] for key in flow.by_key if key not in written}
    for key in makers if flow.door.accept_if else ():
        if flow.door.accept_if and _reads(flow.door.accept_if, key):
            yield _early(f"{DOOR}.accept_if", key)
    for position, spot in enumerate(flow.spots):
        for key in _read_by(spot) & makers.keys():
            if not any(_comes_before(flow, maker, position) for maker in makers[key]):
                yield _early(spot.address, key)


def find_made_fields(flow: Flow) -> Iterator[Problem]:
    """Find fields that a transform sets and the flow does not have, which may be a slip of the pen."""
    written = {field.key for field in flow.fields}
    for spot in flow.spots:
        for number, key in enumerate(_set_by(spot) if isinstance(spot.step, Transform) else ()):
            if key not in written:
                hint = suggest(key, written)
                message = f"The flow has no field “{key}”: this step makes it, as free text.{hint}"
                yield Problem(f"{spot.address}.set[{number}][0]", "makes_a_field", message, "warning")


def find_unused_look_ups(flow: Flow) -> Iterator[Problem]:
    """Find look-ups behind which nobody is offered the lead, and nothing reads what they add or how they ended."""
    for position, spot in enumerate(flow.spots):
        if not isinstance(spot.step, LookUp) or flow.fallback.buyer:
            continue
        behind = [other for other in flow.spots[position + 1 :] if not other.step.common.off]
        added, name = set(spot.step.source.keys), f"step.{spot.step.common.id}."
        if not any(isinstance(other.step, Buyer | Group) or _uses(other, added, name) for other in behind):
            message = "Nothing behind this step reads what it adds, and nobody is offered the lead there."
            yield Problem(spot.address, "look_up_unused", message, "warning")


def _uses(spot: Spot, keys: set[str], prefix: str) -> bool:
    paths = (path for rule in within(spot.step, Rule) for path in rule.variables)
    return bool(_read_by(spot) & keys) or any(path.startswith(prefix) for path in paths)


def find_wide_caps(flow: Flow) -> Iterator[Problem]:
    """Find caps that are never reached, because a smaller one stands around them."""
    for position, spot in enumerate(flow.spots):
        around = [*flow.door.caps, *_caps_before(flow, position)]
        for address, cap in _caps_at(spot):
            smaller = next((other for other in around if _is_inside(cap, other)), None)
            if smaller:
                lets, gets = cap.say(flow.currency), smaller.say(flow.currency)
                message = f"{lets} is never reached: at most {gets} get here."
                yield Problem(address, "cap_never_reached", message, "warning")


FINDERS: tuple[Finder, ...] = (
    find_unreached,
    find_certain_rules,
    find_early_uses,
    find_made_fields,
    find_unused_look_ups,
    find_wide_caps,
    find_idle_groups,
    find_settings_without_effect,
    find_rows_below_the_floor,
    find_auctions_without_bids,
    find_sales_without_buyers,
)


def _all_rules(flow: Flow) -> Iterator[tuple[str, Rule]]:
    if flow.door.accept_if:
        yield f"{DOOR}.accept_if", flow.door.accept_if
    for spot in flow.spots:
        yield from rules_at(spot)


def _early(address: str, key: str) -> Problem:
    message = f"“{key}” is still blank here: the step that makes it comes later, or in another lane."
    return Problem(address, "used_before_it_exists", message, "warning")


def _set_by(spot: Spot) -> list[str]:
    match spot.step:
        case Transform():
            return [setting.field.key for setting in spot.step.settings]
        case LookUp():
            return list(spot.step.source.keys)
    return []


def _read_by(spot: Spot) -> set[str]:
    """Return the fields that a step reads before it sets them itself."""
    if isinstance(spot.step, Transform):
        found, made = set[str](), set[str]()
        for setting in spot.step.settings:
            rules = [setting.value, *([setting.when] if setting.when else [])]
            found |= {key for rule in rules for key in _keys_in(rule)} - made
            made.add(setting.field.key)
        return found
    required = [key for buyer in within(spot.step, Buyer) for key in buyer.requires]
    return {key for rule in within(spot.step, Rule) for key in _keys_in(rule)} | set(required)


def _keys_in(rule: Rule) -> Iterator[str]:
    for path in rule.variables:
        name, _, rest = path.partition(".")
        if name in OF_THE_LEAD:
            yield rest.partition(".")[0]


def _reads(rule: Rule, key: str) -> bool:
    return key in _keys_in(rule)


def _comes_before(flow: Flow, maker: Spot, position: int) -> bool:
    """Return whether a lead can pass a step before it comes to a position: not in another lane of the same split."""
    if maker.step.common.off or flow.positions[maker.step.common.id] >= position:
        return False
    lane, own = flow.spots[position].lane, dict(zip(maker.lane[::2], maker.lane[1::2], strict=True))
    return all(own.get(split, number) == number for split, number in zip(lane[::2], lane[1::2], strict=True))


def _caps_before(flow: Flow, position: int) -> Iterator[Cap]:
    """Yield the caps of steps that every lead has passed that comes to a position."""
    own = flow.spots[position].lane
    for earlier, spot in enumerate(flow.spots[:position]):
        step, is_outside = spot.step, spot.lane == own[: len(spot.lane)]
        if isinstance(step, CapStep) and is_outside and not step.common.off and not _is_passed_by(flow, earlier):
            yield step.cap


def _is_passed_by(flow: Flow, position: int) -> bool:
    """Return whether some way of this step, or of one before it, leads to a step behind it."""
    for spot in flow.spots[: position + 1]:
        ways = [getattr(spot.step, "otherwise", None), getattr(spot.step, "when_full", None)]
        ways += spot.step.other_ways if isinstance(spot.step, LookUp) else ()
        if any(way and way.kind == "go_to" and flow.positions.get(way.target, 0) > position for way in ways):
            return True
    return False


def _caps_at(spot: Spot) -> Iterator[tuple[str, Cap]]:
    step = spot.step
    if isinstance(step, CapStep):
        yield spot.address, step.cap
    if isinstance(step, Buyer):
        yield from ((f"{spot.address}.caps[{i}]", cap) for i, cap in enumerate(step.caps))
    for number, row in enumerate(step.rows if isinstance(step, Group) else ()):
        for i, cap in enumerate(row.buyer.caps):
            yield f"{spot.address}.buyers[{number}].caps[{i}]", cap


def _is_inside(cap: Cap, around: Cap) -> bool:
    """Return whether a cap lets more through than another that stands around it, in the same or a longer time."""
    if cap.spends or around.spends or around.count_by:
        return False
    return PERIODS.index(around.per) >= PERIODS.index(cap.per) and around.limit < cap.limit
