"""Looking the values of leads up in stored lists: one statement for all leads of a turn."""

from collections.abc import Iterator, Sequence
from typing import Any

from flowbuilder.lists.lookup import Wanted, look_up
from rules.effects import Lists
from workers import gathering
from workers.carrying import Carried
from workers.turn import Turn


def settle(turn: Turn, moving: Sequence[Carried]) -> None:
    """Look up what leads ask now, and what they may ask later in this turn by the values that they have now.

    Who asks now is answered at once: what is locked next depends on where the run goes on.
    """
    wanted = [one for carried in moving for one in (*_wanted(carried), *gathering.lists_wanted(turn, carried))]
    if not wanted:
        return
    turn.listed.update(look_up(turn.database, wanted, turn.book.list_forms))
    for carried in moving:
        effect = carried.effect
        result = answer(turn, carried, effect) if isinstance(effect, Lists) else None
        if result is not None:
            turn.complete(carried, result)


def answer(turn: Turn, carried: Carried, effect: Lists) -> dict[str, Any] | None:
    """Return for each value whether it is in its list, None when one was not looked up in this turn."""
    asked = [_of(carried, *pair) for pair in effect.values]
    if not all(one in turn.listed for one in asked):
        return None
    return {"in": [turn.listed[one] for one in asked]}


def _wanted(carried: Carried) -> Iterator[Wanted]:
    effect = carried.effect
    if isinstance(effect, Lists):
        yield from (_of(carried, *pair) for pair in effect.values)
    if carried.known_flow.questions:
        yield from _likely(carried)


def _likely(carried: Carried) -> list[Wanted]:
    """Return what all steps of the flow would ask by the values that the lead has now."""
    state = carried.known_walk.state
    standing_at = state.standing_at
    wanted = [
        _of(carried, question.list_id, text)
        for step, questions in carried.known_flow.questions.items()
        for question in questions
        if (text := question.value_in(state.at(step))) is not None
    ]
    if standing_at is not None:
        # Looking ahead leaves no trace: the run reads the number of its own step when it goes on.
        state.at(standing_at)
    return wanted


def _of(carried: Carried, list_id: str, text: str) -> Wanted:
    return Wanted(carried.row["account_id"], list_id, text)
