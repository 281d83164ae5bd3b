"""The errors of the API: one shape for all of them, also for what the framework refuses."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus
from types import MappingProxyType

from flask import Response, request
from werkzeug.exceptions import HTTPException

from rules import json_text
from rules.problems import Problem

PREFIX = "/api/"
NOTHING: Mapping[str, object] = MappingProxyType({})

CODES = {
    400: ("bad_request", "This request cannot be read."),
    401: ("no_key", "Send an account key as Authorization: Bearer fb_…"),
    403: ("not_allowed", "This key may not do that."),
    404: ("not_found", "There is nothing here, or it belongs to another account."),
    405: ("method_not_allowed", "This address does not take that method; see the Allow header."),
    409: ("conflict", "This was changed meanwhile."),
    411: ("length_required", "Say how long the body is, with a Content-Length."),
    413: ("too_large", "This is larger than what is taken here."),
    415: ("unsupported_media_type", "Send JSON, with Content-Type: application/json."),
    422: ("problems", "Something in it has to be put right first."),
    428: ("revision_needed", "Send the revision you read as If-Match."),
    429: ("too_many_requests", "Too many requests. Try again after the time in Retry-After."),
    500: ("internal_error", "Something went wrong on our side. Nothing was changed."),
    503: ("unavailable", "The database is away. Nothing was changed; try again."),
}


class Refusal(Exception):
    """A request that is answered with an error; `beside` is what stands beside it in the answer."""

    def __init__(
        self,
        status: int,
        code: str = "",
        message: str = "",
        problems: Sequence[Problem] = (),
        beside: Mapping[str, object] = NOTHING,
    ) -> None:
        """Take the status, and what says it better than the usual words for that status."""
        super().__init__(status, code)
        self.status, self.code, self.message = status, code, message
        self.problems, self.beside = problems, beside

    def answer(self) -> Response:
        """Return the error as the API shows it."""
        return error_answer(self.status, self.code, self.message, self.problems, self.beside)


def error_answer(
    status: int,
    code: str = "",
    message: str = "",
    problems: Sequence[Problem] = (),
    beside: Mapping[str, object] = NOTHING,
) -> Response:
    """Return `{"error": {"code", "message", "problems"}}` with this status, and what stands beside it."""
    usual_code, usual_message = CODES.get(status, (HTTPStatus(status).name.lower(), HTTPStatus(status).phrase))
    error = {
        "code": code or usual_code,
        "message": message or usual_message,
        "problems": [asdict(problem) for problem in problems],
    }
    return Response(json_text.write({"error": error, **beside}), status, mimetype="application/json")


def is_for_api() -> bool:
    """Return whether the current request is one of the API's, known address or not."""
    return request.path.startswith(PREFIX)


def http_error_answer(error: HTTPException) -> Response:
    """Return what the framework refused in the API's shape, with the headers that belong to it (Allow, Retry-After)."""
    status = error.code or 500
    answer = error_answer(status)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer
