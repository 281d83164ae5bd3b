"""Connections over the API: addresses are checked, secrets are sealed, tests are queued."""

from datetime import timedelta

import pytest
import redis
from sqlalchemy import select, text

from flowbuilder import clock, ids
from flowbuilder.models import Audit, Breaker, Connection, Credential
from flowbuilder.vault import Vault, credential_place
from tests.support.cast import a_connection
from tests.support.documents import sunrise

SECRET = "sk_live_planted_7Q2F"
BLOCKED = "This address may not be called: it must be a public https address on port 443 or 8443."

pytestmark = pytest.mark.usefixtures("loopback_buyer")


@pytest.fixture
def connection(api):
    return api("POST", "/connections", {"name": "Sunrise Energy", "destination": sunrise()}).json


def test_a_connection_is_made_and_read_without_its_secret(api, connection):
    shown = api("GET", f"/connections/{connection['id']}")
    assert SECRET not in shown.text
    assert shown.json["destination"]["auth"] == {"type": "bearer"}
    assert [(row["name"], row["hint"]) for row in shown.json["secrets"]] == [("token", "7Q2F")]


def test_the_sealed_secret_opens_for_its_own_row_only(app, connection, session):
    identifier = ids.read(connection["id"], "con")
    sealed = session.get(Credential, (identifier, "token")).sealed
    account_id = session.get(Connection, identifier).account_id
    vault = Vault(app.extensions["settings"].vault_keys)
    assert vault.open(sealed, **credential_place(account_id, identifier, "token")) == SECRET


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/leads",
        "https://10.0.0.7/leads",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/leads",
        "http://93.184.216.34/leads",
        "https://93.184.216.34:25/leads",
        "https://localhost/leads",
    ],
)
def test_every_blocked_address_gets_the_same_words(api, url):
    refused = api("POST", "/connections", {"name": "Sunrise Energy", "destination": sunrise(url=url)})
    assert refused.status_code == 422
    assert [(one["path"], one["message"]) for one in refused.json["error"]["problems"]] == [
        ("destination.url", BLOCKED)
    ]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"auth": {"type": "bearer"}}, "destination.auth.token"),
        ({"auth": {"type": "magic"}}, "destination.auth.type"),
        ({"headers": {"Host": "elsewhere"}}, "destination.headers.Host"),
        ({"mapping": [["email"]]}, "destination.mapping[0]"),
        ({"timeout_ms": 61_000}, "destination.timeout_ms"),
        ({"accepted_if": {"resembles": []}}, "destination.accepted_if"),
        ({"price_path": "somewhere"}, "destination.price_path"),
        ({"colour": "red"}, "destination.colour"),
        ({"ping": {"url": "https://10.0.0.7/ping", "mapping": [], "bid_path": "body.bid"}}, "destination.ping.url"),
    ],
)
def test_a_destination_that_makes_no_sense_is_refused_with_its_address(api, changes, path):
    refused = api("POST", "/connections", {"name": "Sunrise Energy", "destination": sunrise(**changes)})
    assert refused.status_code == 422
    assert any(problem["path"].startswith(path) for problem in refused.json["error"]["problems"])


def test_a_change_without_the_secret_keeps_it(api, connection, session):
    destination = sunrise(auth={"type": "bearer"}, timeout_ms=5000)
    changed = api("PUT", f"/connections/{connection['id']}", {"name": "Sunrise", "destination": destination})
    assert changed.status_code == 200
    shown = api("GET", f"/connections/{connection['id']}").json
    assert (shown["name"], shown["destination"]["timeout_ms"]) == ("Sunrise", 5000)
    assert [row["hint"] for row in shown["secrets"]] == ["7Q2F"]


def test_a_secret_that_is_no_longer_needed_is_deleted(api, connection):
    destination = {key: value for key, value in sunrise().items() if key != "auth"}
    api("PUT", f"/connections/{connection['id']}", {"name": "Sunrise", "destination": destination})
    assert api("GET", f"/connections/{connection['id']}").json["secrets"] == []


def test_a_replaced_secret_is_written_down_without_the_secret(api, connection, session):
    replaced = api("PUT", f"/connections/{connection['id']}/secrets/token", {"secret": "sk_live_newer_9999X8Y7"})
    assert replaced.json["hint"] == "X8Y7"
    of_it = select(Audit).where(Audit.subject == connection["id"], Audit.action == "connection.secret_replaced")
    row = session.scalars(of_it).one()
    assert row.detail["secret"] == "token"
    assert "newer" not in str(row.detail)


@pytest.mark.parametrize("secret", ["", " ", None, 7, "two\nlines"])
def test_a_secret_must_be_printable_text(api, connection, secret):
    refused = api("PUT", f"/connections/{connection['id']}/secrets/token", {"secret": secret})
    assert refused.status_code == 422


def test_a_revoked_connection_is_final_and_has_no_secrets(api, connection, session):
    assert api("POST", f"/connections/{connection['id']}/revoke").json["state"] == "revoked"
    assert api("POST", f"/connections/{connection['id']}/resume").status_code == 409
    assert api("POST", f"/connections/{connection['id']}/test").status_code == 409
    count = text("SELECT count(*) FROM credential WHERE connection_id = :id")
    assert session.scalar(count, {"id": ids.read(connection["id"], "con")}) == 0


def test_a_test_is_queued_as_a_job_with_a_made_up_lead(api, connection, fresh_redis_url):
    queued = api("POST", f"/connections/{connection['id']}/test")
    assert queued.status_code == 202
    assert (queued.json["state"], queued.json["fields"]["email"]) == ("queued", "ana.silva@example.com")
    assert api("GET", f"/connections/{connection['id']}/tests/{queued.json['id']}").json == queued.json
    with redis.Redis.from_url(fresh_redis_url) as client:
        assert client.llen("rq:queue:jobs") == 1


def test_a_connection_is_paused_and_resumed_and_listed(api, connection):
    assert api("POST", f"/connections/{connection['id']}/pause").json["state"] == "paused"
    assert [row["state"] for row in api("GET", "/connections").json["connections"]] == ["paused"]
    assert api("POST", f"/connections/{connection['id']}/resume").json["state"] == "active"


def test_requests_are_signed_with_a_secret_that_is_shown_once(api, connection, session):
    made = api("PUT", f"/connections/{connection['id']}/signing")
    assert made.json["secret"].startswith("whsec_")
    assert made.json["old_until"] is None
    shown = api("GET", f"/connections/{connection['id']}")
    assert shown.json["destination"]["signed"] is True
    assert made.json["secret"] not in shown.text


def test_a_new_signing_secret_can_let_the_old_one_sign_beside_it(api, connection):
    address = f"/connections/{connection['id']}/signing"
    api("PUT", address)
    assert api("PUT", address, {"keep_old": True}).json["old_until"] is not None
    names = [row["name"] for row in api("GET", f"/connections/{connection['id']}").json["secrets"]]
    assert names == ["old_signing_secret", "signing_secret", "token"]
    assert api("DELETE", address).status_code == 200
    names = [row["name"] for row in api("GET", f"/connections/{connection['id']}").json["secrets"]]
    assert names == ["token"]


@pytest.mark.parametrize("body", [{"secret": "short"}, {"secret": 5}, {"keep_old": "yes"}, {"days": 7}])
def test_what_cannot_sign_is_refused(api, connection, body):
    assert api("PUT", f"/connections/{connection['id']}/signing", body).status_code == 422


def test_a_junk_signing_secret_does_not_replace_a_good_one(api, connection):
    api("PUT", f"/connections/{connection['id']}/signing")
    refused = api("PUT", f"/connections/{connection['id']}/secrets/signing_secret", {"secret": "junk"})
    assert refused.status_code == 422


def test_the_request_of_a_lead_can_be_seen_beforehand(api, connection):
    seen = api("POST", f"/connections/{connection['id']}/preview", {"fields": {"email": "zoe@example.com"}})
    assert "zoe@example.com" in seen.json["request"]["body"]
    assert ["Authorization", "Bearer ••••"] in seen.json["request"]["headers"]
    assert seen.json["problem"] is None
    assert api("POST", f"/connections/{connection['id']}/preview").json["request"]["method"] == "POST"


def test_secrets_in_several_headers_are_each_kept_apart(api, session):
    auth = {"type": "headers", "headers": {"X-Client": "acme", "X-Secret": SECRET}}
    made = api("POST", "/connections", {"name": "Sunrise", "destination": sunrise(auth=auth)}).json
    shown = api("GET", f"/connections/{made['id']}")
    assert SECRET not in shown.text
    assert [row["name"] for row in shown.json["secrets"]] == ["header:x-client", "header:x-secret"]
    replaced = api("PUT", f"/connections/{made['id']}/secrets/header:x-client", {"secret": "another"})
    assert replaced.status_code == 200
    again = api("PUT", f"/connections/{made['id']}", {"name": "S", "destination": shown.json["destination"]})
    assert again.status_code == 200
    assert len(api("GET", f"/connections/{made['id']}").json["secrets"]) == 2


def test_the_address_of_tokens_is_checked_as_every_other(api):
    auth = {"type": "oauth2", "token_url": "https://10.0.0.7/token", "client_id": "a", "client_secret": "s"}
    refused = api("POST", "/connections", {"name": "Sunrise", "destination": sunrise(auth=auth)})
    problems = refused.json["error"]["problems"]
    assert [(one["path"], one["message"]) for one in problems] == [("destination.auth.token_url", BLOCKED)]


def test_a_connection_tells_of_its_breaker_and_one_lead_can_be_tried(api, strangers_api, session, cast):
    row = a_connection(session, cast.sara)
    path = f"/connections/{ids.show(row.id, 'con')}"
    session.commit()
    assert api("GET", path).json["breaker"] == {
        "phase": "closed", "limits": "5 failures within 5 minutes, for 30 minutes", "opened_at": None, "next_at": None,
        "failures": [],
    }  # fmt: skip
    assert api("POST", f"{path}/try").json["error"]["code"] == "not_open"
    opened_at, lead = clock.now(), ids.show(ids.new_id())
    failed = {"at": opened_at.isoformat(), "lead": lead, "kind": "error", "status": 503}
    recover_at = opened_at + timedelta(minutes=30)
    session.add(Breaker(connection_id=row.id, failures=[failed], opened_at=opened_at, recover_at=recover_at))
    session.commit()
    shown = api("GET", path).json["breaker"]
    assert (shown["phase"], shown["failures"][0]["said"], shown["failures"][0]["lead"]) == (
        "open", "It answered 503", lead,
    )  # fmt: skip
    assert strangers_api("POST", f"{path}/try").status_code == 404
    assert api("POST", f"{path}/try").json["phase"] == "ready"
