"""Asking a buyer for a bid: where, with which of the lead's values, and where the bid stands in the answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from rules.delivery.answers import Path, read_path
from rules.delivery.formats import Format
from rules.delivery.mapping import Entry, read_mapping
from rules.delivery.web_address import WebAddress, read_web_address
from rules.fields import Field
from rules.problems import Problem
from rules.reading import Part, amount_of
from rules.values import compile_value

DEFAULT_TIMEOUT_MS = 3_000
SHORTEST_TIMEOUT_MS = 100
HIGHEST_BID = Decimal(100_000)
"""What a bid is at most, in whole units of money, where a ping names nothing else: more than that is a mistake."""
SEEN_WHOLE = frozenset({
    "postal_code", "state", "country", "choice", "multi", "number", "money", "range", "date", "datetime", "boolean",
})  # fmt: skip
"""The types of field that tell what a lead is about, and not who it is."""
PERSONAL_KEYS = ("name", "email", "phone", "mobile", "street", "address", "ssn")


@dataclass(frozen=True, slots=True)
class Ping:
    """Where a buyer is asked for a bid, and where its answer says it.

    `mapping` is None where none is written: the buyer then sees what anyone may see who has not bought the lead.
    """

    url: WebAddress
    mapping: tuple[Entry, ...] | None
    bid_path: Path
    bid_id_path: Path | None
    reason_path: Path | None
    timeout_ms: int
    highest_bid: Decimal = HIGHEST_BID


def read_ping(part: Part, writing: Format, beside: Iterable[str] = ()) -> Ping | None:
    """Return how a destination is asked for bids, None where it is not; `beside` are names that a key fills."""
    inner = part.inside("ping", "a ping")
    if inner is None:
        return None
    url = read_web_address(inner)
    mapping = read_mapping(inner, writing, beside) if inner.has("mapping") else None
    _warn_of_people(inner, mapping or ())
    bid_path, bid_id_path = read_path(inner, "bid_path"), read_path(inner, "bid_id_path")
    reason_path = read_path(inner, "reason_path")
    timeout_ms = inner.whole("timeout_ms", least=SHORTEST_TIMEOUT_MS, most=60_000, default=DEFAULT_TIMEOUT_MS)
    highest = _read_highest(inner)
    if bid_path is None:
        inner.report("bid_path", "missing_text", "A ping needs “bid_path”, the place of the bid in the answer.")
    inner.finish()
    if url is None or bid_path is None:
        return None
    return Ping(url, mapping, bid_path, bid_id_path, reason_path, timeout_ms, highest)


@lru_cache(maxsize=256)
def seen_before_buying(fields: tuple[Field, ...]) -> tuple[Entry, ...]:
    """Return the mapping of a ping that has none of its own, under the names of the flow's fields.

    It holds what tells of the need, such as state, postal code and product, and of a phone number the country and the
    area; no name, no address, and nothing else that was marked as sensitive.
    """
    known = {field.key: field for field in fields}
    told = ((field.key, _told(field)) for field in fields)
    return tuple(Entry(key, compile_value(expression, known)) for key, expression in told if expression)


def _told(field: Field) -> dict[str, Any] | None:
    if field.type == "phone":
        return {"phone": [{"var": f"lead.{field.key}"}, "masked"]}
    # Postal codes are sensitive wherever nobody says otherwise, and no buyer bids without one.
    is_hidden = field.sensitive and field.type != "postal_code"
    return {"var": f"lead.{field.key}"} if field.type in SEEN_WHOLE and not is_hidden else None


def _read_highest(part: Part) -> Decimal:
    written = part.take("highest_bid")
    if written is None:
        return HIGHEST_BID
    amount = amount_of(written)
    if amount is None or amount <= 0:
        part.report("highest_bid", "not_money", "“highest_bid” must be an amount of money such as 250.00.")
        return HIGHEST_BID
    return amount


def _warn_of_people(part: Part, mapping: Iterable[Entry]) -> None:
    """Warn where a buyer would get to know a person before it has bought the lead."""
    for position, entry in enumerate(mapping):
        told = [name for name in sorted(entry.value.variables) if _is_about_a_person(name)]
        if told and not _hides(entry.value.document):
            message = (
                f"A ping with “{told[0]}” tells the buyer who the person is before it buys the lead. Leave it out, or "
                "send it hashed, or a phone number masked."
            )
            place = part.at(f"mapping[{position}]")
            part.document.problems.append(Problem(place, "tells_a_person", message, "warning"))


def _hides(expression: Any) -> bool:
    match expression:
        case {"phone": [_, "masked"]} | {"hash": _}:
            return True
    return False


def _is_about_a_person(path: str) -> bool:
    name, _, key = path.partition(".")
    return name in ("lead", "raw") and any(word in key.lower() for word in PERSONAL_KEYS)
