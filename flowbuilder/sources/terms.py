"""What a seller agrees with a supplier: cost, caps, its own rule, categories, pages; checked before it is stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flowbuilder.intake.redirects import read_host
from flowbuilder.models import Source
from rules.caps import read_caps
from rules.fields import Field
from rules.money import exponent_of, money, say_money
from rules.problems import Problem
from rules.reading import Document, Part, amount_of

WHAT = "a source"
MOST_CAPS = 8
MOST_WORDS = 50
LONGEST_WORD = 120
SETTINGS = ("cost", "caps", "accept_if", "categories", "redirect_hosts")


@dataclass(frozen=True)
class Terms:
    """Terms in the form they are stored in; `cost` is `{"fixed": money}` or `{"share": percent}`.

    Without `categories` leads of every one are taken; forms may send people on to the `redirect_hosts` alone.
    """

    cost: dict[str, Any] | None = None
    caps: list[Any] | None = None
    accept_if: dict[str, Any] | None = None
    categories: list[str] = field(default_factory=list)
    redirect_hosts: list[str] = field(default_factory=list)


def terms_of(source: Source) -> dict[str, Any]:
    """Return the settings of a source as they are stored."""
    return {key: getattr(source, key) for key in SETTINGS}


def read_terms(
    settings: Mapping[str, Any], *, fields: Iterable[Field] = (), currency: str = "USD", time_zone: str = "UTC"
) -> tuple[Terms, list[Problem]]:
    """Return the terms that some of SETTINGS describe, and everything that is wrong with them."""
    document = Document(fields={field.key: field for field in fields}, currency=currency, time_zone=time_zone)
    part = Part(document, settings, "", WHAT)
    cost = _read_cost(part)
    _check_caps(part)
    part.rule("accept_if")
    categories, hosts = _read_words(part, "categories"), _read_hosts(part)
    caps, accept_if = settings.get("caps") or None, settings.get("accept_if") or None
    return Terms(cost, caps, accept_if, categories, hosts), document.problems


def _check_caps(part: Part) -> None:
    if part.settings.get("caps") is None:
        return
    read_caps(part, "caps", "source", at_door=True)
    listed = part.take("caps")
    if isinstance(listed, list) and len(listed) > MOST_CAPS:
        part.report("caps", "too_many", f"A source has at most {MOST_CAPS} caps.")


def _read_words(part: Part, key: str) -> list[str]:
    """Return a list of texts, each once, in the order in which they were written."""
    words = part.take(key)
    if words is None:
        return []
    if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
        part.report(key, "not_texts", f"“{key}” must be a list of texts.")
        return []
    if len(words) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in words):
        part.report(key, "too_many", f"“{key}” has at most {MOST_WORDS} texts of {LONGEST_WORD} characters.")
    return list(dict.fromkeys(word.strip() for word in words))


def _read_hosts(part: Part) -> list[str]:
    hosts = []
    for position, word in enumerate(_read_words(part, "redirect_hosts")):
        host = read_host(word)
        if host is None:
            message = f"“{word[:60]}” is not a host such as www.example.com, without https:// and without a path."
            part.report(f"redirect_hosts[{position}]", "not_a_host", message)
        else:
            hosts.append(host)
    return hosts


def say_cost(cost: Mapping[str, Any] | None, currency: str) -> str:
    """Return what a sold lead costs: `$31.50`, `75% of its price`, or nothing."""
    if not cost:
        return "nothing"
    if "share" in cost:
        return f"{cost['share']}% of its price"
    return say_money(money(cost["fixed"], exponent_of(currency)), currency)


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
