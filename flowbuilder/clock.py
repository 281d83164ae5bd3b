"""The one clock that people's times come from."""

from datetime import UTC, datetime, timedelta

from flowbuilder.config import settings


def now() -> datetime:
    """Return the moment, aware and in UTC, moved by FLOWBUILDER_CLOCK_OFFSET seconds."""
    offset = settings().clock_offset
    return datetime.now(UTC) + timedelta(seconds=offset) if offset else datetime.now(UTC)
