"""Signatures are verified by the official library, over exactly the bytes that are sent."""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from rules.delivery.signing import BadSecret, read_secret, sign

PAGE = Path(__file__).resolve().parents[3] / "docs" / "delivering-leads.md"
OLD = "whsec_" + base64.b64encode(bytes(range(24))).decode()
NEW = "whsec_" + base64.b64encode(bytes(range(24, 56))).decode()
BODY = '{"name":"Zoë","price":31.50}'.encode()


def signed(*secrets: str, body: bytes = BODY, at: datetime | None = None) -> dict[str, str]:
    return dict(sign(secrets, "01JOFFER", at or datetime.now(UTC), body))


def test_the_official_library_accepts_the_signature() -> None:
    assert Webhook(NEW).verify(BODY, signed(NEW)) == {"name": "Zoë", "price": 31.50}


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_while_a_secret_is_replaced_both_are_accepted(secret: str) -> None:
    headers = signed(NEW, OLD)
    assert headers["webhook-signature"].count("v1,") == 2
    assert Webhook(secret).verify(BODY, headers)


@pytest.mark.parametrize("change", ["body", "secret", "time", "id"])
def test_the_official_library_refuses_anything_changed(change: str) -> None:
    headers = signed(NEW, at=datetime.now(UTC) - timedelta(minutes=6) if change == "time" else None)
    if change == "id":
        headers["webhook-id"] = "01JOTHER"
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD if change == "secret" else NEW).verify(BODY + b" " if change == "body" else BODY, headers)


def test_who_follows_the_page_for_buyers_accepts_it_and_refuses_anything_changed() -> None:
    found: dict[str, Any] = {}
    snippet = re.search(r"```python\n(import base64.*?)```", PAGE.read_text(), re.DOTALL)
    assert snippet
    exec(snippet[1], found)
    is_genuine, old = found["is_genuine"], datetime.now(UTC) - timedelta(minutes=6)
    assert [is_genuine(secret, signed(NEW, OLD), BODY) for secret in (NEW, OLD)] == [True, True]
    assert not is_genuine(OLD, signed(NEW), BODY)
    assert not is_genuine(NEW, signed(NEW), BODY + b" ")
    assert not is_genuine(NEW, signed(NEW, at=old), BODY)


def test_the_simple_signature_is_the_hmac_of_the_body() -> None:
    expected = hmac.new(NEW.encode(), BODY, hashlib.sha256).hexdigest()
    assert signed(NEW, OLD)["X-Webhook-Signature"] == expected


def test_the_signature_is_the_one_of_the_specification() -> None:
    secret, message = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    headers = dict(sign([secret], message, datetime.fromtimestamp(1614265330, UTC), b'{"test": 2432232314}'))
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_abc", "whsec_" + "A" * 20, OLD.removeprefix("whsec_"), "whsec_" + "é" * 32]
)
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(BadSecret):
        read_secret(text)
