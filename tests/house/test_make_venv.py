"""Setting up takes the first Python there is, or another that runs clearly quicker, or says why it cannot."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT

QUICK, SLOW, SLOWER = 4_000, 4_400, 4_500  # microseconds: a tenth slower is little, and more is not


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give an empty place for pythons, in which a shell finds the little that it needs."""
    for name in ("sh", "tr"):
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    return tmp_path


def a_python(folder: Path, took: int, *, can_make_them: bool = True, is_new: bool = True) -> Path:
    """Put a python3 there that is as quick as that, and that says how it was called instead of making anything."""
    folder.mkdir()
    path = folder / "python3"
    path.write_text(
        f"""#!/bin/sh
        case "$*" in
            *version_info*) exit {0 if is_new else 1} ;;
            *ensurepip*) exit {0 if can_make_them else 1} ;;
            *quickness*) echo {took} ;;
            *) echo "$0 $*" ;;
        esac
        """
    )
    path.chmod(0o755)
    return path


def make(place: Path, *folders: str, **environ: str) -> tuple[int, list[str]]:
    """Return the status and the lines of the script, with those folders to look for Pythons in, in that order."""
    path = ":".join(str(place / folder) for folder in (*folders, "."))
    done = subprocess.run(
        [ROOT / "tools" / "make_venv", "venv"],
        env={"PATH": path, **environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, [*done.stdout.splitlines(), *done.stderr.splitlines()]


def test_the_first_python_is_taken_where_no_other_is_clearly_quicker(place: Path) -> None:
    first, _ = a_python(place / "own", SLOW), a_python(place / "system", QUICK)
    assert make(place, "own", "system") == (0, [f"{first} -m venv --clear venv"])


def test_one_that_is_clearly_quicker_is_taken_and_named(place: Path) -> None:
    first, quick = a_python(place / "own", SLOWER), a_python(place / "system", QUICK)
    status, [said, made] = make(place, "own", "system")
    assert (status, made) == (0, f"{quick} -m venv --clear venv")
    assert said == f"Using {quick}, which runs clearly quicker than {first} (PYTHON={first} keeps that)."


def test_the_one_that_is_named_is_taken(place: Path) -> None:
    first, _ = a_python(place / "own", SLOWER), a_python(place / "system", QUICK)
    assert make(place, "own", "system", PYTHON=str(first)) == (0, [f"{first} -m venv --clear venv"])


def test_one_that_is_too_old_or_lacks_a_module_is_passed_by(place: Path) -> None:
    a_python(place / "old", QUICK, is_new=False)
    a_python(place / "poor", QUICK, can_make_them=False)
    good = a_python(place / "good", SLOW)
    assert make(place, "old", "poor", "good") == (0, [f"{good} -m venv --clear venv"])


def test_why_none_can_be_taken_is_one_sentence(place: Path) -> None:
    a_python(place / "old", QUICK, is_new=False)
    assert make(place, "old") == (1, ["Python 3.11 or newer is needed: install it so that python3 starts it."])
    poor = a_python(place / "poor", QUICK, can_make_them=False)
    status, [said] = make(place, "old", "poor")
    assert (status, said.split(":")[0]) == (1, f"{poor} cannot make virtual environments")


def test_how_quick_an_interpreter_is_is_a_number_of_microseconds() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools" / "quickness.py"], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 100
