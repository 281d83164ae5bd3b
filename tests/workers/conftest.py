"""A market of its own for each test of the workers, in one database that is emptied in between."""

from collections.abc import Iterator

import pytest

from flowbuilder import embedded
from tests.support.market import Market, a_market, empty
from tests.support.servers import copied_database


@pytest.fixture(scope="session")
def workers_database_url(servers: embedded.Servers, template: str) -> Iterator[str]:
    """Give a migrated database that only the tests of the workers use, one after the other."""
    with copied_database(servers, template) as url:
        yield url


@pytest.fixture
def market(workers_database_url: str, fresh_redis_url: str) -> Iterator[Market]:
    """Give an account in an empty database, to be filled with a flow, buyers and leads."""
    empty(workers_database_url)
    with a_market(workers_database_url, fresh_redis_url) as market:
        yield market
