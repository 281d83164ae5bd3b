"""Fixtures that any test may ask for.

Per test process, started when first asked for and always stopped:

- `servers`: `embedded.Servers`, a PostgreSQL and a Valkey of this process's own; never kill these, see `own_servers`
- `database_url`: one migrated database that all tests of the process share
- `redis_url`: the Valkey of the process, as it is

Per test:

- `fresh_database_url`: a migrated, empty database of its own
- `fresh_redis_url`: the same Valkey, emptied
- `session`, `cast`: a session on the shared database, and people in it that no other test knows
- `own_servers`: servers of this test alone, which it may kill, wipe and start again
"""

import gc
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
import redis
from sqlalchemy.orm import Session

from flowbuilder import db, embedded
from flowbuilder.config import settings
from flowbuilder.embedded.homes import posts_folder
from tests.support.cast import Cast
from tests.support.servers import copied_database, make_template, private_servers

hypothesis.settings.register_profile(
    "patient",
    hypothesis.settings(),  # Where CI is set these say that the same examples are tried each time.
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("patient")
"""How long an example takes says how busy the machine is, and nothing of what is tried."""


@pytest.fixture(scope="session", autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the tests away from the home of whoever runs them."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SECRET_KEY", "SESSION_SECRET", "VAULT_KEYS"):
            patch.delenv(name, raising=False)
        patch.setenv("FLOWBUILDER_HOME", str(home))
        settings.cache_clear()
        yield home
    shutil.rmtree(posts_folder(home.resolve()), ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[embedded.Servers]:
    """Give the PostgreSQL and Valkey of this test process."""
    with private_servers() as running:
        yield running


@pytest.fixture(scope="session")
def template(servers: embedded.Servers) -> str:
    """Give the name of a migrated database to copy."""
    return make_template(servers)


@pytest.fixture(scope="session")
def database_url(servers: embedded.Servers, template: str) -> Iterator[str]:
    """Give a migrated database that the tests of this process share."""
    with copied_database(servers, template) as url:
        yield url


@pytest.fixture
def fresh_database_url(servers: embedded.Servers, template: str) -> Iterator[str]:
    """Give a migrated, empty database for one test."""
    with copied_database(servers, template) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(servers: embedded.Servers) -> str:
    """Give the Valkey of this test process."""
    return servers.redis_url


@pytest.fixture
def fresh_redis_url(redis_url: str) -> str:
    """Give the Valkey of this test process, emptied."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    return redis_url


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    """Give a database session of the test's own."""
    engine = db.make_engine(database_url, pool_size=1)
    with db.make_sessions(engine)() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def cast(session: Session) -> Cast:
    """Give Sara, Tom, Bill and Zoe, new for each test that asks for them."""
    return Cast(session)


@pytest.fixture
def own_servers() -> Iterator[embedded.Servers]:
    """Give servers that this test alone uses and may kill."""
    with private_servers() as running:
        yield running


FIRST = ("tests/chaos", "tests/journeys", "tests/workers")
"""Where the files that take minutes are: begun last, one of them runs alone while the other processes stand idle."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among ten thousand tests: all of them stay, and are not looked through later either."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first; the order within stays as it was."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))
