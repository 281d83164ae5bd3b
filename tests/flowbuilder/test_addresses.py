"""Every address of the table is judged as it says, at saving and at every attempt, without opening a socket."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbuilder.addresses import AddressBlocked, AddressUnresolved, check, own_addresses, parse, system_resolver

TABLE = json.loads((Path(__file__).parents[1] / "cases" / "ssrf_urls.json").read_text())
URLS = TABLE["urls"]
OWN = {"93.184.215.99"}


class NameService:
    """Answers from a table, counts the questions, and knows nothing else."""

    def __init__(self, answers: dict[str, list[str]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        if host not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.answers[host]


@pytest.fixture(autouse=True)
def _no_sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail the test at the end if anything opened a socket or asked the system's resolver."""
    opened: list[tuple[Any, ...]] = []

    def refuse(*arguments: Any, **_: Any) -> None:
        opened.append(arguments)
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert opened == []


def verdict(url: str, names: NameService) -> str:
    try:
        addresses = check(url, resolve=names, own=OWN)
    except AddressBlocked:
        return "block"
    except AddressUnresolved:
        return "retryable"
    return "allow" if addresses else "nothing to connect to"


def expected(entry: dict[str, Any]) -> str:
    return str(entry.get("error_kind", entry["expect"]))


SINGLE = [entry for entry in URLS if "attempts" not in entry]
ATTEMPTS = [entry for entry in URLS if "attempts" in entry]


def test_the_table_is_complete() -> None:
    assert (len(URLS), len(SINGLE), len(ATTEMPTS)) == (TABLE["counts"]["urls"], 187, 4)


@pytest.mark.parametrize("entry", SINGLE, ids=lambda entry: f"{entry['id']}-{entry['group']}")
def test_an_address_is_judged_as_the_table_says(entry: dict[str, Any]) -> None:
    names = NameService(entry.get("resolver") or entry.get("decoy_resolver") or {})
    assert verdict(entry["url"], names) == expected(entry), entry["reason"]
    assert len(names.asked) == (1 if entry["needs_fake_resolver"] else 0)


@pytest.mark.parametrize("entry", ATTEMPTS, ids=lambda entry: entry["id"])
def test_a_name_is_judged_again_at_every_attempt(entry: dict[str, Any]) -> None:
    for attempt in entry["attempts"]:
        answers = attempt.get("answers_per_call", [attempt.get("answers")])
        names = NameService({attempt["host"]: answers[0]})
        assert verdict(entry["url"], names) == attempt["expect"]
        assert len(names.asked) == 1
        if attempt.get("connect_to"):
            assert list(check(entry["url"], resolve=names)) == [attempt["connect_to"]]


def test_all_addresses_of_a_name_are_given_to_connect_to() -> None:
    names = NameService({"example.com": ["93.184.215.14", "2606:2800:21f::1"]})
    checked = check("HTTPS://EXAMPLE.COM/Leads?a[b]=c%20d", resolve=names)
    assert list(checked) == ["93.184.215.14", "2606:2800:21f::1"]
    assert checked.target.url == "https://example.com/Leads?a[b]=c%20d"


@pytest.mark.parametrize(
    "answer", ["93.184.215.99", "fe80::1%eth0", "2606:2800:21f::1%2", "::1", "::ffff:8.8.8.8", "not an address", ""]
)
def test_a_bad_answer_of_the_name_service_blocks(answer: str) -> None:
    names = NameService({"example.com": ["93.184.215.14", answer]})
    assert verdict("https://example.com/", names) == "block"


def test_a_name_that_does_not_exist_may_exist_later() -> None:
    with pytest.raises(AddressUnresolved):
        check("https://example.com/", resolve=NameService({}))


def test_thousands_of_answers_are_not_worked_through() -> None:
    names = NameService({"example.com": ["93.184.215.14"] * 2001})
    assert verdict("https://example.com/", names) == "block"


@pytest.mark.parametrize("entry", [entry for entry in SINGLE if expected(entry) == "block"], ids=lambda e: e["id"])
def test_every_blocked_address_gets_the_same_text(entry: dict[str, Any]) -> None:
    with pytest.raises(AddressBlocked) as blocked:
        check(entry["url"], resolve=NameService(entry.get("resolver", {})))
    assert str(blocked.value) == str(AddressBlocked())


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:9901/leads", True),
        ("https://127.0.0.1:9901/leads", True),
        ("http://buyer-a:80/", True),
        ("http://[::1]:9901/", True),
        ("http://127.0.0.1:9902/leads", False),
        ("http://127.0.0.2:9901/leads", False),
        ("http://127.1:9901/", False),
        ("http://user@127.0.0.1:9901/", False),
        ("http://name.example.com:9901/", False),
    ],
)
def test_only_the_listed_private_addresses_may_be_called(url: str, allowed: bool) -> None:
    listed = {("127.0.0.1", 9901), ("buyer-a", 80), ("::1", 9901)}
    names = NameService({"buyer-a": ["172.18.0.3"], "name.example.com": ["127.0.0.1"]})
    if allowed:
        assert len(check(url, resolve=names, allow=listed)) == 1
    else:
        with pytest.raises(AddressBlocked):
            check(url, resolve=names, allow=listed)


@pytest.mark.parametrize(
    ("url", "again"),
    [
        ("https://Example.com", "https://example.com/"),
        ("https://example.com:443/a/../b", "https://example.com/a/../b"),
        ("https://example.com:8443/?q=1?2", "https://example.com:8443/?q=1?2"),
        ("https://[2606:2800:21f::1]:8443/x", "https://[2606:2800:21f::1]:8443/x"),
        ("https://93.184.215.14/x;y=1", "https://93.184.215.14/x;y=1"),
    ],
)
def test_an_address_is_put_together_from_its_parts(url: str, again: str) -> None:
    assert parse(url).url == again


@pytest.mark.parametrize(
    "url", ["https://[2606:2800:021f::1]/", "https://[::1]x/", "https://[", "https://a.com:65536/"]
)
def test_an_address_with_two_readings_is_refused(url: str) -> None:
    with pytest.raises(AddressBlocked):
        parse(url)


@pytest.mark.usefixtures("_real_sockets")
class TestThisMachine:
    """What asks the machine itself, with sockets given back."""

    @pytest.fixture
    def _real_sockets(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.undo()

    def test_the_system_resolver_gives_address_strings(self) -> None:
        assert "127.0.0.1" in system_resolver("localhost")

    def test_the_addresses_of_this_machine_are_no_wildcards(self) -> None:
        assert not {"0.0.0.0", "::"} & own_addresses()
