"""Where signing in may lead to."""

from urllib.parse import urlencode

import pytest
from flask import Flask

from flowbuilder.accounts.own_paths import own_path
from tests.support.cast import PASSWORD, Cast
from tests.support.web import post

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    r"/\evil.example",
    r"\/evil.example",
    r"\\evil.example",
    r"/\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example",
    "HTTPS://evil.example/leads",
    "http:///evil.example",
    "//evil.example/%2f..",
    "/%2f/evil.example",
    "/%5cevil.example",
    "/%2F%2Fevil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "javascript:alert(1)",
    "data:text/html,evil",
    "evil.example",
    "@evil.example",
    "/\x00/evil.example",
    "",
]


@pytest.mark.parametrize("text", ELSEWHERE)
def test_what_could_lead_to_another_site_leads_home(text: str) -> None:
    assert own_path(text) == "/"


@pytest.mark.parametrize("text", ["/", "/leads", "/leads?status=sold&flow=flo_1", "/flows/flo_01/versions/2#step-s1"])
def test_a_path_of_ours_is_kept(text: str) -> None:
    assert own_path(text) == text


@pytest.mark.parametrize("text", ELSEWHERE)
def test_the_form_never_leads_away(app: Flask, cast: Cast, text: str) -> None:
    address = "/sign-in?" + urlencode({"next": text})
    answer = post(app.test_client(), address, email=cast.sara.person.email, password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/")
