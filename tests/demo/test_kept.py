"""What the demo keeps in its home."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from flowbuilder.demo.kept import CREDENTIALS, LISTENERS, Kept, SourceAccess, make_credentials, settle_ports
from rules.delivery.signing import read_secret


def test_what_is_kept_is_read_again_and_nobody_else_may_read_it(kept, tmp_path):
    kept = replace(kept, api_key="fb_1", sources={"Search Leads, solar": SourceAccess("/f/a/b", "k", "t")})
    kept.write(tmp_path)
    assert Kept.read(tmp_path) == kept
    assert [path.name for path in tmp_path.iterdir()] == ["demo.json"]
    assert (tmp_path / "demo.json").stat().st_mode & 0o777 == 0o600


def test_before_the_first_start_nothing_is_kept(tmp_path):
    assert Kept.read(tmp_path) is None


def test_ports_stay_while_they_are_free_and_a_taken_one_is_replaced(tmp_path):
    first = settle_ports(tmp_path, {}, taken=[])
    assert settle_ports(tmp_path, first, taken=[]) == first
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", first["helio"]))
        somebody.listen()
        again = settle_ports(tmp_path, first, taken=[])
    assert {name for name in LISTENERS if again[name] != first[name]} == {"helio"}
    assert len(set(again.values())) == len(LISTENERS)


def test_the_port_of_the_web_is_not_taken(tmp_path):
    first = settle_ports(tmp_path, {}, taken=[])
    assert first["sunrise"] not in settle_ports(tmp_path, first, taken=[first["sunrise"]]).values()


def test_two_homes_look_in_different_places():
    homes = [settle_ports(Path("/srv") / name, {}, taken=[]) for name in ("one", "two")]
    assert not set(homes[0].values()) & set(homes[1].values())


@pytest.mark.parametrize("name", CREDENTIALS)
def test_credentials_are_new_for_every_home(name):
    assert make_credentials()[name] != make_credentials()[name]


def test_the_signing_secret_is_one_of_standard_webhooks():
    assert len(read_secret(make_credentials()["helio_signing_secret"])) == 30
