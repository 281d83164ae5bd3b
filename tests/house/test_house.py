"""What holds for the whole house: who reads the environment, what the lock files name, what `make` offers."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = sorted(path for folder in ("flowbuilder", "rules", "workers") for path in (ROOT / folder).rglob("*.py"))
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock")


def test_only_the_settings_read_the_environment():
    readers = {str(path.relative_to(ROOT)) for path in OURS if _taken_from_os(path) & {"environ", "getenv", "environb"}}
    assert readers == {"flowbuilder/config.py"}


def test_migrations_stand_alone():
    imported = {name.split(".")[0] for path in (ROOT / "migrations").rglob("*.py") for name in _imports(path)}
    assert not imported & {"flowbuilder", "rules", "workers"}


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_one_version_and_hashes(name):
    entries = re.split(r"\n(?=[a-z])", (ROOT / name).read_text())[1:]
    assert len(entries) > 1
    assert [entry for entry in entries if not re.match(r"[\w.\[\]-]+==\S+.*\\\n    --hash=sha256:", entry)] == []


@pytest.mark.parametrize("name", [*LOCKS, "package-lock.json"])
def test_no_lock_file_names_a_registry(name):
    words = ("registry", "resolved", "index-url", "find-links", "file:")
    text = (ROOT / name).read_text()
    assert [word for word in words if word in text] == []


def test_every_browser_package_is_locked_by_its_hash():
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert locked[f"node_modules/{name}"]["version"] == version
        assert locked[f"node_modules/{name}"]["integrity"].startswith("sha512-")


def test_browser_files_stand_under_names_that_hold_their_hash():
    vendor = ROOT / "static" / "vendor"
    names = json.loads((vendor / "manifest.json").read_text())
    assert {"htmx.js", "idiomorph.js", "font.css"} <= set(names)
    assert set(names.values()) | {"manifest.json"} == {path.name for path in vendor.iterdir()}


def test_make_offers_its_targets_each_with_a_word_about_it():
    makefile = (ROOT / "Makefile").read_text()
    described = set(re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE))
    assert {"setup", "demo", "serve", "test", "check", "bench", "migrate", "clean"} <= described
    assert set(re.search(r"^\.PHONY: (.*)", makefile, re.MULTILINE)[1].split()) == described


def _taken_from_os(path):
    """Return what a module takes from `os`; a request has an `environ` too, which is another thing."""
    taken = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            taken.add(node.attr)
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            taken |= {name.name for name in node.names}
    return taken


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
