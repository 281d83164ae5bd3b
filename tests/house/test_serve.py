"""`flowbuilder serve` as a process tree, with stand-ins for web and workers and real servers."""

import json
import os
import signal
import time
from dataclasses import replace

import pytest

from flowbuilder.config import settings
from flowbuilder.embedded.homes import open_home
from flowbuilder.embedded.processes import process_id
from flowbuilder.serving.serve import tell_how_to_begin
from tests.support.processes import eventually, free_port, processes_of, started

SERVE = "tests.support.stand_in_serve"


@pytest.fixture
def home(tmp_path):
    return tmp_path / "var"


def test_ctrl_c_twice_ends_everything_in_order_and_leaves_no_process(home):
    with started(home, SERVE, "worker", FLOWBUILDER_WEB_PORT=free_port()) as serve:
        serve.wait_for("works for postgresql+psycopg://")
        serve.wait_for("told that http://127.0.0.1")
        serve.signal(signal.SIGINT)
        serve.signal(signal.SIGINT)
        assert serve.end() == 0
        assert processes_of(home) == {}
        assert "worker   | finished what it had begun\n" in serve.said


def test_as_long_as_nobody_can_sign_in_it_says_how_an_account_is_made(home):
    with started(home, SERVE, FLOWBUILDER_WEB_PORT=free_port()) as serve:
        serve.wait_for("nobody can sign in yet: flowbuilder account create --name Acme --email you@acme.example")


def test_once_somebody_can_sign_in_nothing_is_said(database_url, cast, capsys):
    assert cast.sara.role == "owner"
    tell_how_to_begin(replace(settings(), database_url=database_url))
    assert capsys.readouterr().out == ""


def test_with_lines_as_json_whatever_is_printed_is_one_object_per_line(home):
    environ = {"FLOWBUILDER_WEB_PORT": free_port(), "FLOWBUILDER_LOG_FORMAT": "json"}
    with started(home, SERVE, "worker", **environ) as serve:
        serve.wait_for("told that http://127.0.0.1")
        serve.wait_for("works for postgresql+psycopg://")
        serve.signal(signal.SIGTERM)
        assert serve.end() == 0
    rows = [json.loads(line) for line in serve.said if line.startswith("{")]
    assert {row["process"] for row in rows} >= {"serve", "worker"}
    assert "stopping" in [row["said"] for row in rows if row["process"] == "serve"]


def test_a_second_serve_of_the_home_is_refused_in_one_sentence(home):
    with started(home, SERVE, FLOWBUILDER_WEB_PORT=free_port()) as first:
        first.wait_for("told that")
        with started(
            home.parent / "other", "flowbuilder", "serve", FLOWBUILDER_HOME=str(home), FLOWBUILDER_WEB_PORT=free_port()
        ) as second:
            assert second.end() == 1
            assert [line[:13] for line in second.said] == ["flowbuilder: "]
            assert f"{home} is served by process {first.process.pid}" in second.said[0]
        assert first.process.poll() is None


def test_a_port_that_is_taken_is_refused_before_anything_starts(home):
    port = free_port()
    with started(home, SERVE, FLOWBUILDER_WEB_PORT=port) as first:
        first.wait_for("told that")
        other = home.parent / "other"
        with started(other, "flowbuilder", "serve", "--port", port) as second:
            assert second.end() == 1
            assert "choose another with --port" in second.said[-1]
            assert not (other / "postgres").exists()


def test_a_worker_that_ends_is_started_again_later_each_time(home):
    with started(home, SERVE, "brief", FLOWBUILDER_WEB_PORT=free_port()) as serve:
        for wait in ("0.5 s", "1 s", "2 s"):
            serve.wait_for(f"ended with code 7, starts again in {wait}")
        serve.signal(signal.SIGTERM)
        assert serve.end() == 0


def test_what_a_killed_worker_had_started_ends_with_it(home):
    with started(home, SERVE, "family", FLOWBUILDER_WEB_PORT=free_port()) as serve:
        serve.wait_for("started a child of its own")
        eventually(lambda: processes_of(home, "sleep 1000"))  # Its new name may not be readable yet.
        (child,) = processes_of(home, "sleep 1000")
        os.kill(next(iter(processes_of(home, "stand_in family"))), signal.SIGKILL)
        serve.wait_for("family   | ended with code -9")
        eventually(lambda: child not in processes_of(home, "sleep 1000"))
        serve.signal(signal.SIGTERM)
        assert serve.end() == 0


def test_a_worker_that_does_not_listen_is_killed_in_the_end(home):
    with started(home, SERVE, "stubborn", FLOWBUILDER_WEB_PORT=free_port()) as serve:
        serve.wait_for("does not listen")
        begun = time.monotonic()
        serve.signal(signal.SIGTERM)
        assert serve.end() == 0
        assert 1 <= time.monotonic() - begun < 90
        assert processes_of(home) == {}


def test_a_killed_serve_takes_web_and_workers_with_it_and_the_next_one_finds_the_servers(home):
    with started(home, SERVE, "worker", FLOWBUILDER_WEB_PORT=free_port()) as serve:
        serve.wait_for("works for")
        serve.wait_for("told that")
        os.kill(serve.process.pid, signal.SIGKILL)
        eventually(lambda: not processes_of(home, "stand_in"))
        postgres = process_id(open_home(home).data / "postgres" / "postmaster.pid")
        with started(home, SERVE, FLOWBUILDER_WEB_PORT=free_port()) as again:
            again.wait_for("told that")
            assert process_id(open_home(home).data / "postgres" / "postmaster.pid") == postgres
            again.signal(signal.SIGTERM)
            assert again.end() == 0
        assert processes_of(home) == {}


def test_an_embedded_server_that_dies_is_started_again(home):
    with started(home, SERVE, FLOWBUILDER_WEB_PORT=free_port()) as serve:
        serve.wait_for("told that")
        os.kill(next(iter(processes_of(home, "valkey-server"))), signal.SIGKILL)
        serve.wait_for("Valkey had ended and was started again")
        assert len(processes_of(home, "valkey-server")) == 1
