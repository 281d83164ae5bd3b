"""Documents that are nearly right: a right one with a few of its parts changed, as Hypothesis or a fuzzer chooses."""

import copy
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 7, 10**18, Decimal("0.005"), Decimal("42.00"), "", " ", "x", "s1", "a", "next", "hold",
    "reject", "fallback", "1d", "08:00", "24:00", "-3h", "Mars/Base", "UTC", "lead.state", "{{lead.email}}", "{{",
    "con_x", "x" * 600, [], {}, [[]], [None], {"var": "lead.state"}, {"var": []}, {"var": 7}, {"nope": 1},
    {"buyer": "a"}, {"go_to": "b"}, {"is": [{"var": "lead.state"}, "CA"]}, {"filter": {}},
    {"in_list": [{"var": "lead.email"}, "lst_1"]}, {"try": [{"throw": "x"}, True]}, {"limit": 1, "per": "day"},
    ["state", {"var": "lead.product"}],
)  # fmt: skip


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every (container, key) of a document."""
    pending = [document]
    while pending:
        part = pending.pop()
        for key in list(part) if isinstance(part, dict) else range(len(part)):
            yield part, key
            if isinstance(part[key], (dict, list)):
                pending.append(part[key])


def change(document: Any, choose: Callable[[int], int]) -> None:
    """Change one place of a document; `choose` gives a number below the one it is asked for."""
    found = list(places(document))
    if not found:
        return
    part, key = found[choose(len(found))]
    alike = [odd for odd in ODD if isinstance(odd, type(part[key]))]
    match choose(10):
        case 0:
            del part[key]
        case 1 if isinstance(part, list):
            part.insert(key, copy.deepcopy(part[key]))
        case 2 if isinstance(part, dict):
            part[f"{key}_"] = part.pop(key)
        case 3:
            other, name = found[choose(len(found))]
            part[key] = copy.deepcopy(other[name])
        case 4:
            part[key] = copy.deepcopy(ODD[choose(len(ODD))])
        case _ if alike:
            part[key] = copy.deepcopy(alike[choose(len(alike))])


@st.composite
def changed(draw: st.DrawFn, documents: list[Any], most: int = 3) -> Any:
    """Return one of some documents with up to so many places changed."""
    document = copy.deepcopy(draw(st.sampled_from(documents)))
    for _ in range(draw(st.integers(0, most))):
        change(document, lambda below: draw(st.integers(0, below - 1)))
    return document
