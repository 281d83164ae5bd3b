"""Who calls the API: the account key in the Authorization header, and nothing else."""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from flask import g, request
from sqlalchemy import select

from flowbuilder import keys
from flowbuilder.api.errors import Refusal
from flowbuilder.audit import Actor
from flowbuilder.models import Account, ApiKey
from flowbuilder.web import current

SEEN_EVERY = timedelta(minutes=1)
WRONG = "The key is wrong or revoked: send an account key as Authorization: Bearer fb_…"
OF_A_SOURCE = "This is the key of a source, which posts leads: send an account key as Authorization: Bearer fb_…"


@dataclass(frozen=True)
class Caller:
    """The account that calls, and what its key may do."""

    account: Account
    key: ApiKey

    @property
    def actor(self) -> Actor:
        """Return on whose behalf operations run."""
        return Actor(account_id=self.account.id, key_id=self.key.id)

    @property
    def sees_people(self) -> bool:
        """Return whether personal data is shown in full."""
        return "pii" in self.key.scopes


def caller() -> Caller:
    """Return who calls; only inside a request that `authenticate` let pass."""
    return cast(Caller, g.api_caller)


def known_key() -> ApiKey | None:
    """Return the key that this request proves to hold, looked up once."""
    if "api_key" not in g:
        g.api_key = _key_of(request.headers.get("Authorization", ""))
    return cast(ApiKey | None, g.api_key)


def authenticate() -> None:
    """Find out who calls; refuses with 401, and with the same words whether a key is unknown, wrong or revoked."""
    key = known_key()
    if key is None:
        raise Refusal(401, message=_what_is_wrong())
    account = current.session().get_one(Account, key.account_id)
    g.api_caller = Caller(account, key)
    _note_use(key)


def _key_of(header: str) -> ApiKey | None:
    scheme, _, text = header.partition(" ")
    given = keys.read_key(text.strip()) if scheme.lower() == "bearer" else None
    if given is None:
        return None
    key = current.session().scalar(select(ApiKey).where(ApiKey.id == given.id, ApiKey.revoked_at.is_(None)))
    if key is None or not hmac.compare_digest(key.secret_hash, given.secret_hash):
        return None
    return key


def _what_is_wrong() -> str:
    """Return what to say of the key that came; nothing where none did."""
    given = request.headers.get("Authorization", "").partition(" ")[2].strip()
    if (given or request.headers.get("X-API-Key", "")).startswith("lk_"):
        return OF_A_SOURCE
    return WRONG if given else ""


def _note_use(key: ApiKey) -> None:
    now = current.now()
    if key.last_used_at is None or now - key.last_used_at >= SEEN_EVERY:
        key.last_used_at = now
        current.session().commit()
