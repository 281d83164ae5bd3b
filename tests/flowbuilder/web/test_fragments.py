"""Whole pages for visits, blocks of them for htmx."""

import json

import pytest
from flask import Flask
from jinja2 import DictLoader

from flowbuilder.web import fragments
from flowbuilder.web.fragments import go_to, page, with_address, with_events

HTMX = {"HX-Request": "true"}
BASE = "<html>{% block content %}{% endblock %}</html>"
PAGE = """{% extends "base" %}{% set greeting = "Hello" %}{% macro loud(text) %}{{ text | upper }}{% endmacro %}
{% block content %}<main>{% block inner -%}
{{ greeting }} {{ loud(name) }}{{ " as a part" if is_fragment }}{% endblock %}</main>
{% block more %}<p>more</p>{% endblock %}{% endblock %}"""


@pytest.fixture
def small() -> Flask:
    """Give an app with one page."""
    app = Flask("small")
    app.jinja_loader = DictLoader({"base": BASE, "page.html": PAGE})  # type: ignore[assignment]
    fragments.init_app(app)
    return app


@pytest.mark.parametrize(
    ("headers", "block", "text"),
    [
        ({}, "inner", "<html><main>Hello SARA</main>\n<p>more</p></html>"),
        (HTMX, "inner", "Hello SARA as a part"),
        (HTMX, "inner more", "Hello SARA as a part<p>more</p>"),
        (HTMX, None, "<html><main>Hello SARA</main>\n<p>more</p></html>"),
        ({**HTMX, "HX-History-Restore-Request": "true"}, "inner", "<html><main>Hello SARA</main>\n<p>more</p></html>"),
    ],
)  # fmt: skip
def test_htmx_gets_the_block_that_the_view_names(
    small: Flask, headers: dict[str, str], block: str | None, text: str
) -> None:
    with small.test_request_context(headers=headers):
        assert page("page.html", block, name="Sara").get_data(as_text=True) == text


def test_caches_are_told_that_htmx_gets_something_else(small: Flask) -> None:
    small.add_url_rule("/", view_func=lambda: "x")
    assert "HX-Request" in small.test_client().get("/").vary


def test_a_redirect_is_followed_by_htmx_too(small: Flask) -> None:
    with small.test_request_context():
        assert (go_to("/leads").status_code, go_to("/leads").location) == (303, "/leads")
    with small.test_request_context(headers=HTMX):
        assert (go_to("/leads").status_code, go_to("/leads").headers["HX-Redirect"]) == (204, "/leads")


def test_events_and_addresses_stay_on_one_header_line(small: Flask) -> None:
    with small.test_request_context():
        answer = with_events(page("page.html", name="Sara"), say={"text": "Saved\r\nX: “é”"})
        answer = with_address(answer, "/leads?a=1")
    assert answer.headers["HX-Trigger"].isascii()
    assert "\n" not in answer.headers["HX-Trigger"]
    assert json.loads(answer.headers["HX-Trigger"]) == {"say": {"text": "Saved\r\nX: “é”"}}
    assert answer.headers["HX-Push-Url"] == "/leads?a=1"
