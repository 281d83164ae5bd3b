"""A flow: read from its document, or refused with the full list of its problems."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rules.caps import Cap, read_caps
from rules.duplicates import Duplicates, read_duplicates
from rules.fields import Field, check_together, parse_field
from rules.logic import Rule
from rules.made_fields import made_fields
from rules.problems import Problem
from rules.questions import Questions, questions_by_step
from rules.reading import Document, Part
from rules.remembering import Remembering
from rules.road import Spot, buyers_of, check_ways, deals_of, lay_out, paths_of
from rules.steps import (
    MOST_STEPS,
    Buyer,
    CapStep,
    Fallback,
    Group,
    Step,
    read_fallback,
    read_steps,
)
from rules.steps.group.deal import Deal
from rules.steps.group.rows import JOINED

SCHEMA = 1
CURRENCIES = 3
DOOR = "intake"
PINGS_LAST = timedelta(minutes=5)
KEPT = 64
"""How many documents are not read again: drafts that people work on, with what is live beside them."""
SHORTEST_PING, LONGEST_PING = timedelta(seconds=10), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Door:
    """What is asked of every lead before the first step; `category` is what the flow's leads are about.

    `pings_last` is for how long what is quoted for a ping counts.
    """

    accept_if: Rule | None = None
    reason: str = "Not accepted"
    duplicates: Duplicates | None = None
    caps: tuple[Cap, ...] = ()
    category: str = ""
    pings_last: timedelta = PINGS_LAST


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A flow that can run; many may hold the same one.

    `document` is what was written; `by_key` are its fields with those that its own steps make; `spots` are all steps,
    those in lanes too, at their `positions`; `buyers` are all that a way may name, by id, and `deals` what groups agree
    on, by the ids of their rows; `questions` are what its rules ask of stored lists, by the step that needs the
    answers; `clocks` are the connections by whose time zone hours are read. `needs_facts` says whether some group has
    to know what was sold before it chooses.
    """

    document: Mapping[str, Any]
    currency: str
    time_zone: str
    fields: tuple[Field, ...]
    values: Mapping[str, Any]
    door: Door
    steps: tuple[Step, ...]
    fallback: Fallback
    by_key: Mapping[str, Field]
    spots: tuple[Spot, ...]
    positions: Mapping[str, int]
    buyers: Mapping[str, Buyer]
    deals: Mapping[str, Deal]
    paths: Mapping[str, str]
    caps: tuple[Cap, ...]
    questions: Questions
    clocks: tuple[str, ...] = ()
    needs_facts: bool = False

    @property
    def has_campaigns(self) -> bool:
        """Return whether buyers of campaigns join some group that is turned on."""
        groups = [spot.step for spot in self.spots if isinstance(spot.step, Group) and not spot.step.common.off]
        return any(group.deal.campaign for group in groups)

    def step(self, identifier: str) -> Step | None:
        """Return a step by its id, wherever it stands; rows of groups are found among the buyers."""
        position = self.positions.get(identifier)
        return None if position is None else self.spots[position].step

    def position_of(self, address: str) -> int | None:
        """Return the position of the innermost step that an address in the document is in, None for the door."""
        within = (at for at, spot in enumerate(self.spots) if f"{address}.".startswith(f"{spot.address}."))
        return max(within, default=None)

    def written_at(self, address: str) -> Mapping[str, Any]:
        """Return the settings at an address such as `steps[0].split.cases[1].steps[0].group`, as they are written."""
        found: object = self.document
        for part in address.replace("[", ".[").split("."):
            if isinstance(found, list):
                found = found[int(part[1:-1])]
            elif isinstance(found, Mapping):
                found = found[part]
        return found if isinstance(found, Mapping) else {}

    def resumes_at(self, identifier: str) -> int:
        """Return the position at which a lead goes on that waited at a step; it begins again where none is named."""
        return len(self.spots) if identifier == self.fallback.common.id else self.positions.get(identifier, 0)

    def path_of(self, identifier: str) -> str | None:
        """Return where a step in a lane stands, or a row of a group, also one that joined; None for any other step."""
        if JOINED not in identifier:
            return self.paths.get(identifier)
        group, _, row = identifier.partition(JOINED)
        return f"{self.paths.get(group, group)}/{row}"

    def buyer(self, identifier: str) -> Buyer | None:
        """Return a buyer step, a row of a group or the fallback's buyer by its id."""
        return self.buyers.get(identifier)


def parse_flow(document: object) -> tuple[Flow | None, list[Problem]]:
    """Return the flow, or None and every problem of the document at once."""
    flow, problems = _parsed(document)
    return flow, [*problems]


def _parse(document: object) -> tuple[Flow | None, tuple[Problem, ...]]:
    reading = Document(asks_lists=True)
    part = reading.part(document, "", "a flow")
    flow = _read_flow(part) if part else None
    return (None if reading.problems else flow), tuple(reading.problems)


_parsed = Remembering(_parse, most=KEPT)


def _read_flow(part: Part) -> Flow | None:
    document = part.document
    if part.take("schema") != SCHEMA:
        part.report("schema", "unknown_schema", "“schema” must be 1.")
    document.currency = _read_currency(part)
    document.time_zone = part.zone(default="UTC")
    fields = _read_fields(part)
    made = made_fields(part.settings.get("steps"))
    document.fields = made | {field.key: field for field in fields}
    values = _read_values(part)
    door = _read_door(part)
    steps = read_steps(part, "steps")
    inner = part.inside("fallback", "the fallback")
    if inner is None:
        part.report("fallback", "missing_fallback", "A flow needs a fallback: what happens when nobody takes the lead.")
    part.finish()
    fallback = read_fallback(inner) if inner else None
    if fallback is None or steps is None:
        return None
    spots = lay_out(steps)
    if len(spots) > MOST_STEPS:
        part.report("steps", "too_many_steps", f"A flow has at most {MOST_STEPS} steps, those in lanes included.")
    buyers = buyers_of(spots, fallback)
    check_ways(spots, fallback, buyers, document)
    return Flow(
        document=part.settings,
        currency=document.currency,
        time_zone=document.time_zone,
        fields=fields,
        values=values,
        door=door,
        steps=steps,
        fallback=fallback,
        by_key=document.fields,
        spots=spots,
        positions={spot.step.common.id: position for position, spot in enumerate(spots)},
        buyers=buyers,
        deals=deals_of(spots),
        paths=paths_of(spots),
        caps=_caps_of(door, spots, buyers),
        questions=_questions_of(door, spots, fallback, buyers),
        clocks=_clocks_of(buyers),
        needs_facts=any(isinstance(spot.step, Group) and spot.step.deal.needs_facts for spot in spots),
    )


def _caps_of(door: Door, spots: tuple[Spot, ...], buyers: Mapping[str, Buyer]) -> tuple[Cap, ...]:
    """Return every cap of a flow, on whatever it is."""
    steps = [spot.step.cap for spot in spots if isinstance(spot.step, CapStep)]
    return *door.caps, *steps, *(cap for buyer in buyers.values() for cap in buyer.caps)


def _clocks_of(buyers: Mapping[str, Buyer]) -> tuple[str, ...]:
    """Return the connections of buyers with hours that name no zone of their own."""
    follow = (buyer.connection for buyer in buyers.values() if any(span.follows for span in buyer.hours))
    return tuple(dict.fromkeys(follow))


def _questions_of(door: Door, spots: tuple[Spot, ...], fallback: Fallback, buyers: Mapping[str, Buyer]) -> Questions:
    """Return what each step, each row and the door ask of stored lists."""
    parts: dict[str, object] = {**buyers, DOOR: door, fallback.common.id: fallback}
    return questions_by_step(parts | {spot.step.common.id: spot.step for spot in spots})


def _read_currency(part: Part) -> str:
    currency = part.take("currency", "USD")
    if isinstance(currency, str) and len(currency) == CURRENCIES and currency.isascii() and currency.isupper():
        return currency
    part.report("currency", "unknown_currency", "“currency” must be three capital letters such as USD.")
    return "USD"


def _read_fields(part: Part) -> tuple[Field, ...]:
    written = part.take("fields", [])
    if not isinstance(written, list):
        part.report("fields", "not_a_list", "“fields” must be a list.")
        return ()
    found: dict[str, Field] = {}
    for position, document in enumerate(written):
        at = f"{part.at('fields')}[{position}]"
        field = parse_field(document, at, part.document.problems)
        if field and any(field.key == other.key for other in found.values()):
            part.document.report(f"{at}.key", "key_used_twice", f"There are two fields “{field.key}”.")
        elif field:
            found[at] = field
    part.document.problems.extend(check_together(found))
    return tuple(found.values())


def _read_values(part: Part) -> Mapping[str, Any]:
    values = part.take("values", {})
    if isinstance(values, dict) and all(not isinstance(value, dict | list) for value in values.values()):
        return values
    part.report("values", "not_values", "“values” must be an object of names and single values.")
    return {}


def _read_door(part: Part) -> Door:
    inner = part.inside("intake", "the intake")
    if inner is None:
        return Door()
    door = Door(
        accept_if=inner.rule("accept_if"),
        reason=inner.text("reason", "Not accepted"),
        duplicates=read_duplicates(inner, at_door=True),
        caps=read_caps(inner, "caps", DOOR, at_door=True),
        category=inner.text("category", "", longest=120),
        pings_last=_read_pings_last(inner),
    )
    inner.finish()
    return door


def _read_pings_last(part: Part) -> timedelta:
    lasts = timedelta(seconds=part.duration("pings_last", "5m"))
    if not SHORTEST_PING <= lasts <= LONGEST_PING:
        part.report("pings_last", "out_of_bounds", "“pings_last” must be from 10s to 1h.")
        return PINGS_LAST
    return lasts


__all__ = ["DOOR", "Door", "Duplicates", "Flow", "parse_flow"]
