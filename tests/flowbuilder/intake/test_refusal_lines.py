"""Refused posts in the log: one line for each kind, however many come."""

import io
import json
from collections.abc import Iterator

import pytest

from flowbuilder import logs
from flowbuilder.intake.refusal_lines import EVERY, MOST_KINDS, RefusalLines
from flowbuilder.intake.refused import refuse


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Give what is written, as JSON."""
    before, stream = logs._lines, io.StringIO()
    logs._lines = logs.Lines(stream, as_json=True, level=20, process="web")
    yield stream
    logs._lines = before


def rows(written: io.StringIO) -> list[tuple[int, str, int]]:
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    return [(line["status"], line["code"], line["posts"]) for line in lines]


def test_the_first_of_a_kind_is_told_at_once_and_more_are_told_together(written):
    now = [0.0]
    lines = RefusalLines(clock=lambda: now[0])
    for _ in range(100):
        lines.note(refuse(401, "wrong_key", "jane@example.com"))
    now[0] = EVERY
    lines.note(refuse(401, "wrong_key", "jane@example.com"))
    assert rows(written) == [(401, "wrong_key", 1), (401, "wrong_key", 100)]
    assert "jane" not in written.getvalue()


def test_each_kind_has_a_line_of_its_own(written):
    lines = RefusalLines(clock=lambda: 0.0)
    for status, code in ((401, "wrong_key"), (400, "not_json"), (422, "invalid_phone"), (400, "not_json")):
        lines.note(refuse(status, code, ""))
    assert rows(written) == [(401, "wrong_key", 1), (400, "not_json", 1), (422, "invalid_phone", 1)]


def test_what_is_our_fault_is_a_warning(written):
    RefusalLines(clock=lambda: 0.0).note(refuse(503, "not_stored", ""))
    assert json.loads(written.getvalue())["level"] == "warning"


def test_there_are_only_so_many_kinds(written):
    lines = RefusalLines(clock=lambda: 0.0)
    for number in range(MOST_KINDS + 5):
        lines.note(refuse(400, f"code_{number}", ""))
    assert len(rows(written)) == MOST_KINDS + 1
    assert rows(written)[-1] == (400, "other", 1)
