"""Files for the browser: kept for ever under names of their content, and small."""

import gzip
import json
import re
from pathlib import Path

import pytest
from flask import Flask

from flowbuilder.web import assets

ROOT = Path(__file__).parents[3]
STATIC = ROOT / "static"


def links(app: Flask, path: str = "/sign-in") -> list[str]:
    return re.findall(r'(?:href|src)="(/static/[^"#]+)', app.test_client().get(path).text)


def test_every_file_that_a_page_names_is_there_and_kept_for_ever(app: Flask) -> None:
    for address in links(app):
        answer = app.test_client().get(address, buffered=True)
        assert answer.status_code == 200, address
        assert answer.headers["Cache-Control"] == assets.FOR_EVER, address


@pytest.mark.parametrize("address", ["/static/css/base.css", "/static/css/base.css?v=000000000000"])
def test_without_its_hash_a_file_is_kept_for_a_day(app: Flask, address: str) -> None:
    assert app.test_client().get(address, buffered=True).headers["Cache-Control"] == assets.FOR_A_DAY


@pytest.mark.parametrize("name", ["../wsgi.py", "..%2fwsgi.py", "css/../../wsgi.py", "/etc/passwd", "nothing.css"])
def test_nothing_outside_the_folder_is_given_out(app: Flask, name: str) -> None:
    assert app.test_client().get(f"/static/{name}", follow_redirects=True).status_code == 404


def test_the_address_changes_with_the_content(tmp_path: Path) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor/manifest.json").write_text("{}")
    (tmp_path / "a.css").write_text("one")
    app = Flask("assets", static_folder=None)
    assets.init_app(app, tmp_path)
    with app.test_request_context():
        before = app.jinja_env.globals["asset"]("a.css")  # type: ignore[operator]
        (tmp_path / "a.css").write_text("two!")
    with app.test_request_context():
        assert app.jinja_env.globals["asset"]("a.css") != before  # type: ignore[operator]


def test_without_the_third_party_files_the_start_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(assets.MissingBrowserFiles, match="make setup"):
        assets.init_app(Flask("assets", static_folder=None), tmp_path)


@pytest.mark.parametrize(("accepts", "encoding"), [("gzip, br", "gzip"), ("br", None), ("gzip;q=0", None)])
def test_text_is_squeezed_for_browsers_that_take_it(app: Flask, accepts: str, encoding: str | None) -> None:
    headers = {"Accept-Encoding": accepts}
    answer = app.test_client().get("/static/css/base.css", headers=headers, buffered=True)
    data = gzip.decompress(answer.data) if encoding else answer.data
    assert answer.headers.get("Content-Encoding") == encoding
    assert data == (STATIC / "css/base.css").read_bytes()
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_files_that_are_asked_for_together_come_one_after_the_other(app: Flask) -> None:
    answer = app.test_client().get("/static/css/base+parts.css", buffered=True)
    assert answer.mimetype == "text/css"
    assert answer.data == b"\n".join((STATIC / f"css/{name}.css").read_bytes() for name in ("base", "parts"))


@pytest.mark.parametrize("name", ["css/base+nothing.css", "css/base+../../wsgi.css", "css/+.css"])
def test_all_of_them_must_be_there(app: Flask, name: str) -> None:
    assert app.test_client().get(f"/static/{name}").status_code == 404


def zipped(answers: list[list[Path]]) -> int:
    return sum(len(gzip.compress(b"\n".join(path.read_bytes() for path in paths), 9)) for paths in answers)


def loaded_by(template: Path, ending: str) -> list[list[Path]]:
    """Return the files of a kind that the page of a template loads, those of one address together."""
    base, own = (ROOT / "templates/base.html").read_text(), template.read_text()
    if "{% block tables %}{% endblock %}" in own:
        base = base.replace("asset('css/tables.css')", "")
    if "{% block app %}" in own:
        base = base.replace("asset('js/app.js')", "")
    text = base + own
    vendor = json.loads((STATIC / "vendor/manifest.json").read_text())
    joined = sorted(set(re.findall(rf"asset\('([^']+{ending})'", text)))
    return [
        [STATIC / "vendor" / vendor[name.removeprefix("vendor/")]]
        if "vendor/" in name
        else [STATIC / f"{name.rpartition('/')[0]}/{stem}.{ending}" for stem in stems_of(name, ending)]
        for name in joined
    ]


def stems_of(name: str, ending: str) -> list[str]:
    """Return the names that a name joins, without folder and ending."""
    return name.rpartition("/")[2].removesuffix(f".{ending}").split("+")


PAGES = sorted(path for path in (ROOT / "templates").rglob("*.html") if "extends" in path.read_text())


@pytest.mark.parametrize("template", PAGES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix())
def test_what_a_page_loads_stays_small(template: Path) -> None:
    assert zipped(loaded_by(template, "css")) <= 14_000
    assert zipped(loaded_by(template, "js")) <= (46_000 if template.name == "edit.html" else 40_000)


def test_every_icon_that_a_template_names_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="(\w+)"', (STATIC / "icons.svg").read_text()))
    templates = [path.read_text() for path in (ROOT / "templates").rglob("*.html")]
    named = {name for text in templates for name in re.findall(r'icon\("(\w+)"\)', text)}
    assert named <= drawn
    assert len(named) > 8
