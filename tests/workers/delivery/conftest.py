"""Senders that are stopped after the test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.caller import Caller


@pytest.fixture
def make_caller() -> Iterator[Callable[..., Caller]]:
    """Make callers with options of a sender."""
    made: list[Caller] = []

    def make(**options: Any) -> Caller:
        made.append(Caller(**options))
        return made[-1]

    yield make
    for caller in made:
        caller.sender.stop(0)


@pytest.fixture
def caller(make_caller: Callable[..., Caller]) -> Caller:
    """Give a caller that may call every unprivileged port of 127.0.0.1."""
    return make_caller(allow=[("127.0.0.1", port) for port in range(1024, 65536)])
