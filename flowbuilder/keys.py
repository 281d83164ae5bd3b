"""Keys that programs sign in with: a prefix that says what they open, a public id to find them by, and a secret."""

import hashlib
import re
import secrets
from typing import NamedTuple
from uuid import UUID

from flowbuilder import ids

OF_ACCOUNTS = "fb"
"""The prefix of keys of the management API."""
SECRET_BYTES = 32
HINT_LENGTH = 4
_KEY = re.compile(r"([a-z]{1,8}(?:_[a-z]{1,8})?)_([0-9A-HJKMNP-TV-Z]{26})_([A-Za-z0-9_-]{43})\Z")


class NewKey(NamedTuple):
    """A key right after it was made; `text` is shown once, the rest is stored."""

    text: str
    id: UUID
    secret_hash: bytes
    hint: str


class GivenKey(NamedTuple):
    """A key as somebody presents it: not checked, only taken apart."""

    prefix: str
    id: UUID
    secret_hash: bytes


def new_key(prefix: str) -> NewKey:
    """Return a new key `<prefix>_<id>_<secret>` with 256 random bits; its hint is the last four characters."""
    identifier, secret = ids.new_id(), secrets.token_urlsafe(SECRET_BYTES)
    text = f"{prefix}_{ids.show(identifier)}_{secret}"
    return NewKey(text, identifier, hash_secret(secret), text[-HINT_LENGTH:])


def read_key(text: str) -> GivenKey | None:
    """Return the parts of a presented key, or None when it does not have the form of one.

    The caller finds the stored key by `id` and compares the hashes with `hmac.compare_digest`.
    """
    form = _KEY.match(text)
    if form is None:
        return None
    prefix, shown, secret = form.groups()
    try:
        return GivenKey(prefix, ids.read(shown), hash_secret(secret))
    except ids.NotAnId:
        return None


def hash_secret(secret: str) -> bytes:
    """Return the SHA-256 of a secret; a slow hash would add nothing, because the secret is random."""
    return hashlib.sha256(secret.encode()).digest()
