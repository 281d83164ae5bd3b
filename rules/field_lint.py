"""What is worth a look in the fields of a flow: called alike, read too early, made by a slip, looked up for nobody."""

import re
from collections.abc import Iterator

from rules.asking_lists import within
from rules.fields import Field
from rules.findings import finding
from rules.flow import DOOR, Flow
from rules.logic import Rule
from rules.problems import Problem, suggest
from rules.reach import called
from rules.road import Spot
from rules.steps import Buyer, Group, LookUp, Transform
from rules.text import squeeze

OF_THE_LEAD = ("lead", "parts", "valid")
IN_PARTS = ("set", "buyers", "cases", "outputs")
"""Settings that are lists, each entry of which has its own place on a form."""


def find_shared_names(flow: Flow) -> Iterator[Problem]:
    """Find other names of a field that mean another one too: what comes by such a name fills one of them at most."""
    keyed = {squeeze(field.key): field for field in flow.fields}
    called_first: dict[str, Field] = {}
    for number, field in enumerate(flow.fields):
        for alias in field.aliases:
            name = squeeze(alias)
            owner, first = keyed.get(name, field), called_first.setdefault(name, field)
            if owner is not field:
                said = f"“{alias}” means {owner.label}, which is filled by it, and this field is not. Take it out here."
            elif first is not field:
                said = f"“{alias}” is another name of {first.label} too, but fills one at most. Take it out of one."
            else:
                continue
            yield finding(f"fields[{number}].aliases", "shared_name", said)


def find_early_uses(flow: Flow) -> Iterator[Problem]:
    """Find steps that read a field which only a step after them, or in another lane, makes."""
    written = {field.key for field in flow.fields}
    makers = {key: [spot for spot in flow.spots if key in _set_by(spot)] for key in flow.by_key if key not in written}
    for key, made in makers.items():
        if flow.door.accept_if and _reads(flow.door.accept_if, key):
            yield _early(flow, f"{DOOR}.accept_if", key, made)
    for position, spot in enumerate(flow.spots):
        for key in _read_by(spot) & makers.keys():
            if not any(_comes_before(flow, maker, position) for maker in makers[key]):
                yield _early(flow, _setting_that_reads(flow, spot, key), key, makers[key])


def find_made_fields(flow: Flow) -> Iterator[Problem]:
    """Find fields that a transform sets and the flow does not have, which may be a slip of the pen."""
    written = {field.key for field in flow.fields}
    for spot in flow.spots:
        for number, key in enumerate(_set_by(spot) if isinstance(spot.step, Transform) else ()):
            if key not in written:
                hint = suggest(key, written)
                message = f"The flow has no field “{key}”: this step makes it, as free text.{hint}"
                yield finding(f"{spot.address}.set[{number}][0]", "makes_a_field", message)


def find_unused_look_ups(flow: Flow) -> Iterator[Problem]:
    """Find look-ups behind which nobody is offered the lead, and nothing reads what they add or how they ended."""
    for position, spot in enumerate(flow.spots):
        if not isinstance(spot.step, LookUp) or flow.fallback.buyer:
            continue
        behind = [other for other in flow.spots[position + 1 :] if not other.step.common.off]
        added, name = set(spot.step.source.keys), f"step.{spot.step.common.id}."
        if not any(isinstance(other.step, Buyer | Group) or _uses(other, added, name) for other in behind):
            message = "Nothing behind this step reads what it adds, and nobody is offered the lead there."
            yield finding(spot.address, "look_up_unused", message)


def _uses(spot: Spot, keys: set[str], prefix: str) -> bool:
    paths = (path for rule in within(spot.step, Rule) for path in rule.variables)
    return bool(_read_by(spot) & keys) or any(path.startswith(prefix) for path in paths)


def _early(flow: Flow, address: str, key: str, makers: list[Spot]) -> Problem:
    label, number = flow.by_key[key].label, flow.positions[makers[0].step.common.id] + 1
    message = f"{label} is still blank here: step {number} ({called(makers[0])}), which fills it in, comes later"
    return finding(address, "used_before_it_exists", f"{message}, or in another lane.")


def _setting_that_reads(flow: Flow, spot: Spot, key: str) -> str:
    """Return the address of the setting of a step that reads a field, as near to it as forms show settings."""
    settings = flow.written_at(spot.address)
    for name, written in settings.items():
        parts = written if name in IN_PARTS and isinstance(written, list) else None
        for number, part in enumerate(parts or ()):
            inner = part if isinstance(part, dict) and name == "buyers" else {}
            found = next((setting for setting, value in inner.items() if mentions(value, key)), "")
            if found or mentions(part, key):
                return f"{spot.address}.{name}[{number}]{f'.{found}' if found else ''}"
        if parts is None and mentions(written, key):
            return f"{spot.address}.{name}"
    return spot.address


def mentions(written: object, key: str) -> bool:
    """Return whether something that is written reads a field, or names it among those that it needs."""
    if isinstance(written, str):
        in_template = "{{" in written and bool(re.search(rf"\b(lead|parts|valid)\.{key}\b", written))
        paths = (f"{name}.{key}" for name in OF_THE_LEAD)
        return in_template or written == key or any(written == path or written.startswith(f"{path}.") for path in paths)
    if isinstance(written, dict):
        return any(mentions(value, key) for name, value in written.items() if name not in ("steps", "else"))
    return isinstance(written, list) and any(mentions(value, key) for value in written)


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
