"""A request as intake reads it: thin, because a lead must not pay for what only pages need."""

from collections.abc import Mapping
from functools import cache, lru_cache
from io import BytesIO
from wsgiref.types import InputStream, WSGIEnvironment

from werkzeug.http import parse_options_header

CUT_SHORT = "flowbuilder.cut_short"
"""Where a server that knows it says that the sender went away before the end of the body."""


class Request:
    """One request of a WSGI server (PEP 3333); its body stays where it is until `read` is called."""

    __slots__ = ("_environ", "content_length", "method", "mimetype", "mimetype_params", "path", "query_string")

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ["PATH_INFO"]
        self.query_string: bytes = environ.get("QUERY_STRING", "").encode("latin-1")
        self.mimetype, self.mimetype_params = read_content_type(environ.get("CONTENT_TYPE", ""))
        self.content_length = announced_length(environ)

    @property
    def is_chunked(self) -> bool:
        """Return whether the body comes in chunks, without saying beforehand how long it is."""
        return _is_chunked(self._environ)

    @property
    def is_cut_short(self) -> bool:
        """Return whether the sender went away before the end of the body, as far as the server says so."""
        return bool(self._environ.get(CUT_SHORT))

    @property
    def remote_addr(self) -> str:
        """Return the address that the request came from."""
        return str(self._environ.get("REMOTE_ADDR") or "")

    def header(self, name: str) -> str | None:
        """Return a header's text, whatever the case of its name."""
        return self._environ.get(_variable_of(name))

    def hold(self, most: int) -> None:
        """Read the body now, in this thread, so that `read` waits for nobody; not one that is announced as longer."""
        if (self.content_length or 0) <= most:
            self._environ["wsgi.input"] = BytesIO(self.read(most + 1))

    def read(self, most: int) -> bytes:
        """Return the body, but not more than so many bytes of it; less than announced when the sender went away."""
        stream, length = self._environ["wsgi.input"], self.content_length
        if length is None and not self._environ.get("wsgi.input_terminated"):
            return b""  # Nobody says where it ends, so asking for more would wait for ever.
        return _read_up_to(stream, most if length is None else min(length, most))


def _read_up_to(stream: InputStream, most: int) -> bytes:
    """One call may give less than was asked for; nothing at all means the end."""
    body = stream.read(most)
    while 0 < len(body) < most and (more := stream.read(most - len(body))):
        body += more
    return body


@cache
def _variable_of(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


@lru_cache(maxsize=256)
def read_content_type(text: str) -> tuple[str, Mapping[str, str]]:
    """Return the type in lower case and its parameters, as `Content-Type` says them (RFC 9110, 8.3)."""
    named, parameters = parse_options_header(text)
    return named.lower(), parameters


def announced_length(environ: WSGIEnvironment) -> int | None:
    """Return how long a request says its body is, None where it does not; what is no length announces an empty body."""
    text = environ.get("CONTENT_LENGTH")
    if text is None or _is_chunked(environ):
        return None
    return int(text) if text.isdecimal() and text.isascii() else 0


def _is_chunked(environ: WSGIEnvironment) -> bool:
    return "HTTP_TRANSFER_ENCODING" in environ
