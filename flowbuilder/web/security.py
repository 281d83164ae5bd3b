"""What protects every page: response headers, form tokens, and the refusal of requests from other sites."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, request
from flask_wtf import CSRFProtect

from flowbuilder.accounts import cookies
from flowbuilder.config import Settings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
# What a response says unless it says otherwise itself, as the files for the browser do about caches.
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
ONE_YEAR = 365 * 24 * 3600
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
MAX_BODY = 1024 * 1024
"""Bytes of a request's body; intake allows less."""
MAX_TEXT = 4 * MAX_BODY
"""Bytes of what is typed or pasted into one field of a form that also takes files."""

csrf = CSRFProtect()


def init_app(app: Flask, settings: Settings) -> None:
    """Set up form tokens, the limit on bodies and the headers of every response."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MAX_BODY,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    cookies.configure_form_cookie(app, settings)
    csrf.init_app(app)
    headers = response_headers(settings)
    app.after_request(lambda response: _protect(response, headers))


def response_headers(settings: Settings) -> dict[str, str]:
    """Return the headers that protect every response."""
    headers = dict(HEADERS)
    if cookies.is_https(settings):
        headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR}; includeSubDomains"
    return headers


def allow_upload(most_bytes: int) -> None:
    """Let this request bring files of so many bytes, which are kept on the disk, and a long text beside them."""
    request.max_content_length = most_bytes
    request.max_form_memory_size = MAX_TEXT


def protect_from_other_sites() -> None:
    """Refuse (403) a request that changes something unless it comes from a page of ours and carries its form token."""
    if request.method in SAFE_METHODS:
        return
    if not _is_from_here():
        abort(403)
    current_app.extensions["csrf"].protect()


def _is_from_here() -> bool:
    """Browsers name the sending site themselves (Fetch Metadata); older ones send at least the origin."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _protect(response: Response, headers: dict[str, str]) -> Response:
    own = {name for name, _ in response.headers}
    response.headers.extend((name, value) for name, value in headers.items() if name not in own)
    return response
