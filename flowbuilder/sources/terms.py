"""What a seller agrees with a supplier: the cost of a lead, its caps and its own rule; checked before it is stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rules.caps import read_caps
from rules.fields import Field
from rules.problems import Problem
from rules.reading import Document, Part, amount_of

WHAT = "a source"
MOST_CAPS = 8


@dataclass(frozen=True)
class Terms:
    """Terms in the form they are stored in; `cost` is `{"fixed": money}` or `{"share": percent}`."""

    cost: dict[str, Any] | None = None
    caps: list[Any] | None = None
    accept_if: dict[str, Any] | None = None


def read_terms(
    settings: Mapping[str, Any], *, fields: Iterable[Field] = (), currency: str = "USD", time_zone: str = "UTC"
) -> tuple[Terms, list[Problem]]:
    """Return the terms that `cost`, `caps` and `accept_if` describe, and everything that is wrong with them."""
    document = Document(fields={field.key: field for field in fields}, currency=currency, time_zone=time_zone)
    part = Part(document, settings, "", WHAT)
    cost = _read_cost(part)
    _check_caps(part)
    part.rule("accept_if")
    return Terms(cost, settings.get("caps") or None, settings.get("accept_if") or None), document.problems


def _check_caps(part: Part) -> None:
    if part.settings.get("caps") is None:
        return
    read_caps(part, "caps", "source", at_door=True)
    if len(part.take("caps")) > MOST_CAPS:
        part.report("caps", "too_many", f"A source has at most {MOST_CAPS} limits.")


def _read_cost(part: Part) -> dict[str, Any] | None:
    cost = part.take("cost")
    if cost is None:
        return None
    if not isinstance(cost, dict):
        cost = {"fixed": cost}
    match cost:
        case {"fixed": fixed} if len(cost) == 1:
            part.minor_units(fixed, "cost")
            return {"fixed": _exact(fixed)}
        case {"share": share} if len(cost) == 1:
            _check_share(part, share)
            return {"share": _exact(share)}
    part.report("cost", "not_a_cost", "The cost is an amount of money, {“fixed”: amount} or {“share”: percent}.")
    return None


def _check_share(part: Part, share: object) -> None:
    amount = amount_of(share)
    if amount is None or not 0 <= amount <= 100:
        part.report("cost", "not_a_share", "The share must be a percentage from 0 to 100.")


def _exact(value: Any) -> Any:
    return value if isinstance(value, int | Decimal) else amount_of(value)
