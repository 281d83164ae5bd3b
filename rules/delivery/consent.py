"""Consent: what a connection wants to be shown before its buyer gets a lead; and whether a lead shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rules.durations import say_seconds
from rules.fields.boolean import WORDS
from rules.fields.certificate import read_certificate
from rules.fields.datetime import read_datetime
from rules.reading import Part

AHEAD = timedelta(days=1)
"""How far in the future a consent may lie: a date without a time begins elsewhere before it does here."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A field with a valid certificate, a field that says yes, or both, by their keys; and how old it may be.

    The age (seconds) counts from the moment in the field `at`, without one from when the lead came in.
    """

    certificate: str | None = None
    yes: str | None = None
    max_age: int | None = None
    at: str | None = None

    def is_given(self, fields: Mapping[str, Any], received_at: datetime, now: datetime) -> bool:
        """Return whether a lead's fields (in their normal forms) show it at a moment."""
        if self.certificate and read_certificate(str(fields.get(self.certificate) or "")) is None:
            return False
        if self.yes and not _says_yes(fields.get(self.yes)):
            return False
        return self.max_age is None or self._is_fresh(fields, received_at, now, timedelta(seconds=self.max_age))

    def _is_fresh(self, fields: Mapping[str, Any], received_at: datetime, now: datetime, longest: timedelta) -> bool:
        given = _moment(fields.get(self.at)) if self.at else received_at
        return given is not None and now - longest <= given <= now + AHEAD

    def say(self) -> str:
        """Return `a certificate in cert_url and a yes in opt_in, at most 72 hours old (by consent_at)`."""
        shown = [f"a certificate in {self.certificate}"] if self.certificate else []
        shown += [f"a yes in {self.yes}"] if self.yes else []
        since = f" (by {self.at})" if self.at else ""
        age = f", at most {say_seconds(self.max_age)} old{since}" if self.max_age is not None else ""
        return " and ".join(shown) + age


def read_consent(part: Part) -> Consent | None:
    """Return what a part's `consent` asks for, None without it."""
    inner = part.inside("consent", "the consent")
    if inner is None:
        return None
    certificate, yes, at = (inner.text(key, "", longest=100) or None for key in ("certificate", "yes", "at"))
    max_age = inner.duration("max_age", "90d") if inner.has("max_age") else None
    if not certificate and not yes:
        inner.report("certificate", "no_fields", "Name the field of the certificate, or the one that has to say yes.")
    if at and max_age is None:
        inner.report("max_age", "missing_age", "Say how old the consent may be, such as 72h.")
    inner.finish()
    return Consent(certificate, yes, max_age, at)


def _says_yes(value: object) -> bool:
    return value is True or (isinstance(value, str) and WORDS.get(value.strip().casefold()) is True)


def _moment(value: object) -> datetime | None:
    moment = read_datetime(value) if isinstance(value, str) else None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
