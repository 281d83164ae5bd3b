"""Fixtures of intake: an app with intake alone, a supplier, the rows it makes."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder import embedded, enqueue
from flowbuilder.config import Settings, settings
from tests.support.buyers import a_buyer
from tests.support.market import a_market
from tests.support.servers import copied_database
from tests.support.shop import Shop, make_test_key, open_flow
from tests.support.supplier import Rows, Supplier, a_supplier, intake_app
from tests.support.yard import a_yard

T = TypeVar("T")


@pytest.fixture
def eventually() -> Callable[[Callable[[], T]], T]:
    """Give a function that asks again until there is an answer, for what is written without being waited for."""

    def ask(question: Callable[[], T]) -> T:
        for _ in range(1200):
            if answer := question():
                return answer
            time.sleep(0.025)
        raise AssertionError("there was no answer within thirty seconds")

    return ask


@pytest.fixture(scope="session")
def intake_settings(database_url: str, redis_url: str) -> Settings:
    """Give settings that point to the servers of this test process."""
    return replace(settings(), database_url=database_url, redis_url=redis_url, web_threads=256)


@pytest.fixture(scope="session")
def intake(intake_settings: Settings) -> Iterator[Flask]:
    """Give an app with intake alone; all tests of the process share its threads."""
    with intake_app(intake_settings) as app:
        yield app


@pytest.fixture
def supplier(intake: Flask, session: Session) -> Supplier:
    """Give a supplier with a flow of its own."""
    return a_supplier(intake, session)


@pytest.fixture
def rows(database_url: str) -> Iterator[Rows]:
    """Give the rows of the database."""
    opened = Rows(database_url)
    yield opened
    opened.close()


@pytest.fixture
def empty_queue(redis_url: str) -> Iterator[None]:
    """Start without messages of other tests."""
    client = enqueue.connect(redis_url)
    client.flushall()
    yield
    client.close()


@pytest.fixture(scope="module")
def shop(servers: embedded.Servers, template: str, redis_url: str) -> Iterator[Shop]:
    """Give a flow with one buyer that takes everything, carried by a real web server and a real worker."""
    with copied_database(servers, template) as url, a_buyer() as buyer, a_market(url, redis_url) as market:
        open_flow(market, buyer)
        with a_yard(market, servers) as yard:
            yard.hire()
            yard.open()
            market.wait_until("(SELECT count(*) FROM worker) >= 1", 120)
            yield Shop(yard, buyer, *yard.address(), make_test_key(market))
