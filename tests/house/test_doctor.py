"""`flowbuilder doctor`, as somebody types it who wants to know what is wrong."""

import json
import os
import subprocess
import sys

import pytest

from flowbuilder import embedded
from tests.support.processes import ROOT, processes_of


@pytest.fixture
def home(tmp_path):
    yield tmp_path / "var"
    embedded.delete(tmp_path / "var")


def flowbuilder(home, *words, **environ):
    return subprocess.run(
        [sys.executable, "-m", "flowbuilder", *words],
        cwd=ROOT,
        env={**os.environ, "FLOWBUILDER_HOME": str(home), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_while_nothing_runs_it_starts_the_servers_looks_and_stops_them_again(home):
    flowbuilder(home, "migrate")
    done = flowbuilder(home, "doctor", "--json")
    told = json.loads(done.stdout)
    wrong = [check for check in told["checks"] if check["state"] == "wrong"]
    assert (done.returncode, told["state"], wrong) == (0, "warning", [])
    assert {check["check"] for check in told["checks"]} >= {"settings", "database", "queue", "keys", "workers", "mail"}
    assert processes_of(home) == {}
    assert (home / "secrets.env").read_text().splitlines()[0].partition("=")[2] not in done.stdout


def test_a_home_that_was_never_started_has_no_tables_yet(home):
    done = flowbuilder(home, "doctor")
    assert done.returncode == 1
    assert "wrong    tables" in done.stdout


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"FLOWBUILDER_WEB_PORT": "eighty"}, "wrong    settings  FLOWBUILDER_WEB_PORT cannot be used"),
        ({"FLOWBUILDER_ENV": "production"}, "wrong    settings  FLOWBUILDER_ENV=production needs PUBLIC_URL"),
        (
            {"DATABASE_URL": "postgresql://fred:hunter2@127.0.0.1:1/x", "REDIS_URL": "redis://:pw9@127.0.0.1:1"},
            "Valkey at 127.0.0.1 does not answer",
        ),
    ],
)
def test_what_is_wrong_is_one_line_and_the_exit_code_is_1(home, environ, words):
    done = flowbuilder(home, "doctor", **environ)
    assert (done.returncode, done.stderr) == (1, "")
    assert words in done.stdout
    assert "hunter2" not in done.stdout
    assert "pw9" not in done.stdout
