"""The embedded servers: real ones, started, killed and found again."""

import os
import pwd
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import redis

from flowbuilder import embedded
from flowbuilder.embedded.homes import _own_home, _root_home, delete_home, open_home, sockets_folder
from tests.support.servers import plain_url


def ask(url, question):
    with psycopg.connect(plain_url(url), autocommit=True) as connection:
        return connection.execute(question).fetchone()[0]


def tell(url, statement):
    with psycopg.connect(plain_url(url), autocommit=True) as connection:
        connection.execute(statement)


def valkey(servers):
    return redis.Redis.from_url(servers.redis_url, decode_responses=True)


def test_both_servers_answer_on_sockets_and_on_no_port(servers):
    with valkey(servers) as client:
        assert client.config_get("port") == {"port": "0"}
    assert ask(servers.database_url, "SHOW listen_addresses") == ""
    assert ask(servers.database_url, "SELECT current_database()") == "flowbuilder"


def test_what_is_committed_is_on_disk_unless_a_test_asks_otherwise(tmp_path):
    with_disk = embedded.start(tmp_path)
    try:
        assert ask(with_disk.database_url, "SHOW fsync") == "on"
        assert ask(with_disk.database_url, "SHOW synchronous_commit") == "on"
        with valkey(with_disk) as client:
            kept = client.config_get("appendonly", "appendfsync", "maxmemory-policy", "save")
        assert kept == {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction", "save": ""}
    finally:
        embedded.delete(tmp_path)


def test_data_outlives_a_stop_and_a_crash(own_servers):
    tell(own_servers.database_url, "CREATE TABLE kept AS SELECT 41 AS number")
    own_servers.kill_postgres()
    own_servers.start_postgres()
    tell(own_servers.database_url, "UPDATE kept SET number = 42")
    own_servers.stop()
    own_servers.start_postgres()
    assert ask(own_servers.database_url, "SELECT number FROM kept") == 42


def test_valkey_keeps_what_it_held_over_a_stop_and_loses_it_when_wiped(own_servers):
    with valkey(own_servers) as client:
        client.set("nudge", "1")
    own_servers.valkey.stop()
    own_servers.start_valkey()
    with valkey(own_servers) as client:
        assert client.get("nudge") == "1"
    own_servers.kill_valkey(wipe=True)
    own_servers.start_valkey()
    with valkey(own_servers) as client:
        assert client.get("nudge") is None


def test_servers_that_run_already_are_found_and_not_started_twice(own_servers):
    before = ask(own_servers.database_url, "SELECT pg_postmaster_start_time()")
    own_servers.start_postgres()
    own_servers.start_valkey()
    assert ask(own_servers.database_url, "SELECT pg_postmaster_start_time()") == before


def test_only_what_ended_by_itself_is_revived(own_servers):
    assert own_servers.revive() == []
    own_servers.valkey.kill()
    assert own_servers.revive() == ["Valkey"]
    own_servers.kill_postgres()
    assert own_servers.revive() == []


def test_a_pid_file_that_names_another_program_is_no_hindrance(own_servers):
    own_servers.kill_postgres()
    own_servers.postgres._pid_file.write_text(f"{os.getpid()}\n")
    own_servers.start_postgres()
    assert ask(own_servers.database_url, "SELECT 1") == 1


def test_a_first_start_that_was_cut_short_begins_again(tmp_path):
    draft = open_home(tmp_path).data / "postgres.draft"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("half of it")
    try:
        assert ask(embedded.start(tmp_path, fsync=False).database_url, "SELECT 1") == 1
    finally:
        embedded.delete(tmp_path)


def test_data_of_another_major_is_refused_with_what_to_do(own_servers):
    own_servers.stop()
    (own_servers.postgres.folder / "PG_VERSION").write_text("14\n")
    with pytest.raises(embedded.EmbeddedError, match=r"made by PostgreSQL 14.*flowbuilder dump.*flowbuilder restore"):
        own_servers.start_postgres()


def test_data_belongs_to_nobody_who_is_root(own_servers):
    owner = own_servers.postgres.folder.stat().st_uid
    assert owner == (pwd.getpwnam("flowbuilder").pw_uid if os.geteuid() == 0 else os.geteuid())
    assert own_servers.postgres.folder.stat().st_mode & 0o077 == 0


def test_sockets_have_short_paths_and_are_private(tmp_path):
    home = tmp_path / ("very" * 30) / ("long" * 30)
    opened = open_home(home)
    try:
        assert len(str(opened.sockets / ".s.PGSQL.5432")) < 100
        assert opened.sockets.stat().st_mode & 0o777 == 0o700
    finally:
        embedded.delete(home)


def test_a_socket_folder_that_somebody_else_made_is_refused(tmp_path):
    sockets = sockets_folder(tmp_path.resolve())
    sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(embedded.EmbeddedError, match="belongs to somebody else"):
            open_home(tmp_path)
    finally:
        sockets.unlink()
        embedded.delete(tmp_path)


def test_a_home_is_not_shared_between_root_and_others(tmp_path):
    (tmp_path / "mine" / "postgres").mkdir(parents=True)
    with pytest.raises(embedded.EmbeddedError, match="start it as that user"):
        _root_home(tmp_path / "mine")
    (tmp_path / "data-folder").write_text("/var/lib/flowbuilder/0a1b\n")
    with pytest.raises(embedded.EmbeddedError, match="start it as root again"):
        _own_home(tmp_path)


def test_a_deleted_home_leaves_nothing(tmp_path):
    home = tmp_path / "var"
    servers = embedded.start(home, fsync=False)
    data = servers.postgres.folder
    embedded.delete(home)
    assert [path for path in (home, data, sockets_folder(home)) if path.exists()] == []
    assert not servers.postgres.is_running()
    assert not servers.valkey.is_running()


def test_no_folder_above_the_home_is_opened_to_others(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.rmtree(closed / "var", ignore_errors=True)
    try:
        assert ask(embedded.start(closed / "var", fsync=False).database_url, "SELECT 1") == 1
        assert Path(closed).stat().st_mode & 0o777 == 0o700
    finally:
        embedded.delete(closed / "var")


def test_a_fresh_database_is_migrated_and_empty(fresh_database_url):
    assert ask(fresh_database_url, "SELECT count(*) FROM alembic_version") == 1
    assert ask(fresh_database_url, "SELECT count(*) FROM account") == 0


def test_homes_may_come_and_go_at_the_same_time(tmp_path):
    homes = [tmp_path / str(number) for number in range(4)]

    def open_and_delete(home):
        for _ in range(3):
            assert open_home(home).programs.postgres.joinpath("initdb").exists()
            delete_home(home)

    with ThreadPoolExecutor() as threads:
        assert list(threads.map(open_and_delete, homes)) == [None] * len(homes)
