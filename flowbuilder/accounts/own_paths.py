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
    """Return the address of the sign-in page that leads back to the page asked for, or to the one that is open."""
    path = own_path(_page_open() if request.htmx else _page_asked())
    return url_for("accounts.sign_in", next=None if path == "/" else path)


def _page_asked() -> str:
    """Return the path of a visit, nothing for what is posted: that is not done by going there again."""
    if request.method != "GET":
        return ""
    query = f"?{request.query_string.decode()}" if request.query_string else ""
    return quote(request.path, safe="/") + query


def _page_open() -> str:
    """Return the path of the page that htmx asks from, nothing where it does not say so."""
    parts = urlsplit(request.htmx.current_url or "")
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _hides_a_slash(path: str) -> bool:
    head = path[:8].lower()
    return "%2f" in head or "%5c" in head
