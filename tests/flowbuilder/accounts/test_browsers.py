"""Browsers as the page of a person's account names them."""

import pytest

from flowbuilder.accounts.browsers import name_of

MOZILLA = "Mozilla/5.0"
LIKE_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"{MOZILLA} (X11; Linux x86_64) {LIKE_CHROME} Safari/537.36", "Chrome on Linux"),
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64) {LIKE_CHROME} Safari/537.36 Edg/142.0.0.0", "Edge on Windows"),
        (f"{MOZILLA} (Linux; Android 10; K) {LIKE_CHROME} Mobile Safari/537.36", "Chrome on Android"),
        (f"{MOZILLA} (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Windows"),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/26.1 Safari/605", "Safari on a Mac"),
        (f"{MOZILLA} (iPhone; CPU iPhone OS 18_7 like Mac OS X) CriOS/142.0 Mobile Safari/604", "Chrome on iPhone"),
        (f"{MOZILLA} (Linux) Something/1", "A browser on Linux"),
        ("curl/8.14.1", "curl"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_as_people_name_it(user_agent: str, name: str) -> None:
    assert name_of(user_agent) == name
