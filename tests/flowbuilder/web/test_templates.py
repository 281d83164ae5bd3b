"""Templates: nothing inline, so that the policy can forbid it; nothing that htmx would evaluate."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
FORBIDDEN_ATTRIBUTES = re.compile(r"style$|on\w+$|hx-on|hx-vars|hx-disinherit")
EXPRESSIONS = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)


class Inline(HTMLParser):
    """Collects what must not stand in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if FORBIDDEN_ATTRIBUTES.match(name) or (value or "").strip().lower().startswith(("javascript:", "js:")):
                self.found.append(f"{tag} {name}={value}")
            if name == "hx-trigger" and "[" in (value or ""):
                self.found.append(f"{tag} {name}={value}")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_has_anything_inline(path: Path) -> None:
    parser = Inline()
    parser.feed(EXPRESSIONS.sub("", path.read_text()))
    assert parser.found == []


@pytest.mark.parametrize(
    "source",
    [
        '<b style="x">',
        "<i onclick=x>",
        "<script>1</script>",
        "<style></style>",
        '<a href="javascript:x">',
        '<p hx-vals="js:{a:1}">',
        '<p hx-trigger="click[x]">',
    ],
)
def test_the_check_finds_what_is_inline(source: str) -> None:
    parser = Inline()
    parser.feed(source)
    assert len(parser.found) == 1


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_turns_escaping_off(path: Path) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", path.read_text())


def test_htmx_neither_evaluates_nor_remembers_pages() -> None:
    content = re.search(r"name=\"htmx-config\" content='([^']+)'", (ROOT / "templates/base.html").read_text())
    assert content
    config = json.loads(content[1])
    assert (config["allowEval"], config["allowScriptTags"], config["includeIndicatorStyles"]) == (False, False, False)
    assert config["selfRequestsOnly"] is True
    assert config["historyCacheSize"] == 0
    assert {"code": "409|422", "swap": True} in config["responseHandling"]


@pytest.mark.parametrize("path", sorted((ROOT / "static/js").glob("*.js")), ids=lambda path: path.name)
def test_scripts_build_no_html_and_keep_nothing_in_the_browser(path: Path) -> None:
    source = path.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", source)
    assert not re.search(r"localStorage|sessionStorage|indexedDB|document\.cookie", source)


@pytest.mark.parametrize("path", sorted((ROOT / "static").rglob("*.svg")), ids=lambda path: path.name)
def test_our_pictures_have_no_scripts(path: Path) -> None:
    assert not re.search(r"<script|<style|\son\w+=|style=|javascript:", path.read_text())
