"""A template is compiled once for all processes, again when its text changes, and always where nothing can be kept."""

import sys
from pathlib import Path

import pytest
from flask import Flask

from flowbuilder.web import compiled_templates


@pytest.fixture(autouse=True)
def keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def a_site(tmp_path: Path, text: str, folder: Path) -> tuple[Flask, list[str]]:
    """Return an app with one page, and the texts that it compiles."""
    templates, compiled = tmp_path / "templates", list[str]()
    templates.mkdir(exist_ok=True)
    (templates / "page.html").write_text(text)
    app = Flask("site", template_folder=str(templates))
    compiled_templates.init_app(app, folder)
    compile_it = app.jinja_env.compile

    def noted(source, *rest, **more):
        compiled.append(source)
        return compile_it(source, *rest, **more)

    app.jinja_env.compile = noted
    return app, compiled


def shown(app: Flask) -> str:
    return app.jinja_env.get_template("page.html").render(name="<Ana>")


def test_the_next_process_compiles_nothing_until_the_text_changes(tmp_path: Path) -> None:
    for text, said, often in (
        ("Hello {{ name }}", "Hello &lt;Ana&gt;", 1),
        ("Hello {{ name }}", "Hello &lt;Ana&gt;", 0),
        ("Bye {{ name }}", "Bye &lt;Ana&gt;", 1),
        ("Bye {{ name }}", "Bye &lt;Ana&gt;", 0),
    ):
        app, compiled = a_site(tmp_path, text, tmp_path / "kept")
        assert (shown(app), compiled) == (said, [text] * often)


def test_what_was_damaged_is_compiled_anew(tmp_path: Path) -> None:
    shown(a_site(tmp_path, "Hello", tmp_path / "kept")[0])
    [file] = (tmp_path / "kept").iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    app, compiled = a_site(tmp_path, "Hello", tmp_path / "kept")
    assert (shown(app), compiled) == ("Hello", ["Hello"])


def test_a_page_is_shown_where_nothing_can_be_kept(tmp_path: Path) -> None:
    app, compiled = a_site(tmp_path, "Hello", tmp_path / "page" / "missing")
    assert (shown(app), compiled) == ("Hello", ["Hello"])


def test_nothing_is_kept_where_python_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert shown(a_site(tmp_path, "Hello", tmp_path / "kept")[0]) == "Hello"
    assert not (tmp_path / "kept").exists()
