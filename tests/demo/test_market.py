"""The market as it is set up through the management API, on a real database."""

from dataclasses import replace

import pytest

from flowbuilder import db
from flowbuilder.accounts import passwords, queries
from flowbuilder.demo.documents import home_roofing
from flowbuilder.demo.kept import DemoError, Kept, SourceAccess
from flowbuilder.demo.market import set_up
from flowbuilder.demo.more_destinations import DESTINATIONS
from flowbuilder.demo.places import LISTS
from flowbuilder.demo.running import EMAIL, open_account


def names(rows):
    return sorted(row["name"] for row in rows)


def test_a_market_that_is_set_up_twice_is_there_once(place):
    first = set_up(place.client, place.kept)
    again = set_up(place.client, replace(place.kept, sources=first))
    assert again == first
    assert names(place.client.flows()) == ["British solar", "California solar", "German heat pumps", "Home roofing"]
    assert names(place.client.connections()) == sorted(name for name, _ in DESTINATIONS.values())
    assert [(row["name"], row["entries"]) for row in place.client.lists()] == [
        (listed.name, len(listed.entries)) for listed in LISTS.values()
    ]
    assert names(place.client.sources()) == sorted(first)
    assert {row["live_version"] for row in place.client.flows()} == {1}


def test_its_documents_have_no_problems_and_its_connections_no_plain_secrets(place):
    set_up(place.client, place.kept)
    found = [one for row in place.client.flows() for one in place.client.flow(row["id"])["problems"]]
    # Nobody has sent a test lead yet; the demo's first leads are what shows that its buyers answer.
    assert {one["code"] for one in found} <= {"untested_connection"}
    shown = str([place.client.connection(row["id"]) for row in place.client.connections()])
    assert not [secret for secret in place.kept.credentials.values() if secret in shown]


def test_a_key_that_nobody_kept_is_replaced(place):
    first = set_up(place.client, place.kept)
    again = set_up(place.client, place.kept)
    assert again.keys() == first.keys()
    assert [access.path for access in again.values()] == [access.path for access in first.values()]
    assert all(again[name].key != first[name].key for name in first)


def test_a_buyer_that_had_to_move_is_found_at_its_new_port_and_keeps_its_credentials(place):
    set_up(place.client, place.kept)
    set_up(place.client, replace(place.kept, ports={**place.kept.ports, "helio": 29_990}))
    row = next(row for row in place.client.connections() if row["name"] == "Helio Partners")
    helio = place.client.connection(row["id"])
    assert helio["destination"]["url"] == "http://127.0.0.1:29990/intake"
    assert [secret["name"] for secret in helio["secrets"]] == ["key", "signing_secret"]


def test_a_network_that_had_to_move_is_asked_for_bids_at_its_new_port(place):
    set_up(place.client, place.kept)
    set_up(place.client, replace(place.kept, ports={**place.kept.ports, "kestrel": 29_991}))
    row = next(row for row in place.client.connections() if row["name"] == "Kestrel Media")
    moved = place.client.connection(row["id"])["destination"]
    base = "http://127.0.0.1:29991/kestrel"
    assert [moved["url"], moved["ping"]["url"], moved["feedback"]["url"]] == [
        f"{base}/leads", f"{base}/ping", f"{base}/feedback"
    ]  # fmt: skip


def test_a_list_that_was_never_filled_is_filled_at_the_next_start(place):
    place.client.create_list("Berlin", "postal_code", region="DE")
    set_up(place.client, place.kept)
    assert [row["entries"] for row in place.client.lists() if row["name"] == "Berlin"] == [len(LISTS["berlin"].entries)]


def test_a_flow_that_was_never_published_is_published_at_the_next_start(place):
    known = place.kept.credentials
    ids = {buyer: place.client.create_connection(name, at(20_000, known)) for buyer, (name, at) in DESTINATIONS.items()}
    made = place.client.create_flow("Home roofing", home_roofing(ids))
    set_up(place.client, place.kept)
    assert [row["id"] for row in place.client.flows() if row["name"] == "Home roofing"] == [made["id"]]
    assert place.client.flow(made["id"])["live_version"] == 1


def test_the_owner_can_sign_in_with_the_kept_password_and_is_made_once(place):
    open_account(place.live)
    engine = db.make_engine(place.live.database_url)
    with db.make_sessions(engine)() as session:
        person = queries.person_by_email(session, EMAIL)
        assert passwords.is_password(person.password_hash, place.kept.password)
        assert [account.name for account in queries.accounts_of(session, person.id)] == ["Acme Leads"]
    engine.dispose()
    assert Kept.read(place.live.home).api_key == place.kept.api_key


def test_an_account_whose_key_is_lost_is_told_in_one_sentence(place):
    replace(place.kept, api_key="").write(place.live.home)
    with pytest.raises(DemoError, match=r"does not hold its key: delete the home with `make clean`"):
        open_account(place.live)


def test_a_new_database_gets_a_new_account_and_forgets_the_old_keys(kept, fresh_database_url, tmp_path, place):
    replace(place.kept, sources={"Search Leads, solar": SourceAccess("/f/a/b", "k", "t")}).write(tmp_path)
    engine = db.make_engine(fresh_database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE person SET email = 'somebody@else.example' WHERE email = '{EMAIL}'")
    engine.dispose()
    open_account(place.live)
    read = Kept.read(tmp_path)
    assert read.sources == {}
    assert read.api_key not in ("", place.kept.api_key)
