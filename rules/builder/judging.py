"""What is to be said of a rule that is being built: which rows are complete, what is wrong with which, how it reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rules.builder.comparisons import COMPARISONS
from rules.builder.drawing import write
from rules.builder.forms import settled
from rules.builder.model import Group, Opaque, Part, Path, Row, parts_within
from rules.builder.places import Places
from rules.certainty import never_true
from rules.logic import check_rule
from rules.problems import Problem
from rules.wording import say_rule

ROOT = "rule"
NO_NAMES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A rule as a sentence, and what the sentence leaves out."""

    sentence: str
    unfinished: int
    off: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a group says of every lead: it is always true, or never; `label` is what is asked too much of."""

    always: bool
    label: str = ""


def is_complete(part: Part) -> bool:
    """Say whether everything of a row is chosen and filled in; other parts are always complete."""
    if not isinstance(part, Row):
        return True
    comparison = COMPARISONS[part.comparison]
    if not part.field:
        return False
    if comparison.shape in ("nothing", "type"):
        return True
    return bool(part.values) and not any(value in ("", [], {"var": ""}) for value in part.values)


def complete_part(group: Group) -> Group:
    """Return what of a rule counts by now: without rows that are not complete, and without what is turned off."""
    return settled(_kept(group))


def _kept(group: Group) -> Group:
    kept: list[Part] = []
    for part in group.parts:
        if part.off or not is_complete(part):
            continue
        inner = _kept(part) if isinstance(part, Group) else part
        if not isinstance(inner, Group) or inner.parts:
            kept.append(inner)
    return replace(group, parts=tuple(kept))


def speak(group: Group, places: Places, *, names: Mapping[str, str] = NO_NAMES, currency: str = "USD") -> Spoken:
    """Return how a rule reads, "" when nothing of it counts yet."""
    counting = complete_part(group)
    said = say_rule(write(counting), places.fields, names={**places.names, **names}, currency=currency)
    parts = [part for _, part in parts_within(group)]
    unfinished = sum(not is_complete(part) and not part.off for part in parts)
    return Spoken(said if counting.parts else "", unfinished, sum(part.off for part in parts))


def verdicts(group: Group, places: Places) -> dict[Path, Verdict]:
    """Return by path the groups that are true, or not true, for every lead; () is the rule itself.

    Of a group that cannot be true because of one within it, only the inner one is named.
    """
    found: dict[Path, Verdict] = {}
    groups: list[tuple[Path, Group]] = [((), group)]
    groups += [(path, part) for path, part in parts_within(group) if isinstance(part, Group) and not part.off]
    for path, part in reversed(groups):
        verdict = _verdict(part, places)
        inside = any(other[: len(path)] == path and inner == verdict for other, inner in found.items())
        if verdict is not None and not inside:
            found[path] = verdict
    return found


def _verdict(group: Group, places: Places) -> Verdict | None:
    counting = complete_part(replace(group, off=False))
    document = write(counting)
    if not counting.parts:
        return None
    path = never_true(document, places.fields)
    if path is not None:
        return Verdict(always=False, label=places.label(path) if path else "")
    return Verdict(always=True) if never_true({"!": document}, places.fields) is not None else None


def problems_by_path(group: Group, places: Places, *, asks_lists: bool = True) -> dict[Path, list[Problem]]:
    """Return what is wrong with a rule by the path of the part that it is wrong with."""
    where = dict(addresses(group))
    found: dict[Path, list[Problem]] = {}
    for problem in check_rule(write(group), ROOT, places.fields, asks_lists=asks_lists):
        at = max(
            (path for path, address in where.items() if f"{problem.path}.".startswith((f"{address}.", f"{address}["))),
            key=len,
            default=(),
        )
        found.setdefault(at, []).append(problem)
    return found


def addresses(group: Group) -> Iterator[tuple[Path, str]]:
    """Yield every part of a rule with its address in the rule as it is written, beginning with "rule"."""
    yield (), ROOT
    if group.bare and settled(group).bare:
        yield (0,), ROOT
        return
    yield from _inside(group, (), ROOT)


def _inside(group: Group, path: Path, at: str) -> Iterator[tuple[Path, str]]:
    joined = {"all": "and", "any": "or", "none": "!.or"}[group.how]
    for number, part in enumerate(group.parts):
        here, inner = f"{at}.{joined}[{number}]", (*path, number)
        if part.off:
            here = f"{here}.{'and' if group.either else 'or'}[1]"
        yield inner, here
        if isinstance(part, Group):
            yield from _inside(part, inner, here)


def say_part(part: Part, places: Places, *, names: Mapping[str, str] = NO_NAMES, currency: str = "USD") -> str:
    """Return one row, or a part that cannot be drawn, as a sentence."""
    rule = part.rule if isinstance(part, Opaque) else write(settled(Group("all", (replace(part, off=False),))))
    return say_rule(rule, places.fields, names={**places.names, **names}, currency=currency)
