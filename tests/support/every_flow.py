"""Every flow that this repository writes down: of the demo, of the tables and proofs, of the documentation."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flowbuilder.demo.documents import california_solar, home_roofing
from flowbuilder.demo.more_documents import british_solar, german_heat_pumps
from rules.editing.tree import FIXED
from rules.steps import READERS
from tests.support import bazaar
from tests.support.cases import FOLDER
from tests.support.documents import solar

DOCS = FOLDER.parent.parent / "docs"
JSON_BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)


class _Named(dict[str, str]):
    """Names whatever is asked for."""

    def __missing__(self, key: str) -> str:
        return f"con_{key}"


def whole_flows() -> list[dict[str, Any]]:
    """Return the documents that are flows as a whole."""
    named = _Named()
    steps = [*bazaar.document(_Named(), 1000, "lst_bazaar")["steps"]]
    return [
        california_solar(named),
        home_roofing(named),
        british_solar(named),
        german_heat_pumps(named),
        solar("con_sunrise"),
        solar("con_sunrise", steps=steps),
        *(
            one
            for one in _everything()
            if isinstance(one, dict) and isinstance(one.get("steps"), list) and "schema" in one
        ),
    ]


def every_step() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return (kind, settings, document) of every step, row, first and last card of all flows and tables."""
    found = [(kind, settings, flow) for flow in whole_flows() for kind, settings in steps_in(flow)]
    found += [("intake", {key: flow[key] for key in flow if key not in FIXED}, flow) for flow in whole_flows()]
    alone = [(kind, settings) for one in _everything() for kind, settings in steps_in(one)]
    return found + [(kind, settings, solar(steps=[{kind: settings}])) for kind, settings in alone if kind in READERS]


def steps_in(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (kind, settings) of all steps, rows and fallbacks that are written anywhere in a value."""
    if isinstance(value, list):
        for one in value:
            yield from steps_in(one)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key in (*READERS, "fallback") and isinstance(inner, dict):
            yield key, inner
        if key == "buyers" and isinstance(inner, list):
            yield from (("row", row) for row in inner if isinstance(row, dict))
        yield from steps_in(inner)


def _everything() -> Iterator[Any]:
    """Yield whatever tables and documentation hold, piece by piece."""
    for path in sorted(FOLDER.glob("*.json")):
        yield from _pieces(json.loads(path.read_text(), parse_float=Decimal))
    for path in sorted(DOCS.glob("*.md")):
        for block in JSON_BLOCK.findall(path.read_text()):
            yield from _read_block(block)


def _pieces(value: Any) -> Iterator[Any]:
    for one in value if isinstance(value, list) else ():
        yield from one if isinstance(one, list) else (one,)


def _read_block(block: str) -> Iterator[Any]:
    """Yield the JSON values that stand in a block one after the other."""
    decoder, at = json.JSONDecoder(parse_float=Decimal), 0
    while at < len(block.rstrip()):
        try:
            value, at = decoder.raw_decode(block, len(block) - len(block[at:].lstrip()))
        except json.JSONDecodeError:
            return
        yield value
