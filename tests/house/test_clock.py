"""The clock that people's times come from."""

from datetime import UTC, datetime, timedelta

from flowbuilder import clock, config


def test_now_is_aware_and_in_utc():
    assert clock.now().utcoffset() == timedelta(0)


def test_the_clock_can_be_moved(monkeypatch):
    monkeypatch.setenv("FLOWBUILDER_CLOCK_OFFSET", "86400")
    config.settings.cache_clear()
    moved = clock.now() - datetime.now(UTC)
    config.settings.cache_clear()
    assert timedelta(seconds=86399) < moved < timedelta(seconds=86401)
