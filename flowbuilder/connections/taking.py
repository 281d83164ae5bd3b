"""Whom a buyer takes, as its form says it, and back: its time zone, consent, people it must not get. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rules.delivery.consent import read_consent
from rules.reading import Document, Part

Settings = Mapping[str, Any]

CONSENT = ("certificate", "yes", "max_age", "at")


class Listed(NamedTuple):
    """One suppression list, by its id as documents name it, and the field that is looked for in it."""

    listed: str = ""
    field: str = ""


def shown(destination: Settings) -> dict[str, Any]:
    """Return what the fields hold for a stored destination."""
    consent = destination.get("consent") or {}
    return {
        "time_zone": destination.get("time_zone", ""),
        **{f"consent_{key}": consent.get(key, "") for key in CONSENT},
    }


def shown_lists(destination: Settings) -> list[Listed]:
    """Return the suppression lists of a stored destination."""
    return [Listed(entry.get("list", ""), entry.get("field", "")) for entry in destination.get("suppress") or []]


def say_consent(destination: Settings) -> str:
    """Return what consent a stored destination asks for, in words; nothing where it asks for none."""
    document = Document()
    consent = read_consent(Part(document, destination, "", "a destination"))
    return consent.say() if consent and not document.problems else ""


def read(fields: Settings, lists: Iterable[Listed]) -> dict[str, Any]:
    """Return the settings that the fields and the rows of lists say; a blank one is none."""
    consent = {key: fields[f"consent_{key}"] for key in CONSENT if fields[f"consent_{key}"]}
    suppress = [{"list": row.listed, "field": row.field} for row in lists]
    return {"time_zone": fields["time_zone"], "consent": consent, "suppress": suppress}


def read_lists(lists: Sequence[str], fields: Sequence[str]) -> list[Listed]:
    """Return the rows that were sent, without those in which no list is chosen."""
    return [Listed(listed, field.strip()) for listed, field in zip(lists, fields, strict=False) if listed]
