"""The web app as an ASGI server runs it: posts are answered on the event loop, pages in threads.

A page's thread is not taken before the body is there, so that slow senders hold none; what is announced as longer than
any page takes without a person who is signed in is read by the thread as it comes.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIApplication, WSGIEnvironment

from werkzeug.test import run_wsgi_app

from flowbuilder.intake.app import IntakeApp, Response, is_for_intake, takes_post_at
from flowbuilder.intake.request import CUT_SHORT, Request, announced_length
from flowbuilder.intake.wire import MOST_BYTES
from flowbuilder.web.request_ids import begin_request
from flowbuilder.web.security import MAX_BODY

Scope = Mapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SILENT_FOR = 30.0  # seconds without a byte of a body after which it counts as cut short


class AsgiApp:
    """Answers HTTP as ASGI 3.0 asks for; `pages` is the whole app as WSGI, of which `intake` is a part.

    `proxies` changes a request to what trusted proxies say of it, as `pages` does for its own; it answers nothing.
    """

    def __init__(self, pages: WSGIApplication, intake: IntakeApp, *, proxies: WSGIApplication, threads: int) -> None:
        self._pages = pages
        self._intake = intake
        self._proxies = proxies
        self._threads = ThreadPoolExecutor(threads, "pages")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or live from the server's start to its end."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        self._intake.desk.loop.adopt(asyncio.get_running_loop())
        is_for = takes_post_at if scope["method"] == "POST" else is_for_intake
        answer = self._answer_post if is_for(scope["path"]) else self._answer_page
        status, headers, body = await answer(environ_of(scope), receive)
        raw_headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": raw_headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer_post(self, environ: WSGIEnvironment, receive: Receive) -> Response:
        named = begin_request()
        self._proxies(environ, _start_nothing)
        came = await _read(environ, receive, MOST_BYTES)
        environ["wsgi.input"], environ[CUT_SHORT] = io.BytesIO(came.body), came.is_cut_short
        answered = await self._intake.respond(Request(environ))
        answered.headers.append(named)
        return answered

    async def _answer_page(self, environ: WSGIEnvironment, receive: Receive) -> Response:
        loop = asyncio.get_running_loop()
        came = await _read(environ, receive, MAX_BODY)
        stream = io.BytesIO(came.body)
        environ["wsgi.input"] = io.BufferedReader(_Rest(stream, receive, loop)) if came.has_more else stream
        return await loop.run_in_executor(self._threads, _run, self._pages, environ)


async def _live(receive: Receive, send: Send) -> None:
    ends = False
    while not ends:
        message = await receive()
        ends = message["type"] == "lifespan.shutdown"
        await send({"type": f"{message['type']}.complete"})


def environ_of(scope: Scope) -> WSGIEnvironment:
    """Return the request as PEP 3333 has it, without its body; a header that came twice is one (RFC 9110, 5.3)."""
    host, port = scope.get("server") or ("", 0)
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(raw_path).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw, value in scope["headers"]:
        name, text = _variable_of(raw), value.decode("latin-1")
        if name in environ:
            text = f"{environ[name]}{'; ' if name == 'HTTP_COOKIE' else ','}{text}"
        environ[name] = text
    return environ


@cache
def _variable_of(header: bytes) -> str:
    name = header.decode("latin-1").upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


class _Came(NamedTuple):
    """A body as far as it came: whether there is more of it to read, or its sender went away or fell silent."""

    body: bytes
    has_more: bool = False
    is_cut_short: bool = False


async def _read(environ: WSGIEnvironment, receive: Receive, most: int) -> _Came:
    """Return the body, as far as it is not too long; nothing is read of one that is announced as longer."""
    length = announced_length(environ)
    if length is not None and length > most:
        return _Came(b"", has_more=True)
    parts, came, has_more = list[bytes](), 0, length != 0
    with suppress(TimeoutError):
        async with asyncio.timeout(SILENT_FOR) as limit:
            while has_more and came <= most:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return _Came(b"".join(parts), is_cut_short=True)
                parts.append(message.get("body", b""))
                came += len(parts[-1])
                has_more = message.get("more_body", False) and came != length
                limit.reschedule(asyncio.get_running_loop().time() + SILENT_FOR)
            return _Came(b"".join(parts), has_more)
    return _Came(b"".join(parts), is_cut_short=True)


class _Rest(io.RawIOBase):
    """What has come of a body, and then the rest of it, as its thread asks for it."""

    def __init__(self, came: io.BytesIO, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self._came = came
        self._receive = receive
        self._loop = loop
        self._has_more = True

    def readable(self) -> bool:
        """Return that it is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill in what is there, or what comes next; 0 at the end, and when the sender has gone or is silent."""
        read = self._came.readinto(buffer)
        while not read and self._has_more:
            self._came = io.BytesIO(self._next())
            read = self._came.readinto(buffer)
        return read

    def _next(self) -> bytes:
        coming = asyncio.run_coroutine_threadsafe(_message(self._receive), self._loop)
        try:
            message = coming.result(SILENT_FOR)
        except TimeoutError:
            coming.cancel()
            message = {}
        self._has_more = message.get("more_body", False)
        body: bytes = message.get("body", b"")
        return body


async def _message(receive: Receive) -> Message:
    return await receive()


def _run(pages: WSGIApplication, environ: WSGIEnvironment) -> Response:
    parts, status, headers = run_wsgi_app(pages, environ, buffered=True)
    return Response(int(status[:3]), list(headers), b"".join(parts))


def _start_nothing(_status: str, _headers: list[tuple[str, str]], _fault: object = None) -> Callable[[bytes], object]:
    raise AssertionError("what proxies say is only read")
