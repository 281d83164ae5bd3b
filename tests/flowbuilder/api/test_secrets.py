"""Nothing that is secret stands in the database as it is."""

import base64

import pytest
from sqlalchemy import text

from tests.support.documents import solar, sunrise
from tests.support.web import post, signed_in

PLANTED = ("sk_live_planted_api_1", "sk_live_planted_page_2", "sk_live_planted_new_3", "hunter2-planted-4")

pytestmark = pytest.mark.usefixtures("loopback_buyer")


def plant(app, api, session, cast):
    """Send a secret through every door there is; return all that must not be found again."""
    flow = api("POST", "/flows", {"name": "Solar", "document": solar()}).json
    source = api("POST", "/sources", {"flow_id": flow["id"], "name": "WebForms Co"}).json
    auth = {"type": "bearer", "token": PLANTED[0]}
    made = api("POST", "/connections", {"name": "By API", "destination": sunrise(auth=auth)}).json
    form = {"name": "By page", "url": sunrise()["url"], "format": "json", "auth": "header", "header_name": "X-Key"}
    answers = {"accepted": "http", "timeout": "30", "on_ambiguous": "hold"}
    page = post(signed_in(app, session, cast.sara), "/connections/new", **form, **answers, secret=PLANTED[1])
    basic = {"type": "basic", "username": "acme", "password": PLANTED[3]}
    changed = api("PUT", f"/connections/{made['id']}", {"name": "Changed", "destination": sunrise(auth=basic)})
    replaced = api("PUT", f"/connections/{made['id']}/secrets/password", {"secret": PLANTED[2]})
    queued = api("POST", f"/connections/{made['id']}/test")
    assert [page.status_code, changed.status_code, replaced.status_code, queued.status_code] == [303, 200, 200, 202]
    return (*PLANTED, *(key[-43:] for key in (source["key"], source["test_key"], api.key)))


def test_no_table_holds_a_secret_in_any_column(app, api, session, cast):
    secrets = plant(app, api, session, cast)
    session.rollback()
    tables = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
    dump = "\n".join(
        row for table in tables for row in session.scalars(text(f'SELECT t::text FROM "{table}" AS t')).all()
    )
    assert "By page" in dump
    for secret in secrets:
        for form in (secret, secret.encode().hex(), base64.b64encode(secret.encode()).decode().rstrip("=")):
            assert form not in dump
