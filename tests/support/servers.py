"""Private PostgreSQL and Valkey for tests, and databases copied from a migrated template in a moment."""

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from flowbuilder import db, embedded

TEMPLATE = "migrated"
TABLES = "tables"
PREFIX = "fb-test-"
BUSY = 60.0
"""Seconds for which a database may be in use that is to be copied or dropped."""


@contextmanager
def private_servers(*, fsync: bool = False) -> Iterator[embedded.Servers]:
    """Run servers of their own in a temporary home and delete everything afterwards."""
    sweep_left_behind()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        servers = embedded.start(folder / "home", fsync=fsync)
        _add_quick_tablespace(servers, folder)
        yield servers
    finally:
        _delete(folder)


def sweep_left_behind() -> None:
    """Delete what test runs left that were killed before they could do it."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        with suppress(FileNotFoundError):  # Another run is sweeping too.
            if folder.stat().st_uid == os.geteuid() and not Path(f"/proc/{owner}").exists():
                _delete(folder)


def make_template(servers: embedded.Servers) -> str:
    """Migrate a database once, to be copied for every test that wants its own; return its name.

    It takes leads of last month too: on the first days of a month "three days ago" is in it.
    """
    _run(servers, f"CREATE DATABASE {TEMPLATE} TABLESPACE {TABLES}")
    db.migrate(url_of(servers, TEMPLATE))
    with psycopg.connect(plain_url(url_of(servers, TEMPLATE)), autocommit=True) as database:
        database.execute("SELECT ensure_partitions(now() - interval '1 month', 0)")
    return TEMPLATE


@contextmanager
def copied_database(servers: embedded.Servers, template: str) -> Iterator[str]:
    """Give the address of a fresh copy of `template`, and drop it afterwards with all its connections."""
    name = f"test_{secrets.token_hex(6)}"
    _run(servers, f"CREATE DATABASE {name} TEMPLATE {template} TABLESPACE {TABLES}")
    try:
        yield url_of(servers, name)
    finally:
        _run(servers, f"DROP DATABASE {name} WITH (FORCE)")


def url_of(servers: embedded.Servers, database: str) -> str:
    """Return the SQLAlchemy address of another database of these servers."""
    return make_url(servers.database_url).set(database=database).render_as_string(hide_password=False)


def plain_url(database_url: str) -> str:
    """Return the address in the form that psycopg itself reads."""
    return database_url.replace("postgresql+psycopg://", "postgresql://", 1)


def _add_quick_tablespace(servers: embedded.Servers, folder: Path) -> None:
    # A copied database is hundreds of small files; making them is ten times quicker in /tmp than in a full /var.
    owner = servers.postgres.folder.stat()
    tables = folder / TABLES
    tables.mkdir(mode=0o700)
    os.chown(tables, owner.st_uid, owner.st_gid)
    folder.chmod(0o711)
    _run(servers, f"CREATE TABLESPACE {TABLES} LOCATION '{tables}'")


def _delete(folder: Path) -> None:
    embedded.delete(folder / "home")
    shutil.rmtree(folder, ignore_errors=True)


def _run(servers: embedded.Servers, statement: str) -> None:
    """Run a statement about a whole database, again for a while where somebody is still at it.

    PostgreSQL waits five seconds itself, in which a busy machine may not have ended a connection or a clearing up.
    """
    deadline = time.monotonic() + BUSY
    with psycopg.connect(plain_url(url_of(servers, "postgres")), autocommit=True) as connection:
        while True:
            try:
                connection.execute(statement)  # type: ignore[call-overload]
            except psycopg.errors.ObjectInUse:
                if time.monotonic() > deadline:
                    raise
            else:
                return
