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


class RequestIds:
    """A WSGI application around another that names each request: eight characters of the process, and a number."""

    def __init__(self, inner: WSGIApplication) -> None:
        self._inner = inner
        self._process = secrets.token_hex(4)
        self._numbers = count(1)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request under its id."""
        given = f"{self._process}-{next(self._numbers)}"
        request_id.set(given)
        return self._inner(environ, partial(_start_named, start_response, given))


def _start_named(
    start_response: StartResponse, given: str, status: str, headers: list[tuple[str, str]], *fault: Any
) -> Callable[[bytes], object]:
    return start_response(status, [*headers, (NAME, given)], *fault)
