"""The consent that a connection asks for: a certificate, a yes, how old it may be."""

from datetime import UTC, datetime
from typing import Any

import pytest

from rules.delivery.consent import Consent, read_consent
from rules.delivery.destination import parse_destination
from rules.problems import Problem
from rules.reading import Document, Part
from tests.support.cases import rows

RECEIVED = datetime(2026, 11, 20, 12, tzinfo=UTC)


def consent(settings: dict[str, Any]) -> Consent:
    document = Document()
    read = read_consent(Part(document, {"consent": settings}, "", "a destination"))
    assert read
    assert document.problems == []
    return read


@pytest.mark.parametrize(("settings", "fields", "now", "expected"), rows("consent.json"))
def test_whether_a_lead_shows_it(settings: dict[str, Any], fields: dict[str, Any], now: str, expected: bool) -> None:
    assert consent(settings).is_given(fields, RECEIVED, datetime.fromisoformat(now)) is expected


@pytest.mark.parametrize(
    ("settings", "path", "code"),
    [
        ({"consent": {}}, "destination.consent.certificate", "no_fields"),
        ({"consent": {"yes": "opt_in", "at": "agreed_at"}}, "destination.consent.max_age", "missing_age"),
        ({"consent": {"yes": "opt_in", "max_age": "soon"}}, "destination.consent.max_age", "not_a_duration"),
        ({"consent": {"yes": "opt_in", "colour": "red"}}, "destination.consent.colour", "unknown_setting"),
        ({"consent": True}, "destination.consent", "not_an_object"),
        ({"suppress": ["lst_1"]}, "destination.suppress[0]", "not_an_object"),
        ({"suppress": [{"list": "dnc", "field": "email"}]}, "destination.suppress[0].list", "not_a_list"),
        ({"suppress": [{"list": "lst_1"}]}, "destination.suppress[0].field", "unknown_word"),
        ({"suppress": [{"list": "lst_1", "field": "email"}] * 21}, "destination.suppress", "too_many"),
        ({"time_zone": "Mars/Olympus"}, "destination.time_zone", "unknown_time_zone"),
    ],
)
def test_what_a_connection_asks_for_is_checked(settings: dict[str, Any], path: str, code: str) -> None:
    problems: list[Problem] = []
    parse_destination({"url": "https://api.sunrise.example/leads", "mapping": []} | settings, "destination", problems)
    assert (path, code) in [(problem.path, problem.code) for problem in problems]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"certificate": "cert"}, "a certificate in cert"),
        ({"yes": "opt_in", "max_age": "72h"}, "a yes in opt_in, at most 3 days old"),
        (
            {"certificate": "cert", "yes": "opt_in", "max_age": "12h", "at": "agreed_at"},
            "a certificate in cert and a yes in opt_in, at most 12 hours old (by agreed_at)",
        ),
    ],
)
def test_what_it_asks_for_in_words(settings: dict[str, Any], said: str) -> None:
    assert consent(settings).say() == said
