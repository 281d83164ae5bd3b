"""Access tokens of OAuth 2: the request that asks a buyer's server for one, and what its answer means.

RFC 6749, client credentials (4.4), how a client shows who it is (2.3.1), answers (5.1) and errors (5.2).
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote_plus, urlencode

from rules import json_text
from rules.delivery.headers import HeaderRefused, check_header
from rules.delivery.url import BadUrl, parse
from rules.delivery.wire import USER_AGENT, HttpRequest, Reply
from rules.numbers import as_number
from rules.reading import Part

WAYS = ("body", "header")
# RFC 6749 (5.2 and 4.1.2.1) and RFC 8707.
CODES = (
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
    "invalid_scope", "access_denied", "server_error", "temporarily_unavailable", "invalid_target",
)  # fmt: skip
USUAL_LIFE = 300
"""Seconds that a token lives whose answer does not say it."""
LONGEST_LIFE = 86_400
SKEW = 30
"""Seconds before its end at which a token is not used any more, so that none ends on its way."""


@dataclass(frozen=True, slots=True)
class Grant:
    """How a token is asked for; the client's secret is kept apart."""

    token_url: str
    client_id: str
    scope: str = ""
    audience: str = ""
    sent_in: Literal["body", "header"] = "body"


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and for how many seconds it may be used."""

    text: str
    seconds: int


class TokenRefused(Exception):
    """No token was given. `is_final` if the server does not know this client, so that a person has to act."""

    def __init__(self, message: str, *, is_final: bool) -> None:
        super().__init__(message)
        self.is_final = is_final


def read_grant(settings: Part) -> Grant | None:
    """Return how the authentication of a destination asks for tokens, None if its address is not usable."""
    url = settings.text("token_url", longest=2048)
    sent_in: Any = settings.choice("sent_in", WAYS, "body")
    client_id = settings.text("client_id")
    scope, audience = settings.text("scope", "", longest=2000), settings.text("audience", "", longest=2000)
    try:
        return Grant(parse(url).url, client_id, scope, audience, sent_in) if url else None
    except BadUrl as error:
        settings.report("token_url", "bad_url", str(error))
        return None


def token_request(grant: Grant, secret: str) -> HttpRequest:
    """Return the request for a token; it holds the client's secret and is never kept."""
    pairs = {"grant_type": "client_credentials", "scope": grant.scope, "audience": grant.audience}
    headers = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Accept", "application/json"),
        ("User-Agent", USER_AGENT),
    ]
    if grant.sent_in == "header":
        # Both parts are form-encoded before they are joined (RFC 6749, 2.3.1).
        name = f"{quote_plus(grant.client_id)}:{quote_plus(secret)}"
        headers.append(("Authorization", f"Basic {base64.b64encode(name.encode()).decode()}"))
    else:
        pairs |= {"client_id": grant.client_id, "client_secret": secret}
    body = urlencode({key: value for key, value in pairs.items() if value}).encode()
    return HttpRequest("POST", grant.token_url, tuple(headers), body)


def read_token(reply: Reply) -> Token:
    """Return the token of an answer; raise TokenRefused when there is none."""
    answered = _read_object(reply)
    if reply.status != 200:
        raise _refusal(reply.status, answered)
    text, kind = answered.get("access_token"), answered.get("token_type", "Bearer")
    if not isinstance(text, str) or not text or str(kind).lower() != "bearer":
        raise TokenRefused("The token server's answer holds no bearer token.", is_final=False)
    try:
        check_header("Authorization", text)
    except HeaderRefused as error:
        raise TokenRefused("The token server's answer holds no usable token.", is_final=False) from error
    return Token(text, _life(answered.get("expires_in")))


def _read_object(reply: Reply) -> Mapping[str, Any]:
    try:
        answered = json_text.read(reply.body) if reply.body.strip() else {}
    except json_text.JsonProblem:
        return {}
    return answered if isinstance(answered, dict) else {}


def _refusal(status: int, answered: Mapping[str, Any]) -> TokenRefused:
    """Return why there is no token; of the server's words only the codes are told, as others may repeat the secret."""
    code = answered.get("error")
    ending = f": {code}" if code in CODES else ""
    is_final = code in ("invalid_client", "unauthorized_client") or status == 401
    return TokenRefused(f"The token server answered {status}{ending}.", is_final=is_final)


def _life(expires_in: object) -> int:
    number = as_number(expires_in)
    seconds = USUAL_LIFE if number is None or number <= 0 else int(min(number, LONGEST_LIFE))
    return max(1, seconds - min(SKEW, seconds // 10))


def bearer(token: str) -> tuple[str, str]:
    """Return the header that shows a token (RFC 6750, 2.1)."""
    return "Authorization", f"Bearer {token}"
