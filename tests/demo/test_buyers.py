"""The demo's buyers as servers, called over sockets."""

from collections.abc import Iterator

import pytest
import requests

from flowbuilder.demo.buyers import KINDS, open_all
from flowbuilder.demo.trading import Helio, Sunrise
from tests.support.pretend_buyers import CREDENTIALS, request_for

LEAD = {"first_name": "Ana", "email": "ana@example.com", "phone_1": "+15125550148", "postal_code": "94105"}


@pytest.fixture
def servers() -> Iterator[dict[str, str]]:
    """Give the address of each buyer, listening on a port of its own."""
    opened = open_all({kind.name: 0 for kind in KINDS}, CREDENTIALS)
    yield {server.buyer.name: f"http://127.0.0.1:{server.server_port}" for server in opened}
    for server in opened:
        server.shutdown()
        server.server_close()


def post(servers, kind, **fields):
    """Post a lead the way the buyer's connection does."""
    request = request_for(kind(CREDENTIALS), {**LEAD, **fields})
    return requests.post(servers[kind.name], data=request.body, headers=dict(request.headers), timeout=10)


@pytest.mark.parametrize("kind", KINDS)
def test_every_buyer_takes_a_lead_over_http(servers, kind):
    first, again = post(servers, kind), post(servers, kind)
    assert first.status_code == 200
    assert first.json() == again.json()


def test_a_stranger_gets_401(servers):
    assert [requests.post(address, data=b"{}", timeout=10).status_code for address in servers.values()] == [401] * 8


def test_what_is_no_lead_gets_400_and_what_is_too_long_413(servers):
    headers = dict(request_for(Sunrise(CREDENTIALS), LEAD).headers)
    codes = [
        requests.post(servers["sunrise"], data=body, headers=headers, timeout=10).status_code
        for body in (b"not json", b"[1]", b"x" * 300_000)
    ]
    assert codes == [400, 400, 413]


def test_a_seller_who_does_not_wait_for_silent_helio_finds_it_well_and_the_lead_taken(servers, capsys):
    request = request_for(Helio(CREDENTIALS), {**LEAD, "postal_code": "90003"})
    with pytest.raises(requests.ReadTimeout):
        requests.post(servers["helio"], data=request.body, headers=dict(request.headers), timeout=0.3)
    again = requests.post(servers["helio"], data=request.body, headers=dict(request.headers), timeout=10)
    assert again.json()["success"] is True
    assert capsys.readouterr().err == ""
