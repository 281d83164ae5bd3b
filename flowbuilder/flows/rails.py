"""A flow as its page shows it: the cards of the rail with their meters and notes, and the whole in plain words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from flowbuilder.flows.around import Around
from flowbuilder.flows.checks import state_of
from flowbuilder.flows.counts import Passed
from flowbuilder.flows.limits import Meter, meters_of
from flowbuilder.models import Connection
from rules.draft_cards import Sketch, sketch
from rules.editing.tree import ids_of
from rules.flow import Flow
from rules.flow_wording import Card, every_card, rail
from rules.plain_words import say_flow

NOT_COUNTED: Mapping[str, Passed] = {}
NOTES = {
    "revoked": "{} was revoked, so it gets no leads. Name another connection.",
    "paused": "{} is paused, so it is passed by.",
    "untested": "{} has not received a test lead yet.",
}


@dataclass(frozen=True)
class Lane:
    """One lane of a split with its stops."""

    label: str
    stops: tuple["Stop", ...]


@dataclass(frozen=True)
class Stop:
    """One stop on the rail: its card, how full its limits are, and what to look at.

    `rows` are the buyers of a group, `lanes` those of a split; `passed` is how many leads went on from here, where that
    is counted.
    """

    card: Card
    meters: tuple[Meter, ...]
    warning: str
    is_new: bool
    connection: Connection | None
    rows: tuple["Stop", ...] = ()
    lanes: tuple[Lane, ...] = ()
    passed: Passed | None = None


@dataclass(frozen=True)
class Rail:
    """All stops in order, and the flow in plain words."""

    words: str
    stops: tuple[Stop, ...]


def rail_of(
    session: Session,
    around: Around,
    rules: Flow,
    now: datetime,
    *,
    live: Mapping[str, Any] | None,
    passed: Mapping[str, Passed] = NOT_COUNTED,
) -> Rail:
    """Return the rail of a flow's document; `live` is the document to tell new steps from, if there is one.

    `passed` is how many leads went on after each card.
    """
    drawn = Sketch(say_flow(rules, around.names), tuple(rail(rules, around.names)))
    return _laid_out(session, around, drawn, now, live=live, passed=passed)


def rail_of_draft(
    session: Session,
    around: Around,
    document: Mapping[str, Any],
    rules: Flow | None,
    now: datetime,
    *,
    live: Mapping[str, Any] | None,
) -> Rail:
    """Return the rail of a draft, whatever may be wrong with it: `rules` is None while it is malformed."""
    if rules is not None:
        return rail_of(session, around, rules, now, live=live)
    return _laid_out(session, around, sketch(document, around.names), now, live=live)


def _laid_out(
    session: Session,
    around: Around,
    drawn: Sketch,
    now: datetime,
    *,
    live: Mapping[str, Any] | None,
    passed: Mapping[str, Passed] = NOT_COUNTED,
) -> Rail:
    cards = drawn.cards
    lines = [line for card in every_card(cards) for line in card.caps]
    layout = _Layout(around, meters_of(session, around.flow.id, lines, now), _step_ids(live), passed)
    return Rail(drawn.words, layout.stops(cards))


@dataclass(frozen=True)
class _Layout:
    """Turns cards into stops; `known` are the steps that are live, None where all are."""

    around: Around
    meters: Mapping[str, Sequence[Meter]]
    known: set[str] | None
    passed: Mapping[str, Passed]

    def stops(self, cards: Iterable[Card]) -> tuple[Stop, ...]:
        """Return the stops of some cards, with their rows and lanes."""
        return tuple(map(self._stop, cards))

    def _stop(self, card: Card) -> Stop:
        connection = self.around.connections.get(card.connection or "")
        return Stop(
            card=card,
            meters=tuple(meter for line in card.caps for meter in self.meters[line.key][:3]),
            warning=_warning(connection) if not card.is_off else "",
            is_new=_is_new(card, self.known),
            connection=connection,
            rows=self.stops(card.rows),
            lanes=tuple(Lane(lane.label, self.stops(lane.cards)) for lane in card.lanes),
            passed=self.passed.get(card.id),
        )


def _warning(connection: Connection | None) -> str:
    if connection is None:
        return ""
    state = state_of(connection)
    return NOTES[state].format(connection.name) if state in NOTES else ""


def _is_new(card: Card, known: set[str] | None) -> bool:
    """Return whether a step or a row is not in what is live; the first and the last card always are."""
    is_fixed = card.number is None and card.kind != "row"
    return known is not None and not is_fixed and card.id not in known


def _step_ids(document: Mapping[str, Any] | None) -> set[str] | None:
    return ids_of(document) if document else None
