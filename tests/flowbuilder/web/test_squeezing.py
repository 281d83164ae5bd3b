"""Pages are squeezed for our own requests and never for those that another site may have made."""

import gzip

import pytest
from flask import Flask

PAGE = "/sign-in"


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_page_is_squeezed_for_our_own_pages_and_for_a_person(app: Flask, site: str) -> None:
    headers = {"Accept-Encoding": "gzip, br", "Sec-Fetch-Site": site}
    answer = app.test_client().get(PAGE, headers=headers)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert b"<h1>" in gzip.decompress(answer.data)
    assert {"accept-encoding", "sec-fetch-site"} <= {name.lower() for name in answer.vary}


@pytest.mark.parametrize("site", ["cross-site", "same-site", None])
def test_a_request_that_another_site_may_have_made_is_answered_at_full_length(app: Flask, site: str | None) -> None:
    headers = {"Accept-Encoding": "gzip"} | ({"Sec-Fetch-Site": site} if site else {})
    answer = app.test_client().get(PAGE, headers=headers)
    assert "Content-Encoding" not in answer.headers
    assert b"<h1>" in answer.data


def test_who_cannot_read_it_gets_it_as_it_is(app: Flask) -> None:
    answer = app.test_client().get(PAGE, headers={"Accept-Encoding": "gzip;q=0", "Sec-Fetch-Site": "none"})
    assert "Content-Encoding" not in answer.headers


def test_answers_that_are_no_pages_are_left_alone(app: Flask) -> None:
    answer = app.test_client().get("/healthz", headers={"Accept-Encoding": "gzip", "Sec-Fetch-Site": "none"})
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
