"""The session cookie: what it is called, when it may travel, and when signing in is refused."""

import ipaddress
from urllib.parse import urlsplit

from flask import Flask, Response, request

from flowbuilder.config import Settings
from flowbuilder.web import current


def is_https(settings: Settings) -> bool:
    """Return whether people reach the app over https, as PUBLIC_URL says."""
    return urlsplit(settings.public_url).scheme == "https"


def is_loopback(host: str | None) -> bool:
    """Return whether a host name is this very machine."""
    if not host or host == "localhost":
        return host == "localhost"
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_local(settings: Settings) -> bool:
    """Return whether this request stays on this machine: both PUBLIC_URL and the host asked for are loopback."""
    asked_for = urlsplit(f"//{request.host}").hostname
    return is_loopback(urlsplit(settings.public_url).hostname) and is_loopback(asked_for)


def may_sign_in(settings: Settings) -> bool:
    """Return whether a password may be typed here: over https, on this machine, or where ALLOW_HTTP=1 permits it."""
    return is_https(settings) or settings.allow_http or is_local(settings)


def is_exposed(settings: Settings) -> bool:
    """Return whether sessions travel readably over a network, which owners are warned about."""
    return not is_https(settings) and not is_local(settings)


def name(settings: Settings) -> str:
    """Return the cookie's name; its prefix makes browsers insist on Secure, Path=/ and no domain (RFC 6265bis)."""
    return "__Host-session" if is_https(settings) else "session"


def read() -> str | None:
    """Return the session token that this request carries."""
    return request.cookies.get(name(current.settings()))


def give(response: Response, token: str) -> None:
    """Put a session token into the browser; it lasts until the browser closes or the server ends it."""
    settings = current.settings()
    response.set_cookie(name(settings), token, path="/", secure=is_https(settings), httponly=True, samesite="Lax")


def take_back(response: Response) -> None:
    """Remove the session token from the browser."""
    settings = current.settings()
    response.delete_cookie(name(settings), path="/", secure=is_https(settings), httponly=True, samesite="Lax")


def configure_form_cookie(app: Flask, settings: Settings) -> None:
    """Give the cookie that the form tokens are checked against the same rules as the session's."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-form" if is_https(settings) else "form",
        SESSION_COOKIE_SECURE=is_https(settings),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
    )
