"""Every request has an id: in its answer, and in the lines that are logged meanwhile."""

import functools
import io
import json

import pytest

from flowbuilder import logs


@pytest.mark.parametrize("address", ["/healthz", "/sign-in", "/nothing", "/api/v1/flows", "/f/x/y", "/f/"])
def test_every_answer_carries_an_id_that_was_made_here(app, address):
    first, second = (app.test_client().get(address, headers={"X-Request-Id": "made-elsewhere"}) for _ in range(2))
    assert first.headers.getlist("X-Request-Id") != second.headers.getlist("X-Request-Id")
    assert len(first.headers.getlist("X-Request-Id")) == 1
    assert "elsewhere" not in first.headers["X-Request-Id"]


def test_a_page_that_fails_is_one_line_with_the_id_and_without_anybodys_data(app, failing_page, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(logs, "_lines", logs.Lines(stream, as_json=True, level=20, process="web"))
    answer = app.test_client().get("/healthz?q=jane@example.com")
    line = json.loads(stream.getvalue())
    assert answer.status_code == 500
    assert (line["event"], line["view"], line["error"]) == ("page_failed", "health.healthz", "ValueError")
    assert line["request"] == answer.headers["X-Request-Id"]
    assert "jane" not in stream.getvalue()


@pytest.fixture
def failing_page(app, monkeypatch):
    """Have a page fail over what it was given."""

    @functools.wraps(app.view_functions["health.healthz"])
    def fail():
        raise ValueError("jane@example.com is no number")

    monkeypatch.setitem(app.view_functions, "health.healthz", fail)
    monkeypatch.setattr(app, "testing", False)
