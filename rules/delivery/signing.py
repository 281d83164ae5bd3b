"""Signatures that prove to a buyer who sent a request, after the Standard Webhooks specification 1.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from rules.delivery.wire import Headers

PREFIX = "whsec_"
FEWEST_BYTES, MOST_BYTES = 24, 64


class BadSecret(ValueError):
    """The text is no signing secret; its message says what one looks like."""

    def __init__(self) -> None:
        super().__init__(f"A signing secret is {PREFIX} and {FEWEST_BYTES} to {MOST_BYTES} bytes in base64.")


def read_secret(secret: str) -> bytes:
    """Return the key bytes of a secret written as `whsec_<base64>`; raises BadSecret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSecret from error
    if not secret.startswith(PREFIX) or not FEWEST_BYTES <= len(key) <= MOST_BYTES:
        raise BadSecret
    return key


def sign(secrets: Sequence[str], message_id: str, sent_at: datetime, body: bytes) -> Headers:
    """Return the headers that sign these exact bytes, one signature per secret, the newest first.

    Two secrets stand side by side while a receiver moves from the old one to the new one. `X-Webhook-Signature` is
    for simple receivers: hex HMAC-SHA256 of the body, keyed with the text of the newest secret. Raises BadSecret.
    """
    timestamp = str(int(sent_at.timestamp()))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    signatures = [base64.b64encode(_hmac(read_secret(secret), content).digest()).decode() for secret in secrets]
    return (
        ("webhook-id", message_id),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", " ".join(f"v1,{signature}" for signature in signatures)),
        ("X-Webhook-Signature", _hmac(secrets[0].encode(), body).hexdigest()),
    )


def _hmac(key: bytes, content: bytes) -> hmac.HMAC:
    return hmac.new(key, content, hashlib.sha256)
