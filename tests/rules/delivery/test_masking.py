"""Requests and replies are kept short and clean, and no secret stays in them, however it was echoed."""

import base64
import json
from urllib.parse import quote

import pytest

from rules.delivery.masking import masked, masked_reply
from rules.delivery.wire import HttpRequest, Reply

TOKEN = "tok_live+/=abcdefgh1234"
PASSWORD = 'pa"ss wörd€-and-more'
CREDENTIALS = {"token": TOKEN, "password": PASSWORD, "key": "short"}
BASIC = base64.b64encode(f"acme:{PASSWORD}".encode()).decode()


def test_a_request_is_kept_without_its_secrets() -> None:
    headers = (
        ("Authorization", f"Bearer {TOKEN}"),
        ("X-Basic", f"Basic {BASIC}"),
        ("X-API-Key", "short"),
        ("X-Lead-Id", "01JLEAD"),
    )
    kept = masked(
        HttpRequest("POST", f"https://x.example.com/?t={quote(TOKEN, safe='')}", headers, b'{"a":1}'), CREDENTIALS
    )
    assert kept == {
        "method": "POST",
        "url": "https://x.example.com/?t=••••1234",
        "headers": [
            ["Authorization", "Bearer ••••1234"], ["X-Basic", "Basic ••••more"], ["X-API-Key", "••••"],
            ["X-Lead-Id", "01JLEAD"],
        ],
        "body": '{"a":1}',
        "cut": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "echo",
    [
        TOKEN, f"Bearer {TOKEN}", quote(TOKEN), quote(PASSWORD, safe=""),
        json.dumps(PASSWORD, ensure_ascii=False), json.dumps(PASSWORD),
        f"Authorization: Basic {BASIC}", BASIC.rstrip("="), base64.urlsafe_b64encode(TOKEN.encode()).decode(),
    ],
)  # fmt: skip
def test_an_echoed_secret_is_masked(echo: str) -> None:
    """Case b29 of the table."""
    kept = masked_reply(Reply(200, (("x-echo", echo),), f"you sent {echo}!".encode()), CREDENTIALS)
    assert echo not in json.dumps(kept, ensure_ascii=False)
    assert "••••" in kept["body"]
    assert "••••" in kept["headers"][0][1]


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "abcd"])
@pytest.mark.parametrize("secret", ["hunter2!", TOKEN, PASSWORD, "\x00\u20ac\u00ff?>"])
def test_a_secret_in_base64_is_found_wherever_it_begins(before: str, secret: str) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        echo = encode(f"{before}{secret}:tail".encode()).decode()
        kept = masked_reply(Reply(200, (), f'{{"auth": "{echo}"}}'.encode()), {"password": secret})
        assert echo not in kept["body"]
        assert "••••" in kept["body"]


def test_base64_of_something_else_is_kept() -> None:
    body = base64.b64encode(b"a picture of a house").decode()
    assert masked_reply(Reply(200, (), body.encode()), CREDENTIALS)["body"] == body


def test_a_secret_across_the_cut_does_not_slip_through() -> None:
    kept = masked_reply(Reply(200, (), b"x" * 8180 + TOKEN.encode() + b"y" * 9000), CREDENTIALS)
    assert kept["cut"]
    assert len(kept["body"].encode()) <= 8192
    assert "tok_" not in kept["body"]


def test_what_a_database_or_a_terminal_chokes_on_is_left_out() -> None:
    """Case b19, b23 of the table."""
    kept = masked_reply(Reply(200, (("x-a", "\x1b[31mred\r\nb"),), b"a\x00b\xff\x1b[31m\r\nc"), {})
    assert (kept["body"], kept["headers"]) == ("ab\ufffd[31m\nc", [["x-a", "[31mred\nb"]])


def test_markup_is_kept_as_it_is_for_the_page_to_escape() -> None:
    """Case b22 of the table."""
    assert masked_reply(Reply(200, (), b"<script>alert(1)</script>"), {})["body"] == "<script>alert(1)</script>"
