"""Which fields the steps of a flow make, as they are written: what transforms and look-ups set."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.fields import Field
from rules.fields.parsing import KEY

TEXT = "text"


def made_fields(steps: object) -> dict[str, Field]:
    """Return the fields that steps make, as free text where none says more; nothing in the steps need be right."""
    made: dict[str, Field] = {}
    for key, kind in fields_set_in(steps):
        if KEY.fullmatch(key) and (kind != TEXT or key not in made):
            made[key] = Field(key, kind)
    return made


def fields_set_in(steps: object) -> Iterator[tuple[str, str]]:
    """Yield every field that steps set anywhere, in lanes too, with the type of what they set it to."""
    for step in steps if isinstance(steps, list) else []:
        for kind, settings in step.items() if isinstance(step, dict) else []:
            if not isinstance(settings, dict):
                continue
            if kind == "transform":
                yield from _named_in(settings.get("set"))
            if kind == "look_up":
                yield from _looked_up(settings)
            for lane in _lanes_written(settings) if kind == "split" else []:
                yield from fields_set_in(lane)


def _looked_up(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _named_in(settings.get("outputs"))
    if isinstance(settings.get("into"), str):
        yield settings["into"], "number" if "score" in settings else "boolean"


def _named_in(entries: object) -> Iterator[tuple[str, str]]:
    """Yield the fields that stand in front of the entries of a list."""
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, list) and entry and isinstance(entry[0], str):
            yield entry[0], TEXT


def _lanes_written(settings: Mapping[str, Any]) -> Iterator[object]:
    yield settings.get("else")
    for key in ("cases", "percent"):
        lanes = settings.get(key)
        yield from (lane.get("steps") for lane in (lanes if isinstance(lanes, list) else []) if isinstance(lane, dict))
