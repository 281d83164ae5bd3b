"""The docs are true: what they name is there, and what is there is named."""

import re
from pathlib import Path

import pytest

from rules.effects import Effect
from rules.steps import KINDS, READERS

ROOT = Path(__file__).resolve().parent.parent
MAP = (ROOT / "docs/map.md").read_text()
CODE = ("flowbuilder", "rules", "workers", "bench", "tests")
LINK = re.compile(r"\]\(([^)#:]+)\)")
PATH = re.compile(r"`((?:flowbuilder|rules|workers|templates|static|migrations|tests|bench|docs|tools)/[\w./-]*)`")


def test_every_kind_has_a_file_and_every_file_a_kind() -> None:
    files = {path.stem for path in (ROOT / "rules/steps").glob("[!_]*")} - {"base", "ways"}
    assert files == {kind.kind for kind in KINDS} | {"fallback"}
    assert set(READERS) == {kind.kind for kind in KINDS}


def test_every_effect_is_in_the_glossary() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text()
    for effect in Effect.__subclasses__():
        assert effect.__name__ in glossary or effect.name == "note"


@pytest.mark.parametrize("page", [*sorted(path.name for path in (ROOT / "docs").glob("*.md")), "../README.md"])
def test_every_path_and_link_in_a_page_leads_somewhere(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    folder = (ROOT / "docs" / page).parent
    assert [link for link in LINK.findall(text) if not (folder / link).exists()] == []
    assert [path for path in PATH.findall(text) if "<" not in path and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("top", CODE[:3])
def test_the_map_names_every_folder_and_module(top: str) -> None:
    modules = [path for path in (ROOT / top).iterdir() if path.suffix == ".py" and not path.stem.startswith("__")]
    folders = [path for path in (ROOT / top).iterdir() if path.is_dir() and any(path.glob("*.py"))]
    unnamed = [path.name for path in (*modules, *folders) if not re.search(rf"`{path.stem}(\.py|/)?`", MAP)]
    assert unnamed == []
