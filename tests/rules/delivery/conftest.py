"""Destinations, leads and offers for the tests of this folder."""

from collections.abc import Callable
from typing import Any

import pytest

from rules.delivery.destination import Destination, parse_destination
from rules.problems import Problem


@pytest.fixture
def a_destination() -> Callable[..., Destination]:
    """Make a destination from settings; its address is that of Sunrise unless said otherwise."""

    def make(**settings: Any) -> Destination:
        problems: list[Problem] = []
        document = {"url": "https://api.sunrise.example.com/leads"} | settings
        destination = parse_destination(document, "destination", problems)
        assert destination is not None, problems
        return destination

    return make
