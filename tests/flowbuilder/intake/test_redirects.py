"""A form may send people on to pages of the hosts that its source allows, and nowhere else."""

import pytest

from flowbuilder.intake.redirects import read_host, read_redirect

HOSTS = frozenset({"www.example.com", "thanks.example.com:8443"})


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.com",
        "https://www.example.com/",
        "http://www.example.com/thanks?lead=1#top",
        "https://WWW.Example.COM/Thanks",
        "https://www.example.com:443/thanks",
        "http://www.example.com:80/thanks",
        "https://www.example.com?from=https://elsewhere.example/",
        "https://www.example.com/@elsewhere.example",
        "https://thanks.example.com:8443/",
        "  https://www.example.com/thanks ",
    ],
)
def test_a_page_of_an_allowed_host_is_kept_as_it_was_written(url: str):
    assert read_redirect(url, HOSTS) == (url.strip(), None)


@pytest.mark.parametrize("value", [None, "", "  ", [], {}])
def test_nothing_is_asked_for_by_a_blank(value: object):
    assert read_redirect(value, HOSTS) == (None, None)


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/",
        "https://www.example.com.elsewhere.example/",
        "https://elsewhere.example.com/",
        "https://notwww.example.com/",
        "https://example.com/",
        "https://www.example.com:8443/",
        "https://www.example.com:80/",
        "https://thanks.example.com/",
        "http://127.0.0.1/",
    ],
)
def test_another_host_is_not_allowed(url: str):
    redirect, problem = read_redirect(url, HOSTS)
    assert (redirect, problem and problem.code) == (None, "redirect_not_allowed")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,hi",
        "//www.example.com/",
        "/thanks",
        "www.example.com/thanks",
        "ftp://www.example.com/",
        "https:www.example.com",
        "https:///www.example.com",
        "https://www.example.com\\@elsewhere.example/",
        "https://www.example.com@elsewhere.example/",
        "https://user:pass@www.example.com/",
        "https://elsewhere.example\\.www.example.com/",
        "https://www.example.com\t.elsewhere.example/",
        "https://www.example.com/\r\nSet-Cookie: a=b",
        "https://www.example.com/\x00",
        "https://www.exampl\u212a.com/",
        "https://www.example.com./",
        "https://[::1]/",
        "https://%77ww.example.com/",
        "https://www.example.com/" + "a" * 2048,
        "https://www.example.com/é",
        7,
        ["https://www.example.com/"],
        True,
    ],
)
def test_what_browsers_may_read_in_two_ways_is_no_address(url: object):
    redirect, problem = read_redirect(url, HOSTS)
    assert (redirect, problem and problem.code) == (None, "redirect_not_usable")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        (" WWW.Example.com ", "www.example.com"),
        ("example.com:8443", "example.com:8443"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("localhost", "localhost"),
        ("https://example.com", None),
        ("example.com/thanks", None),
        ("*.example.com", None),
        ("bücher.example", None),
        ("-a.example", None),
        ("", None),
    ],
)
def test_a_host_is_kept_in_lower_case(text: str, host: str | None):
    assert read_host(text) == host
