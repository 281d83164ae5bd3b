"""Which step, and which of its settings, an address in a flow's document is about: where people put it right."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

DOOR = "intake"
"""The fixed first card: what a flow asks of every lead, its fields and its named values."""
END = "fallback"
OF_THE_DOOR = ("schema", "currency", "time_zone", "fields", "values")
"""Settings of the whole flow, which are put right on its first card."""
OF_THE_WHOLE = ("", "steps")
"""Addresses of problems that no step has by itself."""


class Place(NamedTuple):
    """The step whose panel holds a setting, and the setting's address within the step.

    The step is its id, `intake` for the first card, "" where there is none; the setting is "" for the step itself, and
    `buyers[1].price` for one of a group's row.
    """

    step: str
    setting: str


@dataclass(frozen=True, slots=True)
class Written:
    """A step as it is written, whatever may be wrong with it; `address` is its place in the document."""

    address: str
    kind: str
    settings: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Return the step's id, "" where it has none."""
        written = self.settings.get("id")
        return written if isinstance(written, str) else ""


def written_steps(document: Mapping[str, Any]) -> Iterator[Written]:
    """Yield every step of a document in its order, lanes behind their split; what is no step is left out."""
    yield from _steps_in(document.get("steps"), "steps")


def place_of(document: Mapping[str, Any], address: str) -> Place:
    """Return the place of an address; nothing in the document need be right."""
    if address in OF_THE_WHOLE:
        return Place("", "")
    if address.partition(".")[0].partition("[")[0] in OF_THE_DOOR:
        return Place(DOOR, address)
    for fixed, identifier in ((DOOR, DOOR), (END, _end_of(document))):
        if _is_in(address, fixed):
            return Place(identifier, _within(address, fixed))
    around = [step for step in written_steps(document) if _is_in(address, step.address)]
    return Place(around[-1].id, _within(address, around[-1].address)) if around else Place("", "")


def numbers(document: Mapping[str, Any]) -> dict[str, int]:
    """Return the numbers of all steps, as their cards show them, by id."""
    return {step.id: number for number, step in enumerate(written_steps(document), 1)}


def _steps_in(steps: object, at: str) -> Iterator[Written]:
    for position, step in enumerate(steps if isinstance(steps, list) else []):
        if not isinstance(step, dict) or len(step) != 1:
            continue
        [(kind, settings)] = step.items()
        if isinstance(settings, dict):
            found = Written(f"{at}[{position}].{kind}", kind, settings)
            yield found
            yield from _steps_in_lanes(found)


def _steps_in_lanes(split: Written) -> Iterator[Written]:
    for key in ("cases", "percent"):
        lanes = split.settings.get(key)
        for number, lane in enumerate(lanes if split.kind == "split" and isinstance(lanes, list) else []):
            if isinstance(lane, dict):
                yield from _steps_in(lane.get("steps"), f"{split.address}.{key}[{number}].steps")
    if split.kind == "split":
        yield from _steps_in(split.settings.get("else"), f"{split.address}.else")


def _end_of(document: Mapping[str, Any]) -> str:
    end = document.get(END)
    identifier = end.get("id") if isinstance(end, dict) else None
    return identifier if isinstance(identifier, str) else END


def _is_in(address: str, outer: str) -> bool:
    return f"{address}.".startswith(f"{outer}.")


def _within(address: str, outer: str) -> str:
    return address[len(outer) + 1 :]
