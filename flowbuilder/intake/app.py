"""The app that takes posts in, beside the pages, so that a lead pays for nothing that only pages need.

On an event loop a post that waits for its answer holds no thread; a WSGI server's thread waits for the loop.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import NamedTuple
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flowbuilder import logs
from flowbuilder.intake import ingest, meters, pages
from flowbuilder.intake.answers import Answer, refusal_response
from flowbuilder.intake.desk import Desk
from flowbuilder.intake.language import speaks_xml
from flowbuilder.intake.refusal_lines import RefusalLines
from flowbuilder.intake.refused import IN_DOUBT, TRY_AGAIN_IN, Refused, refuse
from flowbuilder.intake.request import Request
from flowbuilder.intake.wire import MOST_BYTES

POSTS = "/f/"
"""Where the addresses begin that leads are posted to."""
STATUS_LINES = {status.value: f"{status.value} {status.phrase.upper()}" for status in HTTPStatus}

_lines = RefusalLines()


class Response(NamedTuple):
    """A whole answer, as a server sends it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class IntakeApp:
    """Answers every request under `/f/` and hands all others on; `headers` go out with each answer."""

    def __init__(self, desk: Desk, others: WSGIApplication, headers: Mapping[str, str]) -> None:
        self.desk = desk
        self._others = others
        self._headers = list(headers.items())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request as PEP 3333 asks for."""
        if not is_for_intake(environ["PATH_INFO"]):
            return self._others(environ, start_response)
        request = Request(environ)
        request.hold(MOST_BYTES)
        status, headers, body = self.desk.loop.run(self.respond(request))
        start_response(STATUS_LINES[status], headers)
        return [body]

    async def respond(self, request: Request) -> Response:
        """Return the answer to a request that is for intake, or to a post that is, and whose body is there."""
        answer = pages.answer if is_for_intake(request.path) else ingest.answer
        status, body, headers, content_type = await answer_or_refuse(answer, self.desk, request)
        about_body = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        return Response(status, [*about_body, *headers, *self._headers], b"" if request.method == "HEAD" else body)


def is_for_intake(path: str) -> bool:
    """Return whether intake answers at this path."""
    return path.startswith(POSTS) or path == POSTS[:-1]


def takes_post_at(path: str) -> bool:
    """Return whether a post to this path is a lead."""
    return is_for_intake(path) or path.removesuffix("/") in (ingest.ADDRESS, ingest.SHORT_ADDRESS)


async def answer_or_refuse(
    answer: Callable[[Desk, Request], Awaitable[Answer]], desk: Desk, request: Request
) -> Answer:
    """Return the answer to a request: what `answer` gives, or the refusal that it raises; 500 for anything else."""
    try:
        return await answer(desk, request)
    except Refused as refused:
        return _refusal(request, refused)
    except Exception as problem:  # noqa: BLE001 - the outermost place of a request
        logs.tell("post_failed", level=logging.ERROR, **logs.fault_fields(problem))
        message = f"Something went wrong on our side, and {IN_DOUBT}"
        return _refusal(request, refuse(500, "our_fault", message, Retry_After=str(TRY_AGAIN_IN)))


def _refusal(request: Request, refused: Refused) -> Answer:
    meters.posts(refused.status).inc()
    _lines.note(refused)
    return refusal_response(refused, as_xml=speaks_xml(request))
