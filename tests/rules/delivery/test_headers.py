"""A destination may set its own headers, and none that frames the message or speaks for somebody else."""

import json
from pathlib import Path
from typing import Any

import pytest

from rules.delivery.headers import HeaderRefused, check_header, seems_secret

TABLE = json.loads((Path(__file__).parents[2] / "cases" / "ssrf_urls.json").read_text())


def test_the_table_is_complete() -> None:
    assert len(TABLE["headers"]) == TABLE["counts"]["headers"] == 19


@pytest.mark.parametrize("entry", TABLE["headers"], ids=lambda entry: entry["id"])
def test_a_header_of_the_table_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(HeaderRefused):
        check_header(entry["header"], entry["value"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Partner-ID", "acme"),
        ("Authorization", "Token abc"),
        ("Content-Type", "application/vnd.api+json"),
        ("X-N", "Zoë\t1"),
    ],
)
def test_an_ordinary_header_is_taken(name: str, value: str) -> None:
    check_header(name, value)


@pytest.mark.parametrize(
    ("name", "value"), [("X-Sürname", "a"), ("X:", "a"), ("", "a"), ("X-Long", "a" * 4097), ("X", "\x7f")]
)
def test_what_is_no_header_is_refused(name: str, value: str) -> None:
    with pytest.raises(HeaderRefused):
        check_header(name, value)


@pytest.mark.parametrize(
    ("name", "value", "is_secret"),
    [
        ("X-API-Key", "abc", True),
        ("Authorization", "abc", True),
        ("X-Token", "{{lead.id}}", False),
        ("X-Partner", "a", False),
    ],
)
def test_a_fixed_credential_is_noticed(name: str, value: str, is_secret: bool) -> None:
    assert seems_secret(name, value) is is_secret
