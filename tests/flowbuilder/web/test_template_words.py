"""Words of templates that are worth a look by themselves."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, g

from flowbuilder.web.template_words import age, first_sentences, moment

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SENTENCE = "Leads go to Sunrise Energy."


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=59), "under 1 min"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=119), "1 h"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_how_long_ago_something_was(ago: timedelta, said: str) -> None:
    assert age(NOW - ago, NOW) == said


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (NOW, "20 Nov 12:00:00"),
        (NOW + timedelta(days=42), "1 Jan 2027 12:00:00"),
        (NOW - timedelta(days=365), "20 Nov 2025 12:00:00"),
    ],
)
def test_a_moment_of_another_year_says_which(app: Flask, at: datetime, said: str) -> None:
    with app.test_request_context():
        g.now = NOW
        assert moment(at).striptags() == said


@pytest.mark.parametrize(("count", "first"), [(1, 1), (5, 5), (6, 3), (40, 3)])
def test_a_long_text_begins_with_whole_sentences(count: int, first: int) -> None:
    text = " ".join([SENTENCE] * count)
    shown, rest = first_sentences(text, room=100)

    assert shown == " ".join([SENTENCE] * first)
    assert " ".join(filter(None, (shown, rest))) == text


def test_what_has_no_sentence_to_end_with_stays_whole() -> None:
    assert first_sentences("word " * 100) == ("word " * 100, "")
