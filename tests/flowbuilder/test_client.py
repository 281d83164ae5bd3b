"""The API's client, against the app behind a socket."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from pytest_httpserver import HTTPServer

from flowbuilder import keys
from flowbuilder.client import ApiError, Client, Unreachable
from flowbuilder.models import ApiKey
from tests.support.cast import a_flow, a_lead, a_source, now
from tests.support.documents import solar, sunrise
from tests.support.live import listening
from tests.support.processes import ROOT, free_port


@pytest.fixture
def api_key(session, cast) -> str:
    """Give a key of Sara's account."""
    made = keys.new_key("fb")
    row = ApiKey(id=made.id, account_id=cast.sara.account.id, name="scripts", secret_hash=made.secret_hash)
    row.hint, row.scopes, row.created_at = made.hint, [], now()
    session.add(row)
    session.commit()
    return made.text


@pytest.fixture
def client(app, api_key) -> Iterator[Client]:
    """Give a client of the app for Sara's account."""
    with listening(app) as address, Client(address, api_key) as opened:
        yield opened


def test_a_flow_is_created_published_and_read_with_exact_amounts(client):
    made = client.create_flow("Solar", {**solar(), "values": {"floor": Decimal("31.50")}})
    assert client.publish_flow(made["id"]) == 1
    flow = client.flow(made["id"])
    assert (flow["live_version"], flow["draft"]["values"]) == (1, {"floor": Decimal("31.50")})
    assert client.caps(made["id"]) == []


def test_a_draft_is_saved_compared_taken_back_and_tried(client):
    flow = client.create_flow("Solar", solar())["id"]
    client.publish_flow(flow)
    assert client.save_draft(flow, solar(currency="EUR"), 1)["revision"] == 2
    assert [one["after"] for one in client.draft_changes(flow)] == ["“EUR”"]
    assert client.undo(flow, 2)["revision"] == 3
    with pytest.raises(ApiError) as refused:
        client.save_draft(flow, solar(), 2)
    assert refused.value.code == "newer_draft"
    assert client.dry_run(flow, {"email": "ana@example.com"})["outcome"]
    assert client.run_checks(flow) == {"passed": 0, "of": 0, "checks": []}
    assert client.go_back(flow, 1) == 2
    assert [row["number"] for row in client.versions(flow)] == [2, 1]


def test_the_example_of_the_page_for_programs_runs_as_it_is_written(app, api_key, client, capsys):
    good, bad = client.create_flow("Good", solar())["id"], client.create_flow("Bad", {**solar(), "steps": 7})["id"]
    snippet = re.search(r"```python\n(.*?)```", (ROOT / "docs/programs.md").read_text(), re.DOTALL)
    with listening(app) as address:
        exec(snippet[1].replace("https://leads.example.com", address).replace("fb_…", api_key), {})
    assert client.flow(good)["live"]["currency"] == "EUR"
    said = capsys.readouterr().out
    assert "live as version 1" in said
    assert "Bad 422 not_publishable [{" in said
    assert client.flow(bad)["live"] is None


def test_a_list_is_read_to_its_end(client):
    made = [client.create_flow(f"Flow {number}", solar())["id"] for number in range(60)]
    assert [row["id"] for row in client.flows()] == made


def test_a_source_is_created_with_its_keys_and_gets_another(client):
    flow = client.create_flow("Solar", solar())
    source = client.create_source(flow["id"], "Search", cost={"fixed": 14})
    assert source["key"].startswith("lk_live_")
    assert client.make_key(source["id"], "test").startswith("lk_test_")
    assert client.change_source(source["id"], categories=["solar"])["categories"] == ["solar"]
    assert [row["cost"] for row in client.sources(flow["id"])] == [{"fixed": 14}]


def test_what_is_refused_says_everything_that_is_wrong(client):
    with pytest.raises(ApiError, match=r"destination\.url") as refused:
        client.create_connection("Sunrise", {**sunrise(), "url": "", "format": "carrier pigeon"})
    assert (refused.value.status, len(refused.value.problems)) == (422, 2)


def test_a_wrong_key_is_told_as_such(app):
    with listening(app) as address, Client(address, "fb_wrong") as stranger, pytest.raises(ApiError) as refused:
        next(stranger.flows())
    assert (refused.value.status, refused.value.code) == (401, "no_key")


def test_leads_are_listed_and_read(client, session, cast):
    source = a_source(session, a_flow(session, cast.sara))
    a_lead(session, source)
    session.commit()
    [row] = client.leads(status="sold", limit=10)
    assert client.lead(row["id"])["id"] == row["id"]
    assert client.leads(status="rejected") == []


def test_nobody_at_the_address_is_unreachable():
    with Client(f"http://127.0.0.1:{free_port()}", "fb_x") as lost, pytest.raises(Unreachable):
        lost.leads()


def test_a_server_that_answers_no_json_is_an_error_with_its_status(httpserver: HTTPServer):
    httpserver.expect_request("/api/v1/leads").respond_with_data("<h1>Bad gateway</h1>", 502)
    with Client(httpserver.url_for("/"), "fb_x") as client, pytest.raises(ApiError) as refused:
        client.leads()
    assert refused.value.status == 502


def test_proxies_and_netrc_of_the_machine_are_not_used(httpserver: HTTPServer, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    httpserver.expect_request("/api/v1/leads").respond_with_json({"leads": [], "next": None})
    with Client(httpserver.url_for("/"), "fb_x") as client:
        assert client.leads() == []
    assert httpserver.log[0][0].headers["Authorization"] == "Bearer fb_x"
