"""The `flowbuilder` command, as a person or a script runs it."""

import os
import stat
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import psycopg
import pytest

from flowbuilder import embedded
from flowbuilder.serving import dumps
from tests.support.processes import ROOT, free_port, processes_of, started
from tests.support.servers import plain_url


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "var"
    yield folder
    embedded.delete(folder)


AWAY = {"DATABASE_URL": "postgresql://fred:hunter2@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1"}


def flowbuilder(home, *words, **environ):
    return subprocess.run(
        [sys.executable, "-m", "flowbuilder", *words],
        cwd=ROOT,
        env={**os.environ, "FLOWBUILDER_HOME": str(home), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_help_names_every_command_and_loads_no_web_framework(home):
    loaded = (
        "import flowbuilder.cli, sys; print(sorted({'flask', 'sqlalchemy', 'redis', 'alembic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    said = flowbuilder(home, "--help").stdout
    assert [
        name for name in ("serve", "web", "worker", "migrate", "demo", "account", "dump", "clean") if name not in said
    ] == []


def test_migrate_starts_the_servers_it_needs_and_stops_them_again(home):
    assert flowbuilder(home, "migrate").stderr == ""
    assert processes_of(home) == {}
    running = embedded.start(home, fsync=False)
    with psycopg.connect(plain_url(running.database_url)) as connection:
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_a_command_uses_the_servers_of_the_serve_that_runs(home):
    with started(home, "tests.support.stand_in_serve", FLOWBUILDER_WEB_PORT=free_port()) as serve:
        serve.wait_for("told that")
        assert flowbuilder(home, "migrate").returncode == 0
        assert len(processes_of(home, "valkey-server")) == 1


def test_what_was_dumped_can_be_restored(home, tmp_path):
    servers = embedded.start(home, fsync=False)
    tell(servers, "CREATE TABLE lead_of_old AS SELECT 7 AS number")
    assert flowbuilder(home, "dump", str(tmp_path / "leads.dump")).stderr == ""
    servers.start_postgres()
    tell(servers, "DROP TABLE lead_of_old")
    assert flowbuilder(home, "restore", str(tmp_path / "leads.dump")).stderr == ""
    servers.start_postgres()
    with psycopg.connect(plain_url(servers.database_url)) as connection:
        assert connection.execute("SELECT number FROM lead_of_old").fetchone() == (7,)


def test_a_dump_of_an_older_release_takes_the_place_of_what_a_newer_one_made(home, tmp_path):
    servers = embedded.start(home, fsync=False)
    tell(servers, "CREATE TABLE lead_of_old (id int PRIMARY KEY)")
    flowbuilder(home, "dump", str(tmp_path / "leads.dump"))
    servers.start_postgres()
    tell(servers, "CREATE TABLE made_later (lead int REFERENCES lead_of_old)")
    tell(servers, "CREATE FUNCTION made_later() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    assert flowbuilder(home, "restore", str(tmp_path / "leads.dump")).stderr == ""
    servers.start_postgres()
    with psycopg.connect(plain_url(servers.database_url)) as connection:
        there = connection.execute("SELECT to_regclass('lead_of_old'), to_regclass('made_later')").fetchone()
        functions = connection.execute("SELECT count(*) FROM pg_proc WHERE proname = 'made_later'").fetchone()
    assert (there, functions) == (("lead_of_old", None), (0,))


def test_a_dump_is_for_its_owner_and_one_that_fails_leaves_the_older_one(home, tmp_path):
    servers, file = embedded.start(home, fsync=False), tmp_path / "leads.dump"
    file.write_text("of yesterday")
    file.chmod(0o644)
    elsewhere = servers.database_url.replace("/flowbuilder?", "/nowhere?")
    servers.start_postgres()
    failed = flowbuilder(home, "dump", str(file), DATABASE_URL=elsewhere, REDIS_URL=servers.redis_url)
    assert (failed.returncode, file.read_text()) == (1, "of yesterday")
    assert 'database "nowhere" does not exist' in failed.stderr
    assert flowbuilder(home, "dump", str(file)).returncode == 0
    assert (stat.S_IMODE(file.stat().st_mode), file.read_bytes()[:5]) == (0o600, b"PGDMP")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("leads")] == ["leads.dump"]


def test_what_cannot_be_restored_leaves_everything_as_it_was(home, tmp_path):
    servers = embedded.start(home, fsync=False)
    tell(servers, "CREATE TABLE lead_of_old AS SELECT number FROM generate_series(1, 100000) AS number")
    flowbuilder(home, "dump", str(tmp_path / "whole.dump"))
    whole = (tmp_path / "whole.dump").read_bytes()
    (tmp_path / "half.dump").write_bytes(whole[: len(whole) // 2])
    assert flowbuilder(home, "restore", str(tmp_path / "half.dump")).returncode == 1
    servers.start_postgres()
    with psycopg.connect(plain_url(servers.database_url)) as connection:
        assert connection.execute("SELECT count(*) FROM lead_of_old").fetchone() == (100000,)


def test_a_dump_is_read_by_servers_that_lack_a_setting_of_newer_ones_and_only_a_whole_one_is_kept():
    script, whole, half = (
        b"SET lock_timeout = 0;\nSET transaction_timeout = 0;\nCREATE TABLE one ();\n",
        BytesIO(),
        BytesIO(),
    )
    dumps.hand_over(BytesIO(script), whole, lambda: 0)
    dumps.hand_over(BytesIO(script), half, lambda: 1)
    assert whole.getvalue().endswith(b"SET lock_timeout = 0;\nCREATE TABLE one ();\n\nCOMMIT;\n")
    assert half.getvalue() == whole.getvalue().removesuffix(dumps.COMMIT)


def test_nothing_is_restored_under_a_serve_that_runs(home, tmp_path):
    with started(home, "tests.support.stand_in_serve", FLOWBUILDER_WEB_PORT=free_port()) as serve:
        serve.wait_for("told that")
        flowbuilder(home, "dump", str(tmp_path / "leads.dump"))
        refused = flowbuilder(home, "restore", str(tmp_path / "leads.dump"))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert f"{home} is served by process {serve.process.pid}: stop that one" in refused.stderr


def test_a_dump_that_cannot_be_read_is_one_sentence(home, tmp_path):
    (tmp_path / "not.dump").write_text("no dump")
    done = flowbuilder(home, "restore", str(tmp_path / "not.dump"))
    assert done.returncode == 1
    assert done.stderr.startswith("flowbuilder: pg_restore ended with code 1: ")


def test_clean_deletes_the_home_wherever_its_data_is(home):
    data = embedded.start(home, fsync=False).postgres.folder
    assert flowbuilder(home, "clean").returncode == 0
    assert [path for path in (home, data) if path.exists()] == []


@pytest.mark.parametrize(
    ("words", "environ", "sentence"),
    [
        (("serve",), {"FLOWBUILDER_WEB_PORT": "eighty"}, "FLOWBUILDER_WEB_PORT cannot be used"),
        (("serve", "--port", "0"), {}, "FLOWBUILDER_WEB_PORT cannot be used"),
        (("serve",), {"FLOWBUILDER_ENV": "production"}, "production needs PUBLIC_URL, SECRET_KEY, VAULT_KEYS"),
        (("worker", "leads"), {}, "set DATABASE_URL and REDIS_URL, or run `flowbuilder serve`"),
        (("migrate",), {"FLOWBUILDER_CLOCK_OFFSET": "1h"}, "cannot be used: it must be a number of seconds."),
        (("migrate",), {"FLOWBUILDER_HOME": "/dev/null/var"}, "Cannot use /dev/null/var: Not a directory."),
        (
            ("migrate",),
            {"REDIS_URL": "localhost:6379"},
            "REDIS_URL cannot be used: it must be an address like redis://",
        ),
        (("migrate",), AWAY, 'connection to server at "127.0.0.1", port 1 failed: Connection refused): start it'),
        (("serve", "--port", free_port()), AWAY, "put DATABASE_URL right"),
        (("migrate",), {"DATABASE_URL": "postgresql://fred:hunter@2:x@h/db"}, "write : / @ in a password as %3A"),
    ],
)
def test_what_cannot_work_is_one_sentence(home, words, environ, sentence):
    done = flowbuilder(home, *words, **environ)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("flowbuilder: ")
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr
    assert "hunter" not in done.stderr


@pytest.mark.parametrize(
    "script", ["tools/make_venv", "tools/need_browser", "tools/check_scripts", "tools/lock", ".ci/run"]
)
def test_scripts_can_be_run_and_stop_at_the_first_error(script):
    path = Path(ROOT / script)
    assert path.stat().st_mode & stat.S_IXUSR
    assert "set -eu" in path.read_text()


def tell(servers, statement):
    with psycopg.connect(plain_url(servers.database_url), autocommit=True) as connection:
        connection.execute(statement)
