"""An id for every request: in the answer as X-Request-Id, and in each line that is logged meanwhile.

It is always made here; what a request calls itself is not believed, because it would stand in the log.
"""

import secrets
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flowbuilder.logs import request_id

NAME = "X-Request-Id"


_process = secrets.token_hex(4)
_numbers = count(1)


def begin_request() -> tuple[str, str]:
    """Name what follows in this context: eight characters of the process and a number; return them as a header."""
    given = f"{_process}-{next(_numbers)}"
    request_id.set(given)
    return NAME, given


class RequestIds:
    """A WSGI application around another that names each request."""

    def __init__(self, inner: WSGIApplication) -> None:
        self._inner = inner

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request under its id."""
        return self._inner(environ, partial(_start_named, start_response, begin_request()))


def _start_named(
    start_response: StartResponse, named: tuple[str, str], status: str, headers: list[tuple[str, str]], *fault: Any
) -> Callable[[bytes], object]:
    return start_response(status, [*headers, named], *fault)
