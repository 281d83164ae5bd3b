"""Where a browser may be sent after signing in: paths of our own, and nothing else."""

from urllib.parse import quote, urlsplit

from flask import url_for
from htmx_flask import request


def own_path(text: str | None) -> str:
    """Return the path to go on to, or `/` for anything that could lead to another site.

    Browsers read two slashes of either kind, and paths with tabs or line ends in them, as other hosts (WHATWG URL).
    """
    if not text or not text.startswith("/") or text.startswith("//"):
        return "/"
    if "\\" in text or any(ord(char) <= 32 or ord(char) == 127 for char in text):
        return "/"
    parts = urlsplit(text)
    return "/" if parts.scheme or parts.netloc or _hides_a_slash(parts.path) else text


def sign_in_then() -> str:
    """Return the address of the sign-in page that leads back to the page asked for."""
    if request.method != "GET" or request.htmx:
        return url_for("accounts.sign_in")
    query = f"?{request.query_string.decode()}" if request.query_string else ""
    path = own_path(quote(request.path, safe="/") + query)
    return url_for("accounts.sign_in", next=None if path == "/" else path)


def _hides_a_slash(path: str) -> bool:
    head = path[:8].lower()
    return "%2f" in head or "%5c" in head
