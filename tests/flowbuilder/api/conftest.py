"""Fixtures of the management API: keys of Sara's and of Zoe's account, and a client that carries one."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from flowbuilder import keys
from flowbuilder.models import ApiKey
from tests.support.cast import Cast, Member, now


class Api:
    """A program with an account key."""

    def __init__(self, app: Flask, key: str) -> None:
        self.key = key
        self._client = app.test_client(use_cookies=False)

    def __call__(self, method: str, path: str, json: Any = None, **headers: str) -> TestResponse:
        """Return the answer to one call; header names are written with underscores."""
        sent = {"Authorization": f"Bearer {self.key}", **{name.replace("_", "-"): at for name, at in headers.items()}}
        return self._client.open(f"/api/v1{path}", method=method, json=json, headers=sent)


def an_api_key(session: Session, member: Member, *scopes: str) -> str:
    """Make an account key and return its text."""
    made = keys.new_key("fb")
    row = ApiKey(id=made.id, account_id=member.account.id, name="scripts", secret_hash=made.secret_hash)
    row.hint, row.scopes, row.created_at, row.last_used_at, row.revoked_at = made.hint, list(scopes), now(), None, None
    session.add(row)
    session.commit()
    return made.text


@pytest.fixture
def api_of(app: Flask, session: Session) -> Callable[..., Api]:
    """Give a maker of programs for members of the cast."""
    return lambda member, *scopes: Api(app, an_api_key(session, member, *scopes))


@pytest.fixture
def api(api_of: Callable[..., Api], cast: Cast) -> Api:
    """Give a program with Sara's key, which may not see people."""
    return api_of(cast.sara)


@pytest.fixture
def strangers_api(api_of: Callable[..., Api], cast: Cast) -> Api:
    """Give a program with Zoe's key."""
    return api_of(cast.zoe)
