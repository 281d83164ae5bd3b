"""What the rules of a flow ask of stored lists, by the steps that need the answers."""

from collections.abc import Iterator, Mapping

from rules.asking_lists import questions_in, within
from rules.operators.stored import Question
from rules.steps.ways import Way

Questions = Mapping[str, tuple[Question, ...]]


def questions_by_step(parts: Mapping[str, object]) -> Questions:
    """Return what each part of a flow asks, by the step's id; parts that ask nothing are left out.

    A way that names a buyer has that buyer's rules decided within the step, so that they are asked about with it.
    """
    own = {step: tuple(questions_in(part)) for step, part in parts.items()}
    if not any(own.values()):
        return {}
    ways = {step: set(buyers_named(part)) for step, part in parts.items()}
    asked = {step: [own.get(other, ()) for other in reachable(step, ways)] for step in parts}
    return {step: tuple(one for some in asked[step] for one in some) for step in parts if any(asked[step])}


def reachable(step: str, ways: Mapping[str, set[str]]) -> list[str]:
    """Return a step and every buyer that its ways lead to, directly or by other buyers."""
    found, pending = [step], sorted(ways.get(step, ()))
    while pending:
        following = pending.pop()
        if following not in found:
            found.append(following)
            pending += sorted(ways.get(following, ()))
    return found


def buyers_named(part: object) -> Iterator[str]:
    """Yield the buyers that the ways in a part of a flow name."""
    for way in within(part, Way):
        if way.kind == "buyer" and way.target:
            yield way.target
