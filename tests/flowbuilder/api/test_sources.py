"""Sources over the API: keys that are shown once, addresses, terms."""

import hashlib

import pytest
from sqlalchemy import select

from flowbuilder.models import SourceKey
from tests.support.documents import solar


@pytest.fixture
def flow(api):
    return api("POST", "/flows", {"name": "California solar", "document": solar()}).json


def test_a_new_source_shows_its_address_and_its_keys_once(api, flow):
    made = api("POST", "/sources", {"flow_id": flow["id"], "name": "WebForms Co"})
    assert made.status_code == 201
    assert f"/f/{flow['key']}/" in made.json["post_url"]
    assert made.json["key"].startswith("lk_live_")
    assert made.json["test_key"].startswith("lk_test_")
    shown = api("GET", f"/sources/{made.json['id']}")
    assert made.json["key"] not in shown.text
    assert made.json["test_key"] not in shown.text
    assert {row["hint"] for row in shown.json["keys"]} == {made.json["key"][-4:], made.json["test_key"][-4:]}


def test_only_the_hash_of_a_key_is_kept(api, flow, session):
    made = api("POST", "/sources", {"flow_id": flow["id"], "name": "WebForms Co"}).json
    secret = made["key"].split("_", 3)[3]
    hashes = session.scalars(select(SourceKey.secret_hash)).all()
    assert hashlib.sha256(secret.encode()).digest() in hashes


@pytest.mark.parametrize(
    ("cost", "kept"),
    [(31.50, {"fixed": 31.5}), ({"fixed": 31}, {"fixed": 31}), ({"share": 75}, {"share": 75}), (None, None)],
)
def test_a_cost_is_an_amount_or_a_share(api, flow, cost, kept):
    made = api("POST", "/sources", {"flow_id": flow["id"], "name": "WebForms Co", "cost": cost}).json
    assert api("GET", f"/sources/{made['id']}").json["cost"] == kept


@pytest.mark.parametrize(
    ("terms", "path"),
    [
        ({"cost": "plenty"}, "cost"),
        ({"cost": {"share": 101}}, "cost"),
        ({"cost": 1.005}, "cost"),
        ({"caps": [{"limit": -1, "per": "day"}]}, "caps[0].limit"),
        ({"caps": [{"limit": 10, "per": "fortnight"}]}, "caps[0].per"),
        ({"caps": {"limit": 10}}, "caps"),
        ({"accept_if": {"resembles": [1, 2]}}, "accept_if"),
        ({"name": " "}, "name"),
        ({"flow_id": "flo_nothing"}, "flow_id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_terms_that_make_no_sense_are_refused_with_their_address(api, flow, terms, path):
    refused = api("POST", "/sources", {"flow_id": flow["id"], "name": "WebForms Co", **terms})
    assert refused.status_code == 422
    assert any(problem["path"].startswith(path) for problem in refused.json["error"]["problems"])


def test_caps_are_kept_as_they_were_written(api, flow):
    caps = [{"limit": 500, "per": "day", "count": "received"}]
    made = api("POST", "/sources", {"flow_id": flow["id"], "name": "WebForms Co", "caps": caps}).json
    assert api("GET", f"/sources/{made['id']}").json["caps"] == caps


def test_a_source_that_is_open_to_everybody_has_no_keys(api, flow):
    made = api("POST", "/sources", {"flow_id": flow["id"], "name": "Web form", "needs_key": False}).json
    assert (made["key"], made["test_key"]) == (None, None)


def test_keys_are_made_beside_the_old_ones_and_revoked_one_by_one(api, flow):
    source = api("POST", "/sources", {"flow_id": flow["id"], "name": "WebForms Co"}).json
    made = api("POST", f"/sources/{source['id']}/keys", {"mode": "live"})
    assert made.status_code == 201
    assert made.json["key"].startswith("lk_live_")
    revoked = api("POST", f"/sources/{source['id']}/keys/{made.json['id']}/revoke")
    assert revoked.json["revoked_at"].endswith("Z")
    rows = api("GET", f"/sources/{source['id']}").json["keys"]
    assert [row["revoked_at"] is None for row in rows] == [False, True, True]


def test_a_source_is_paused_and_resumed(api, flow):
    source = api("POST", "/sources", {"flow_id": flow["id"], "name": "WebForms Co"}).json
    assert api("POST", f"/sources/{source['id']}/pause").json["state"] == "paused"
    assert api("POST", f"/sources/{source['id']}/resume").json["state"] == "active"


def test_sources_of_one_flow_are_listed(api, flow):
    other = api("POST", "/flows", {"name": "Roofing", "document": solar()}).json
    ours = api("POST", "/sources", {"flow_id": flow["id"], "name": "WebForms Co"}).json
    api("POST", "/sources", {"flow_id": other["id"], "name": "Elsewhere"})
    assert [row["id"] for row in api("GET", f"/sources?flow={flow['id']}").json["sources"]] == [ours["id"]]


def test_a_change_replaces_what_it_names_and_keeps_the_rest(api, flow):
    rule, caps = {"filled": [{"var": "lead.email"}]}, [{"limit": 5, "per": "day", "when_full": "hold"}]
    terms = {"cost": 31.50, "caps": caps, "accept_if": rule, "categories": ["solar"], "redirect_hosts": ["A.example"]}
    made = api("POST", "/sources", {"flow_id": flow["id"], "name": "WebForms Co", **terms}).json
    before = api("GET", f"/sources/{made['id']}").json
    changed = api("PATCH", f"/sources/{made['id']}", {"name": "Forms", "caps": None, "categories": ["roofing"]}).json
    changed_fields = {"name": "Forms", "caps": None, "categories": ["roofing"]}
    assert changed == {name: value for name, value in before.items() if name != "keys"} | changed_fields
    assert (before["caps"], before["redirect_hosts"], before["cost"]) == (caps, ["a.example"], {"fixed": 31.5})


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": ""}, "name"),
        ({"flow_id": "flo_1"}, "flow_id"),
        ({"redirect_hosts": ["https://a.example"]}, "redirect_hosts[0]"),
        ({"categories": "solar"}, "categories"),
        ({"needs_key": "no"}, "needs_key"),
        ({"caps": [{"limit": 1, "per": "day", "when_full": "wait"}]}, "caps[0].when_full"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(api, flow, change, path):
    made = api("POST", "/sources", {"flow_id": flow["id"], "name": "WebForms Co"}).json
    refused = api("PATCH", f"/sources/{made['id']}", change)
    assert refused.status_code == 422
    assert [problem["path"] for problem in refused.json["error"]["problems"]] == [path]
