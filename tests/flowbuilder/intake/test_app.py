"""Intake answers everything under `/f/`, whatever happens behind it, and hands all other requests on."""

import logging
from io import BytesIO, StringIO
from types import SimpleNamespace
from typing import Any, cast
from wsgiref.types import WSGIEnvironment

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from flowbuilder import ids, logs
from flowbuilder.intake.app import IntakeApp
from flowbuilder.intake.desk import Desk
from flowbuilder.intake.request import Request
from flowbuilder.web.security import HEADERS
from tests.support.supplier import LEAD, Supplier


def answered(app: IntakeApp, path: str, **request: Any) -> TestResponse:
    """Return what intake answers, without the pages beside it."""
    environ = EnvironBuilder(path, **request).get_environ()
    body, status, headers = run_wsgi_app(app, environ)
    return TestResponse(body, status, headers, request=None)  # type: ignore[arg-type]


def test_other_addresses_are_handed_on(intake: Flask):
    assert intake.test_client().get("/healthz").json == {"status": "ok"}
    assert intake.test_client().get("/form").status_code == 404


def test_half_an_address_is_told_what_a_whole_one_is(intake: Flask):
    for address in ("/f", "/f/", "/f/k3v9m2q7x1", "/f/k3v9m2q7x1/p8d4t6w0zn/lead"):
        answer = intake.test_client().post(address, json={})
        assert (answer.status_code, answer.json["errors"][0]["code"]) == (404, "no_such_address")


def test_each_answer_carries_the_headers_that_protect_it(supplier: Supplier):
    for answer in (supplier.post(), supplier.post({}), supplier.app.test_client().get("/f/nothing")):
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_head_asks_for_an_answer_without_its_body(supplier: Supplier):
    address = f"{supplier.address}/leads/{supplier.post().json['lead']['id']}"
    client, key = supplier.app.test_client(), {"X-API-Key": supplier.key}
    head, whole = client.head(address, headers=key), client.get(address, headers=key)
    assert (head.status_code, head.data) == (202, b"")
    assert int(head.headers["Content-Length"]) == len(whole.data) > 0


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "post"])
def test_a_method_that_nobody_knows_is_405_in_json(supplier: Supplier, method: str):
    answer = supplier.app.test_client().open(f"{supplier.address}/leads/{ids.show(ids.new_id())}", method=method)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (405, "get_only")


def test_what_fails_within_us_is_500_and_logged_without_any_value(intake: Flask, monkeypatch: pytest.MonkeyPatch):
    # The first thing that a post asks for is missing.
    written, nobody = StringIO(), cast(Desk, SimpleNamespace(loop=intake.extensions["intake"].loop))
    monkeypatch.setattr(logs, "_lines", logs.Lines(written, as_json=True, level=logging.ERROR, process="web"))
    answer = answered(IntakeApp(nobody, cast(Any, None), {}), "/f/a/b", method="POST", json=LEAD)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (500, "our_fault")
    assert "AttributeError" in written.getvalue()
    assert "has no attribute" not in written.getvalue()
    assert LEAD["email"] not in written.getvalue()


class Slowly(BytesIO):
    """A body that comes a few bytes at a time, as from a slow sender."""

    def read(self, size: int | None = -1) -> bytes:
        """Return at most three bytes more."""
        return super().read(3 if size is None or size < 0 else min(3, size))


def a_request(body: bytes, **environ: Any) -> Request:
    """Return a request with this body."""
    given: WSGIEnvironment = {"REQUEST_METHOD": "POST", "PATH_INFO": "/f/a/b", "wsgi.input": Slowly(body), **environ}
    return Request(given)


@pytest.mark.parametrize(
    ("environ", "read"),
    [
        ({"CONTENT_LENGTH": "10"}, b"0123456789"),
        ({"CONTENT_LENGTH": "4"}, b"0123"),
        ({"CONTENT_LENGTH": "99"}, b"0123456789AB"),
        ({"CONTENT_LENGTH": "99", "wsgi.input_terminated": True}, b"0123456789AB"),
        ({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}, b"0123456789AB"),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, b""),
        ({"CONTENT_LENGTH": "many"}, b""),
        ({"CONTENT_LENGTH": "-1"}, b""),
        ({}, b""),
    ],
)
def test_a_body_is_read_to_its_end_and_not_beyond_what_may_be_read(environ: dict[str, Any], read: bytes):
    assert a_request(b"0123456789ABCDEFGH", **environ).read(12) == read


def test_a_header_is_found_whatever_its_case_and_the_type_is_told_from_its_parameters():
    request = a_request(b"", HTTP_X_API_KEY="k", CONTENT_TYPE="Application/JSON; Charset=UTF-8")
    assert (request.header("x-api-key"), request.header("X-Other")) == ("k", None)
    assert (request.mimetype, dict(request.mimetype_params)) == ("application/json", {"charset": "UTF-8"})
