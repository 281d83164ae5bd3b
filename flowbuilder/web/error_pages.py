"""What people read when something went wrong: what happened, and what to do."""

import logging
from dataclasses import dataclass

import psycopg
from flask import Flask, Response, current_app, request
from flask_wtf.csrf import CSRFError
from sqlalchemy import exc
from werkzeug.exceptions import Conflict, HTTPException, NotFound

from flowbuilder.accounts import access
from flowbuilder.api.errors import http_error_answer, is_for_api
from flowbuilder.web import current, fragments

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Words:
    """The heading of an error page and its advice."""

    heading: str
    advice: str


WORDS = {
    400: Words("We could not read that request", "Go back, check the address or the form, and try again."),
    403: Words("You may not do that", "Your role in this account does not allow it. Ask an owner of the account."),
    404: Words("There is nothing here", "The address is wrong, or what it named is not in your account."),
    405: Words("That cannot be done here", "Go back to the page that you came from and try again."),
    409: Words("Somebody was quicker", "This was changed or deleted at the same moment. Load the page again and look."),
    413: Words("That is too large", "We take at most 1 MB at a time. Send less, or split it."),
    422: Words("Something in the form is not right", "Go back, correct what is marked, and send it again."),
    429: Words("That was too often", "Wait a moment, then try again."),
    500: Words("Something went wrong on our side", "We have written it down. Try again; nothing was half done."),
    503: Words("We cannot reach the database", "Nothing was saved. Try again in a minute."),
}
SIGNED_OUT = Words("You are signed out", "Sign in, open the page again, and send the form once more.")
FORM_EXPIRED = Words("This form is no longer valid", "Load the page again, then send the form once more.")


def init_app(app: Flask) -> None:
    """Answer errors with pages in words; areas that answer programs have their own handlers."""
    app.register_error_handler(CSRFError, _form_expired)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(exc.OperationalError, _no_database)
    app.register_error_handler(exc.TimeoutError, _no_database)
    app.register_error_handler(exc.InvalidRequestError, _was_deleted)
    app.register_error_handler(exc.IntegrityError, _conflict)
    app.register_error_handler(500, _our_fault)


def error_page(status: int, words: Words | None = None) -> Response:
    """Return the page of an error, for htmx only its message."""
    words = words or WORDS.get(status, WORDS[400])
    return fragments.page("errors/error.html", "message", status=status, code=status, words=words)


def _form_expired(_error: CSRFError) -> Response:
    """Say why a form was not taken; whoever signed out elsewhere meanwhile has no token any more."""
    needs_somebody = access.declared_access(current_app, request.endpoint or "").kind == "signed in"
    return error_page(403, SIGNED_OUT if needs_somebody and access.somebody() is None else FORM_EXPIRED)


def _http_error(error: HTTPException) -> Response:
    if is_for_api() or request.is_json:  # Whoever sends JSON to the address of a page is a program too.
        return http_error_answer(error)
    response = error_page(error.code or 500)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _no_database(error: exc.OperationalError | exc.TimeoutError) -> Response:
    log.error("the database does not answer: %s", type(error).__name__)
    access.forget()
    response = error_page(503)
    response.headers["Retry-After"] = "5"
    return response


def _our_fault(_error: Exception) -> Response:
    _start_over()
    return error_page(500)


def _was_deleted(error: exc.InvalidRequestError) -> Response:
    """Answer somebody who changes what another person is just deleting; anything else is a fault of ours."""
    if not str(error).startswith("Could not refresh instance"):
        raise error
    return _answer(NotFound())


def _conflict(error: exc.IntegrityError) -> Response:
    """Answer somebody whose row refers to what another person deleted, or made, at the same moment."""
    if not isinstance(error.orig, psycopg.errors.ForeignKeyViolation | psycopg.errors.UniqueViolation):
        raise error
    log.warning("a row met another one: %s", type(error.orig).__name__)
    return _answer(Conflict())


def _answer(error: HTTPException) -> Response:
    _start_over()
    return _http_error(error)


def _start_over() -> None:
    """Give up what the request did to the database: the page of an error has to ask it who reads it."""
    try:
        current.session().rollback()
    except exc.SQLAlchemyError:
        access.forget()
