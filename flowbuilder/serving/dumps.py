"""Writing the whole database to a file and reading it back, with PostgreSQL's own programs."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from sqlalchemy import URL, make_url

from flowbuilder.config import Settings, child_environ
from flowbuilder.embedded.programs import installed_programs

# A dump of an older release must not meet tables of a newer one, which would refer to what it brings or be in its way.
BEGIN = b"""
SET client_min_messages = warning;
BEGIN;
DO $$ DECLARE one text; BEGIN
    FOR one IN
        SELECT 'TABLE ' || oid::regclass FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
        UNION ALL
        SELECT 'FUNCTION ' || oid::regprocedure FROM pg_proc
         WHERE pronamespace = current_schema()::regnamespace AND prokind = 'f'
           AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    LOOP EXECUTE 'DROP ' || one || ' CASCADE'; END LOOP;
END $$;
"""
COMMIT = b"\nCOMMIT;\n"
HEAD = 4096
"""Bytes of a dump's script that hold its settings for the session."""
UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;\n"


class DumpError(RuntimeError):
    """Why a dump could not be written or read."""


def dump(settings: Settings, file: Path) -> None:
    """Write every table to `file` in pg_dump's custom form, for its owner's eyes (mode 0600); raises DumpError.

    What stood in the file stays until the new dump is whole.
    """
    draft = file.with_name(f"{file.name}.part")
    words = (*_program(settings, "pg_dump"), "--format=custom", "--no-owner", f"--file={draft}")
    try:
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(words, env=_environ(settings), stderr=said, check=False, umask=0o077)  # noqa: S603 - our own words
            _refuse_failure("pg_dump", done.returncode, said)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def restore(settings: Settings, file: Path) -> None:
    """Read a dump into the database, in place of every table there, all of it or nothing; raises DumpError."""
    reads = (str(installed_programs().postgres / "pg_restore"), "--no-owner", "--file=-", str(file))
    writes = (*_program(settings, "psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1")
    with tempfile.TemporaryFile("w+") as said_reading, tempfile.TemporaryFile("w+") as said_writing:
        with (  # noqa: SIM117 - what they said is read once they have ended
            subprocess.Popen(  # noqa: S603 - our own words
                writes,
                env=_environ(settings),
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said_writing,
            ) as writing,
            subprocess.Popen(reads, stdout=subprocess.PIPE, stderr=said_reading) as reading,  # noqa: S603 - our own words
        ):
            with suppress(BrokenPipeError):  # Who ended too soon says itself why.
                hand_over(cast(IO[bytes], reading.stdout), cast(IO[bytes], writing.stdin), reading.wait)
        _refuse_failure("psql", writing.returncode, said_writing)
        _refuse_failure("pg_restore", reading.returncode, said_reading)


def hand_over(script: IO[bytes], psql: IO[bytes], ended: Callable[[], int]) -> None:
    """Have the script of a dump done as one transaction, which is taken back unless the script came whole."""
    psql.write(BEGIN)
    psql.write(script.read(HEAD).replace(UNKNOWN_BEFORE_17, b""))
    shutil.copyfileobj(script, psql)
    if ended() == 0:
        psql.write(COMMIT)


def _program(settings: Settings, name: str) -> tuple[str, str]:
    return str(installed_programs().postgres / name), f"--dbname={_without_password(_url(settings))}"


def _environ(settings: Settings) -> Mapping[str, str]:
    """A password on the command line could be read by every user of the machine."""
    return {**child_environ(settings), "PGPASSWORD": _url(settings).password or ""}


def _refuse_failure(program: str, code: int, said: IO[str]) -> None:
    if code != 0:
        said.seek(0)
        raise DumpError(f"{program} ended with code {code}: {said.read().strip()}")


def _url(settings: Settings) -> URL:
    return make_url(settings.database_url).set(drivername="postgresql")


def _without_password(url: URL) -> str:
    return URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query).render_as_string()
