"""The embedded PostgreSQL: made on the first start, reached by a socket only, outlives whoever started it."""

import shutil
from pathlib import Path

from flowbuilder.embedded.errors import EmbeddedError
from flowbuilder.embedded.homes import Home
from flowbuilder.embedded.processes import is_alive, process_id, run_program

DATABASE = "flowbuilder"
USER = "flowbuilder"

# Values a larger machine may want to change in postgresql.conf. Statements and the values in error details
# are kept out of the log, for they carry what people wrote about themselves.
FIRST_SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "max_locks_per_transaction": "256",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class Postgres:
    """One PostgreSQL server of one home; its data is in `folder`."""

    def __init__(self, home: Home, *, fsync: bool = True) -> None:
        self._home = home
        self._fsync = fsync
        self.folder = home.data / "postgres"

    @property
    def url(self) -> str:
        """Return the address for SQLAlchemy."""
        return f"postgresql+psycopg://{USER}@/{DATABASE}?host={self._home.sockets}"

    def is_running(self) -> bool:
        """Return whether the server's process is alive."""
        return is_alive(process_id(self._pid_file), "postgres")

    def is_ready(self) -> bool:
        """Return whether the server runs and takes connections."""
        return self.is_running() and self._pid_file.read_text().rstrip().endswith("ready")

    def start(self) -> None:
        """Start the server, or find it running; returns once it takes connections; raises EmbeddedError."""
        if not self.folder.exists():
            self._make()
        self._refuse_other_major()
        if self.is_running() and self._socket.exists():
            return
        self.stop()
        # Left behind by a crash; its number may be another program's by now, and the server would not start.
        self._pid_file.unlink(missing_ok=True)
        options = f"-k {self._home.sockets} -c listen_addresses= -c fsync={'on' if self._fsync else 'off'}"
        self._control("start", "-w", "-t", "120", "-l", self._home.data / "postgres.log", "-o", options)

    def stop(self, *, immediately: bool = False) -> None:
        """Stop the server if it runs: connections are closed, or, `immediately`, everything ends as in a crash."""
        if self.is_running():
            self._control("stop", "-w", "-t", "60", "-m", "immediate" if immediately else "fast")

    @property
    def _pid_file(self) -> Path:
        return self.folder / "postmaster.pid"

    @property
    def _socket(self) -> Path:
        return self._home.sockets / ".s.PGSQL.5432"

    def _control(self, *words: str | Path) -> None:
        self._run("pg_ctl", "-s", "-D", self.folder, *words)

    def _run(self, program: str, *words: str | Path, stdin: str = "") -> None:
        command = [self._home.programs.postgres / program, *words]
        run_program(command, self._home.account, self._home.data, stdin)

    def _make(self) -> None:
        # Made beside and renamed, so that a first start that was cut short begins again.
        draft = self._home.data / "postgres.draft"
        shutil.rmtree(draft, ignore_errors=True)
        settings = [word for name, value in FIRST_SETTINGS.items() for word in ("-c", f"{name}={value}")]
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        sync = [] if self._fsync else ["--no-sync"]
        self._run("initdb", "-D", draft, "-U", USER, "--auth=trust", *locale, *sync, *settings)
        self._run("postgres", "--single", "-D", draft, "postgres", stdin=f"CREATE DATABASE {DATABASE}\n")
        draft.rename(self.folder)

    def _refuse_other_major(self) -> None:
        made_by = int((self.folder / "PG_VERSION").read_text())
        ours = self._home.programs.postgres_major
        if made_by != ours:
            raise EmbeddedError(
                f"{self.folder} was made by PostgreSQL {made_by}, this release brings {ours}: "
                "with the release that made it run `flowbuilder dump leads.dump`, move the folder away, "
                "and with this one run `flowbuilder restore leads.dump`."
            )
