"""A market of its own for each test of the workers."""

from collections.abc import Iterator

import pytest

from tests.support.market import Market, a_market


@pytest.fixture
def market(fresh_database_url: str, fresh_redis_url: str) -> Iterator[Market]:
    """Give an account in an empty database, to be filled with a flow, buyers and leads."""
    with a_market(fresh_database_url, fresh_redis_url) as market:
        yield market
