"""A step as it would be with one setting as it was: read by itself, in the flow that it is in now."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from rules.differences.base import MISSING
from rules.flow import Flow
from rules.made_fields import made_fields
from rules.places import END
from rules.reading import Document
from rules.steps import READERS, Step, read_fallback

Address = Sequence[str | int]


def try_setting(flow: Flow, address: Address, key: str, was: object) -> Step | None:
    """Return the step at an address of a flow's document, or the one around what is there, with an older setting.

    None when something is wrong with it then. `was` is MISSING for a setting that was not there.
    """
    end = max(at for at, part in enumerate(address) if part in READERS or part == END) + 1
    settings = deepcopy(_at(flow.document, address[:end]))
    holder = _at(settings, address[end:])
    if was is MISSING:
        holder.pop(key, None)
    else:
        holder[key] = was
    kind = str(address[end - 1])
    fields = {**made_fields([{kind: settings}]), **flow.by_key}
    document = Document(fields, flow.currency, flow.time_zone, asks_lists=True)
    part = document.part(settings, _written(address[:end]), "a step")
    read = READERS.get(kind, read_fallback)(part) if part else None
    return None if document.problems else read


def _at(settings: Any, address: Address) -> Any:
    for part in address:
        settings = settings[part]
    return settings


def _written(address: Address) -> str:
    """Return an address as problems write it: `steps[0].split.else[1].buyer`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in address).removeprefix(".")
