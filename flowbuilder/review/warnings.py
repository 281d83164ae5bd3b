"""What needs a second look before a draft goes live, only where it bites: each is ticked by whoever publishes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flowbuilder.models import Connection
from flowbuilder.trials.checks import Checked
from rules.backtest import Backtest
from rules.differences.places import CannotPlace, Place, places_of
from rules.money import exponent_of, money, say_money

MORE_REJECTED = 1.2
"""From how many times as many rejected leads on it is worth a look."""
FEWEST_MORE = 5
"""And how many more they are at least: a handful of leads says nothing."""


@dataclass(frozen=True)
class Warned:
    """One thing to look at; `key` is what its tick is called, `step` the card to open, "" for none."""

    key: str
    text: str
    step: str = ""


@dataclass(frozen=True)
class Changed:
    """The live document and the one that is to follow it, with what is known around them."""

    live: Mapping[str, Any] | None
    draft: Mapping[str, Any]
    connections: Mapping[str, Connection]
    waiting: int
    backtest: Backtest | None
    checks: Sequence[Checked] = ()


def warnings_of(changed: Changed) -> list[Warned]:
    """Return everything to look at, nothing for a harmless edit."""
    try:
        live, draft = _buyers(changed.live or {}), _buyers(changed.draft)
    except CannotPlace:
        live, draft = {}, {}
    return [
        *_untested(changed, live, draft),
        *_removed(changed, live, draft),
        *_cheaper(changed, live, draft),
        *_rejecting(changed.backtest),
        *_failing(changed.checks),
    ]


def _buyers(document: Mapping[str, Any]) -> dict[str, Place]:
    return {key: place for key, place in places_of(document).items() if place.kind in ("buyer", "row")}


def _untested(changed: Changed, live: Mapping[str, Place], draft: Mapping[str, Place]) -> Iterator[Warned]:
    """Yield buyers that come in with this draft and have not received a test lead yet."""
    known = {place.own.get("connection") for place in live.values()}
    told = set()
    for key, place in draft.items():
        shown = place.own.get("connection")
        connection = changed.connections.get(str(shown))
        is_new = shown not in known and shown not in told and not place.own.get("off")
        if connection and is_new and connection.tested_at is None:
            told.add(shown)
            yield Warned(f"untested-{key}", f"{connection.name} has not received a test lead yet.", place.card)


def _removed(changed: Changed, live: Mapping[str, Place], draft: Mapping[str, Place]) -> Iterator[Warned]:
    """Yield buyers that go away while leads wait, which may still be offered to them."""
    for key, place in live.items():
        if key in draft or not changed.waiting:
            continue
        connection = changed.connections.get(str(place.own.get("connection")))
        name = connection.name if connection else key
        waits = "1 lead waits" if changed.waiting == 1 else f"{changed.waiting:,} leads wait"
        yield Warned(f"removed-{key}", f"{name} is removed while {waits} and may still be offered to it.")


def _cheaper(changed: Changed, live: Mapping[str, Place], draft: Mapping[str, Place]) -> Iterator[Warned]:
    """Yield buyers that would pay less."""
    currency = str(changed.draft.get("currency", "USD"))
    for key, place in draft.items():
        before, after = (_price(one, exponent_of(currency)) for one in (live.get(key), place))
        if before is not None and after is not None and after < before:
            connection = changed.connections.get(str(place.own.get("connection")))
            name = connection.name if connection else key
            was, now = (say_money(price, currency) for price in (before, after))
            yield Warned(f"cheaper-{key}", f"{name} pays less: {was} before, {now} now.", place.card)


def _price(place: Place | None, exponent: int) -> int | None:
    """Return what a buyer pays in minor units where that is a plain number."""
    price = place.own.get("price") if place else None
    return money(price, exponent) if isinstance(price, int | Decimal) and not isinstance(price, bool) else None


def _failing(checks: Sequence[Checked]) -> Iterator[Warned]:
    """Yield the checks that do not pass; one that must pass stands in the way altogether."""
    for check in checks:
        if not check.passed and not check.must_pass:
            yield Warned(f"check-{check.id}", f"The check “{check.name}” fails.")


def _rejecting(backtest: Backtest | None) -> Iterator[Warned]:
    if backtest is None:
        return
    before, after = backtest.before.rejected, backtest.after.rejected
    if after > before * MORE_REJECTED and after - before >= FEWEST_MORE:
        yield Warned("rejects", f"{after - before:,} more of the last {backtest.leads:,} leads would be rejected.")
