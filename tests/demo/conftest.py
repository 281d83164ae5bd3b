"""Fixtures of the demo: the app behind a socket with the seller's account in it, and a program with its key."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from flowbuilder.client import Client
from flowbuilder.config import Settings, settings
from flowbuilder.demo.kept import Kept, make_credentials, settle_ports
from flowbuilder.demo.running import open_account
from tests.support.live import listening
from tests.support.web import running


@dataclass(frozen=True)
class Place:
    """A home with its app: what is kept, and a program that may set up the market."""

    live: Settings
    kept: Kept
    client: Client


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Give what a home keeps before the account is made."""
    return Kept(settle_ports(tmp_path, {}, taken=[]), make_credentials(), "orchard kettle 41")


@pytest.fixture
def place(kept: Kept, fresh_database_url: str, fresh_redis_url: str, tmp_path: Path) -> Iterator[Place]:
    """Give the app in an empty database, with the account of the demo's seller."""
    allowed = tuple(("127.0.0.1", port) for port in range(20_000, 30_000))
    urls = {"database_url": fresh_database_url, "redis_url": fresh_redis_url}
    live = replace(settings(), home=tmp_path, outbound_allow=allowed, **urls)
    kept.write(tmp_path)
    open_account(live)
    with running(live) as app, listening(app) as address:
        kept = Kept.read(tmp_path) or kept
        with Client(address, kept.api_key) as client:
            yield Place(live, kept, client)
