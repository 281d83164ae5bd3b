"""A real PostgreSQL and a real Valkey of our own, started from installed packages, for one machine and for tests.

    servers = embedded.start(Path("var"))       # starts them, or finds them running
    servers.database_url, servers.redis_url
    servers.kill_postgres(); servers.start_postgres()
    servers.stop()

`for_serving` and `for_command` do the same under the lock of the home, for the command line.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from flowbuilder.config import Settings
from flowbuilder.embedded.errors import EmbeddedError
from flowbuilder.embedded.homes import delete_home, open_home
from flowbuilder.embedded.locks import LONG, SHORT, HomeServedError, home_lock
from flowbuilder.embedded.postgres import Postgres
from flowbuilder.embedded.processes import wait_until
from flowbuilder.embedded.valkey import Valkey

__all__ = [
    "EmbeddedError",
    "HomeServedError",
    "Servers",
    "delete",
    "for_command",
    "for_serving",
    "of_running_serve",
    "start",
]


class Servers:
    """The two servers of one home; each may be stopped, killed and started on its own."""

    def __init__(self, home: Path, *, fsync: bool = True) -> None:
        opened = open_home(home)
        self.postgres = Postgres(opened, fsync=fsync)
        self.valkey = Valkey(opened)
        self._wanted: set[Postgres | Valkey] = set()

    @property
    def database_url(self) -> str:
        """Return the address of the database `flowbuilder`, for SQLAlchemy."""
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        """Return the address of Valkey, for a Redis client."""
        return self.valkey.url

    def start_postgres(self) -> None:
        """Start PostgreSQL, or find it running."""
        self._wanted.add(self.postgres)
        self.postgres.start()

    def start_valkey(self) -> None:
        """Start Valkey, or find it running."""
        self._wanted.add(self.valkey)
        self.valkey.start()

    def revive(self) -> list[str]:
        """Start again what was started and has ended by itself since; return the names of those."""
        ended = [server for server in self._wanted if not server.is_running()]
        for server in ended:
            server.start()
        return [type(server).__name__ for server in ended]

    def kill_postgres(self) -> None:
        """End PostgreSQL as a crash would; it recovers when it is started again."""
        self._wanted.discard(self.postgres)
        self.postgres.stop(immediately=True)

    def kill_valkey(self, *, wipe: bool = False) -> None:
        """End Valkey as a crash would, and with `wipe` lose what it held."""
        self._wanted.discard(self.valkey)
        self.valkey.kill(wipe=wipe)

    def stop(self) -> None:
        """Stop both, Valkey first, and wait until they are gone."""
        self._wanted.clear()
        self.valkey.stop()
        self.postgres.stop()


def start(home: Path, *, fsync: bool = True) -> Servers:
    """Return the running servers of a home, started if they were not; `fsync=False` is for tests only."""
    servers = Servers(home, fsync=fsync)
    servers.start_postgres()
    servers.start_valkey()
    return servers


def delete(home: Path) -> None:
    """Stop the servers of a home and delete it with all its data; raises HomeServedError while somebody serves it."""
    if not home.exists():
        return
    with home_lock(home, SHORT):
        Servers(home).stop()
        delete_home(home)


@contextmanager
def for_serving(settings: Settings) -> Iterator[tuple[Settings, Servers | None]]:
    """Hold the home and run the servers it needs; gives the settings with their addresses, and the servers."""
    with home_lock(settings.home, LONG), _running(settings) as (live, servers):
        yield live, servers


@contextmanager
def for_command(settings: Settings, *, alone: bool = False) -> Iterator[Settings]:
    """Run a short command with servers: those of the `serve` that runs, or servers started only for it.

    One that must be `alone` raises HomeServedError while somebody serves the home.
    """
    if alone:
        with home_lock(settings.home, SHORT), _running(settings) as (live, _):
            yield live
        return
    if settings.database_url and settings.redis_url:
        yield settings
        return
    with ExitStack() as stack:
        if _hold(stack, settings.home):
            live, _ = stack.enter_context(_running(settings))
        else:
            live = _attach(settings)
        yield live


def of_running_serve(settings: Settings) -> Settings:
    """Return the settings with the addresses of the `serve` that runs; raises EmbeddedError if none does."""
    if settings.database_url and settings.redis_url:
        return settings
    with ExitStack() as stack:
        if _hold(stack, settings.home):
            raise EmbeddedError(
                f"Nobody serves {settings.home}: set DATABASE_URL and REDIS_URL, or run `flowbuilder serve`, "
                "which starts servers, web and workers together."
            )
    return _attach(settings)


@contextmanager
def _running(settings: Settings) -> Iterator[tuple[Settings, Servers | None]]:
    if settings.database_url and settings.redis_url:
        yield settings, None
        return
    servers = Servers(settings.home)
    try:
        if not settings.database_url:
            servers.start_postgres()
        if not settings.redis_url:
            servers.start_valkey()
        yield _with_addresses(settings, servers), servers
    finally:
        servers.stop()


def _hold(stack: ExitStack, home: Path) -> bool:
    try:
        stack.enter_context(home_lock(home, SHORT))
    except HomeServedError:
        return False
    return True


def _attach(settings: Settings) -> Settings:
    # The one who serves may have begun a moment ago.
    servers = Servers(settings.home)
    needed = [
        server
        for given, server in ((settings.database_url, servers.postgres), (settings.redis_url, servers.valkey))
        if not given
    ]
    if not wait_until(lambda: all(server.is_ready() for server in needed), 60):
        raise EmbeddedError(f"The servers of {settings.home} do not answer: start `flowbuilder serve` again.")
    return _with_addresses(settings, servers)


def _with_addresses(settings: Settings, servers: Servers) -> Settings:
    return replace(
        settings,
        database_url=settings.database_url or servers.database_url,
        redis_url=settings.redis_url or servers.redis_url,
    )
