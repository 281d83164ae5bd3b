"""Writing the whole database to a file and reading it back, with PostgreSQL's own programs."""

import subprocess
from pathlib import Path

from sqlalchemy import URL, make_url

from flowbuilder.config import Settings, child_environ
from flowbuilder.embedded.programs import installed_programs


class DumpError(RuntimeError):
    """Why a dump could not be written or read."""


def dump(settings: Settings, file: Path) -> None:
    """Write every table to `file` in pg_dump's custom form; raises DumpError."""
    _run(settings, "pg_dump", "--format=custom", "--no-owner", f"--file={file}")


def restore(settings: Settings, file: Path) -> None:
    """Read a dump into the database, in place of what is there, all of it or nothing; raises DumpError."""
    words = ("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error")
    _run(settings, "pg_restore", *words, str(file))


def _run(settings: Settings, program: str, *words: str) -> None:
    url = make_url(settings.database_url).set(drivername="postgresql")
    # A password on the command line could be read by every user of the machine.
    environ = {**child_environ(settings), "PGPASSWORD": url.password or ""}
    command = [str(installed_programs().postgres / program), f"--dbname={_without_password(url)}", *words]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode != 0:
        raise DumpError(f"{program} ended with code {done.returncode}: {done.stderr.strip()}")


def _without_password(url: URL) -> str:
    return URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query).render_as_string()
