"""What is kept of requests and replies for people to read: short, clean, and without anybody's secrets."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from rules.delivery.texts import decode_text, without_controls
from rules.delivery.wire import HttpRequest, Reply

MASK = "••••"
TOKEN_HEADER = [["Authorization", f"Bearer {MASK}"]]
"""What is kept of an access token, which a request only gets when it is sent."""
MOST_KEPT = 8 * 1024
MOST_HEADERS = 100
LONGEST_NAME, LONGEST_VALUE = 200, 1000
_SHORTEST_WITH_HINT = 12
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_FROM_URL_SAFE, _TO_URL_SAFE = str.maketrans("-_", "+/"), str.maketrans("+/", "-_")


def masked(request: HttpRequest, credentials: Mapping[str, str]) -> dict[str, Any]:
    """Return a request as JSON to keep: `method`, `url`, `headers`, `body` (its first 8 KiB), secrets masked."""
    url, *headers = _clean([request.url, *chain.from_iterable(request.headers[:MOST_HEADERS])], credentials)
    return {
        "method": request.method,
        "url": url,
        "headers": [*_pairs(headers), *(TOKEN_HEADER if request.grant else ())],
        **kept_body(request.body.decode("utf-8", "replace"), credentials),
    }


def masked_reply(reply: Reply, credentials: Mapping[str, str]) -> dict[str, Any]:
    """Return a reply as JSON to keep: `status`, `headers`, `body` (its first 8 KiB), echoed secrets masked."""
    return {
        "status": reply.status,
        "headers": _pairs(_clean(list(chain.from_iterable(reply.headers[:MOST_HEADERS])), credentials)),
        **kept_body(decode_text(reply), credentials),
    }


def hint(secret: str) -> str:
    """Return what may be shown of a secret: four dots, and of a long one the last four characters."""
    return MASK + (secret[-4:] if len(secret) >= _SHORTEST_WITH_HINT else "")


def mask(text: str, credentials: Mapping[str, str]) -> str:
    """Return the text with every secret masked, also where it is percent-encoded, in JSON, in XML, or inside base64."""
    return _masker(tuple(filter(None, credentials.values()))).mask(text) if credentials else text


class _Masker:
    """The forms of some secrets, made once, as every request and reply is searched for them."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets
        hints = {form: hint(secret) for secret in secrets for form in _forms(secret)}
        # The longest first, so that no secret hides a part of a longer one.
        self._hints = sorted(hints.items(), key=lambda item: len(item[0]), reverse=True)
        self._traces = [trace for secret in secrets for trace in _traces_in_base64(secret)]

    def mask(self, text: str) -> str:
        for form, shown in self._hints:
            if form in text:
                text = text.replace(form, shown)
        if any(trace in text for trace in self._traces):
            return _BASE64.sub(lambda found: self._mask_base64(found[0]), text)
        return text

    def _mask_base64(self, run: str) -> str:
        """Mask a run of base64 that holds a secret, such as the user name and password of basic authentication."""
        bare = run.rstrip("=").translate(_FROM_URL_SAFE)
        try:
            decoded = base64.b64decode(bare + "=" * (-len(bare) % 4)).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return run
        held = next((secret for secret in self._secrets if secret in decoded), None)
        return run if held is None else hint(held)


@lru_cache(maxsize=1024)
def _masker(secrets: tuple[str, ...]) -> _Masker:
    return _Masker(secrets)


def _forms(secret: str) -> set[str]:
    in_json = {json.dumps(secret, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)}
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), escape(secret)} | in_json


def _traces_in_base64(secret: str) -> set[str]:
    """Return what any base64 of a text with the secret in it holds: the characters that depend on nothing else.

    There are three ways, by how many bytes stand before the secret, in each of two alphabets.
    """
    traces = set()
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + secret.encode()).decode().rstrip("=")
        bits = 8 * (before + len(secret.encode()))
        trace = encoded[-(-8 * before // 6) : bits // 6]
        traces |= {trace, trace.translate(_TO_URL_SAFE)}
    return traces


def _clean(texts: list[str], credentials: Mapping[str, str]) -> list[str]:
    """Return texts masked and without control characters; all at once where each is a plain line, as nearly always."""
    if texts and "".join(texts).isprintable():
        lines = mask("\n".join(texts), credentials).split("\n")
        if len(lines) == len(texts):  # No secret with a line break in it was masked.
            return lines
    return [without_controls(mask(text, credentials)) for text in texts]


def _pairs(texts: list[str]) -> list[list[str]]:
    return [[name[:LONGEST_NAME], text[:LONGEST_VALUE]] for name, text in zip(texts[::2], texts[1::2], strict=True)]


def kept_body(text: str, credentials: Mapping[str, str]) -> dict[str, Any]:
    """Return the body's beginning, and `cut` if there is more; masked first, so that no cut secret slips through."""
    shown = mask(text, credentials)
    whole = (shown if shown.isprintable() else without_controls(shown)).encode()
    return {"body": whole[:MOST_KEPT].decode("utf-8", "ignore"), "cut": len(whole) > MOST_KEPT}
