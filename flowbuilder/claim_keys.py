"""How claims of duplicates are named: among whose leads, by which fields, and a keyed hash of their values."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from uuid import UUID

ClaimKey = tuple[str, str, str]


def claim_keys(scope: str, values: Mapping[str, Any], *, together: bool, secret: bytes) -> list[ClaimKey]:
    """Return the claims of some values as scope, kind of field and keyed hash; a value itself is never stored."""
    if together:
        joined = "\x1f".join(str(values[key]).strip().lower() for key in sorted(values))
        return [(scope, "+".join(sorted(values)), _hash(secret, joined))] if values else []
    return [(scope, key, _hash(secret, str(value).strip().lower())) for key, value in values.items()]


def duplicates_secret(secret_key: str) -> bytes:
    """Return the key that values are hashed with, made of the one that the installation keeps."""
    return hashlib.sha256(f"duplicates {secret_key}".encode()).digest()


def scope_at_buyer(connection_id: UUID) -> str:
    """Return the scope of what a buyer was sold or is being offered."""
    return f"buyer {connection_id}"


def _hash(secret: bytes, value: str) -> str:
    return hmac.new(secret, value.encode(), hashlib.sha256).hexdigest()
