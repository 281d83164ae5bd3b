"""Secrets to sign with: made up, checked, and how long an older one stays in use beside a new one."""

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rules.delivery.signing import PREFIX, BadSecret, read_secret
from rules.fields.moment import read_moment

OVERLAP = timedelta(days=7)
SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new secret of 256 random bits, as the Standard Webhooks specification writes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def secret_problem(name: str, secret: str) -> str | None:
    """Return why a text cannot be the secret of this name, None if it can."""
    if not secret.isprintable():
        return "A secret cannot hold line breaks or other control characters."
    if name != "signing_secret":
        return None
    try:
        read_secret(secret)
    except BadSecret as problem:
        return str(problem)
    return None


def old_secret_until(destination: Mapping[str, Any]) -> datetime | None:
    """Return until when an older secret signs beside the new one."""
    return read_moment(destination.get("old_secret_until"))
