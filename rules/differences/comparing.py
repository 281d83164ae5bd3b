"""What changed between two documents of a flow, as lines by step; every change gives at least one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules.differences.base import MISSING, Difference, What, plain_differences, same, say_json
from rules.differences.parts import door_differences, field_differences, value_differences
from rules.differences.places import CannotPlace, Place, places_of
from rules.differences.telling import Teller, Told
from rules.differences.trying import try_setting
from rules.flow import Flow, parse_flow
from rules.flow_wording import Names
from rules.steps import READERS

Tell = Callable[[Teller], Told]
"""Tells one thing of a flow."""

LABELS = {"buyer": "Buyer", "filter": "Filter", "group": "Buyer group", "cap": "Cap", "transform": "Change fields"} | {
    "look_up": "Look up",
    "split": "Split",
    "row": "Buyer",
    "lane": "Lane",
}
COMMON = {"id", "name", "note", "off"}
OWN_PARTS = {"fields", "intake", "steps", "fallback", "values"}
MOST_TRIALS = 40
"""How many settings are tried one by one for whether the sentences say them; of more, all are told as settings."""


def differences(before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> tuple[Difference, ...]:
    """Return what changed from one document to another, as it stands on the rail.

    Documents with problems are compared too, as far as they can be told step by step, else setting by setting.
    """
    if same(before, after):
        return ()
    try:
        found = tuple(_Comparison(before, after, names).lines())
    except CannotPlace:
        found = ()
    return found or tuple(plain_differences(before, after, where="Document", step="", topic="document"))


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two documents, with its flow where it can be read."""

    document: Mapping[str, Any]
    places: Mapping[str, Place]
    flow: Flow | None
    teller: Teller | None

    def tell(self, identifier: str) -> Told:
        return self.teller.tell(identifier) if self.teller else Told()


class _Comparison:
    """Compares two documents part by part, in the order in which their page shows them."""

    def __init__(self, before: Mapping[str, Any], after: Mapping[str, Any], names: Names) -> None:
        self._names, self._trials = names, 0
        self._after = self._side(after, {})
        steps = self._after.teller.step_names if self._after.teller else {}
        self._before = self._side(before, steps)

    def lines(self) -> Iterator[Difference]:
        """Yield every difference."""
        yield from self._settings()
        yield from field_differences(self._before.document, self._after.document)
        yield from self._door()
        old, new = self._before.places, self._after.places
        moved = set(_moved(old, new))
        for identifier, place in new.items():
            if identifier not in old:
                yield self._added(place)
            else:
                yield from self._compared(old[identifier], place, is_moved=identifier in moved)
        for identifier, place in old.items():
            if identifier not in new:
                yield self._removed(place)
        yield from self._fallback()

    def _side(self, document: Mapping[str, Any], also: Mapping[str, str]) -> _Side:
        flow = parse_flow(document)[0]
        return _Side(document, places_of(document), flow, Teller(flow, self._names, also) if flow else None)

    def _settings(self) -> Iterator[Difference]:
        """Yield what changed of the flow as a whole."""
        documents = self._before.document, self._after.document
        yield from value_differences(*(document.get("values", MISSING) for document in documents))
        sides = [{key: value for key, value in document.items() if key not in OWN_PARTS} for document in documents]
        yield from plain_differences(*sides, where="Flow", step="", topic="flow settings")

    def _door(self) -> Iterator[Difference]:
        old, new = (side.document.get("intake", MISSING) for side in (self._before, self._after))
        yield from door_differences(old, new, *self._on_both(Teller.door))

    def _fallback(self) -> Iterator[Difference]:
        old, new = (side.document.get("fallback", MISSING) for side in (self._before, self._after))
        if same(old, new):
            return
        identifier = new.get("id", "") if isinstance(new, dict) else ""
        about = _About("When nobody takes the lead", str(identifier), "fallback")
        yield from self._told(about, old, new, Teller.fallback, ("fallback",))

    def _added(self, place: Place) -> Difference:
        return self._whole("added", place, self._after)

    def _removed(self, place: Place) -> Difference:
        return self._whole("removed", place, self._before)

    def _whole(self, what: What, place: Place, side: _Side) -> Difference:
        told = side.tell(place.id)
        said = told.sentence or "; ".join(f"{key} {value}" for key, value in told.parts.items())
        about = _about(place, side)
        return Difference(what, about.where, place.card, about.topic, said or say_json(dict(place.own)))

    def _compared(self, old: Place, new: Place, *, is_moved: bool) -> Iterator[Difference]:
        is_own_same = same(old.own, new.own)
        if is_own_same and old.kind == new.kind and not is_moved:
            return
        about = _about(new, self._after)
        if is_moved:
            yield Difference("moved", about.where, new.card, about.topic, _say_move(old, new))
        if old.kind != new.kind:
            kinds = LABELS.get(old.kind, old.kind), LABELS.get(new.kind, new.kind)
            yield Difference("changed", about.where, new.card, about.topic, "Kind", *kinds)
        if not is_own_same:
            yield from _common(about, old.own, new.own)
            yield from self._told(about, old.own, new.own, lambda teller: teller.tell(new.id), new.address)

    def _on_both(self, tell: Tell) -> tuple[Told, Told]:
        """Return what both sides say of a thing; nothing where one of them cannot be told, as they cannot differ."""
        before, after = self._before.teller, self._after.teller
        return (tell(before), tell(after)) if before and after else (Told(), Told())

    def _told(
        self, about: "_About", old: object, new: object, tell: Tell, address: tuple[str | int, ...]
    ) -> Iterator[Difference]:
        """Yield what the sentences say of a change, then the settings of which they say nothing."""
        told = self._on_both(tell)
        yield from _said(about, *told)
        if not isinstance(old, dict) or not isinstance(new, dict):
            yield from plain_differences(old, new, where=about.where, step=about.step, topic=about.topic)
            return
        for key in dict.fromkeys([*old, *new]):
            was, now = old.get(key, MISSING), new.get(key, MISSING)
            if (key in COMMON and key != "id") or same(was, now) or self._is_said(key, was, address, tell, told):
                continue
            yield from plain_differences(
                {key: was} if was is not MISSING else {},
                {key: now} if now is not MISSING else {},
                where=about.where,
                step=about.step,
                topic=about.topic,
            )

    def _is_said(
        self, key: str, was: object, address: tuple[str | int, ...], tell: Tell, told: tuple[Told, Told]
    ) -> bool:
        """Return whether the sentences tell this setting: with its old value alone they would be others."""
        self._trials += 1
        before, after = told
        flow, teller = self._after.flow, self._after.teller
        if before == after or self._trials > MOST_TRIALS or flow is None or teller is None:
            return False
        tried = try_setting(flow, address, key, was)
        return tried is None or tell(Teller(flow, self._names, teller.step_names, instead=tried)) != after


@dataclass(frozen=True, slots=True)
class _About:
    """Which card a line is about, and in one word what that is."""

    where: str
    step: str
    topic: str


def _about(place: Place, side: _Side) -> _About:
    label = LABELS.get(place.kind, place.kind)
    if place.kind == "row":
        told = side.tell(place.id).sentence
        name = place.own.get("name") or told.split(" at ")[0].split(" by its")[0] or place.id
        return _About(f"Step {place.number} · {name}", place.card, "buyer")
    if place.kind == "lane":
        return _About(f"Step {place.number} · Lane {place.id.split('/', 1)[1]}", place.card, "lane")
    name = place.own.get("name")
    title = f"{label} “{name}”" if isinstance(name, str) and name else label
    return _About(f"Step {place.number} · {title}", place.card, label.lower() if place.kind in READERS else "step")


def _common(about: _About, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what changed of the settings that every step has."""
    for key, what, text in (("name", "renamed", "Name"), ("note", "changed", "Note for the team")):
        if not same(old.get(key, ""), new.get(key, "")):
            said = [say_json(one.get(key, MISSING)) for one in (old, new)]
            yield Difference(what, about.where, about.step, about.topic, text, *said)  # type: ignore[arg-type]
        elif not same(old.get(key, MISSING), new.get(key, MISSING)):
            said = [say_json(one.get(key, MISSING)) for one in (old, new)]
            yield Difference("changed", about.where, about.step, about.topic, text, *said)
    was, now = old.get("off", False), new.get("off", False)
    if not same(was, now):
        what = "off" if now else "on"
        text = "Turned off" if now else "Turned on"
        yield Difference(what, about.where, about.step, about.topic, text)  # type: ignore[arg-type]
    elif ("off" in old) != ("off" in new):
        said = [say_json(one.get("off", MISSING)) for one in (old, new)]
        yield Difference("changed", about.where, about.step, about.topic, "Off", *said)


def _said(about: _About, before: Told, after: Told) -> Iterator[Difference]:
    """Yield what two tellings say differently: single parts where they cover it, else the whole sentence."""
    if before.parts.keys() == after.parts.keys() and before.parts != after.parts:
        for key, said in before.parts.items():
            if said != after.parts[key]:
                yield Difference("changed", about.where, about.step, about.topic, key, said, after.parts[key])
    elif before.sentence != after.sentence:
        yield Difference("changed", about.where, about.step, about.topic, "", before.sentence, after.sentence)
    for text, old, new in (("", before.exits, after.exits), ("Conditions", before.conditions, after.conditions)):
        gone = [one for one in old if one not in new]
        come = [one for one in new if one not in old]
        if gone or come or old != new:
            was, now = "; ".join(gone) or "none", "; ".join(come) or "none"
            yield Difference("changed", about.where, about.step, about.topic, text, was, now)


def _say_move(old: Place, new: Place) -> str:
    if old.parent == new.parent:
        return f"Moved, it was step {old.number}" if new.kind not in ("row", "lane") else "Moved within its step"
    return f"Moved into {_say_parent(new.parent)}, it was in {_say_parent(old.parent)}"


def _say_parent(parent: str) -> str:
    return f"lane {parent.rsplit('/', 1)[1]}" if "/" in parent else "another step" if parent else "the rail"


def _moved(old: Mapping[str, Place], new: Mapping[str, Place]) -> Iterator[str]:
    """Yield what stands elsewhere: in something else, or in another order among those that stayed beside it."""
    stayed: dict[str, list[str]] = {}
    for identifier, place in new.items():
        if identifier in old and old[identifier].parent == place.parent:
            stayed.setdefault(place.parent, []).append(identifier)
        elif identifier in old:
            yield identifier
    order = {identifier: at for at, identifier in enumerate(old)}
    for siblings in stayed.values():
        kept = set(_in_order(siblings, order))
        yield from (identifier for identifier in siblings if identifier not in kept)


def _in_order(identifiers: Iterable[str], order: Mapping[str, int]) -> list[str]:
    """Return the longest run of those that stand in the same order as before."""
    best: list[list[str]] = []
    for identifier in identifiers:
        ahead = (run for run in best if order[run[-1]] < order[identifier])
        best.append([*max(ahead, key=len, default=[]), identifier])
    return max(best, key=len, default=[])
