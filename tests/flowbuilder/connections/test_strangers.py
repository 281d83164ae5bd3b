"""Nobody from another account finds a page of these areas, whatever the address and the method."""

import pytest

from flowbuilder import ids
from tests.support.cast import a_connection, a_flow, a_lead, a_source, an_inbox_lead
from tests.support.documents import solar
from tests.support.web import form_token, signed_in

AREAS = ("flows.", "connections.", "inbox.", "sources.")
FORM = {"name": "Zoe", "revision": "1", "pasted": "{}", "mode": "live", "secret": "x"}


@pytest.fixture
def shown(session, cast):
    """Give the ids of real things of Sara's by the names that addresses have for them."""
    flow = a_flow(session, cast.sara, document=solar())
    source, connection = a_source(session, flow), a_connection(session, cast.sara)
    row = an_inbox_lead(session, a_lead(session, source), connection)
    session.commit()
    things = {"flow_id": flow.id, "source_id": source.id, "connection_id": connection.id}
    return {
        **things,
        "number": 1,
        "name": "token",
        "key_id": flow.id,
        "test_id": flow.id,
        "row_id": row.id,
        "card": "s1",
    }


def calls(app, shown):
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(AREAS) and rule.arguments:
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                values = {name: shown[name] for name in rule.arguments}
                yield method, adapter.build(rule.endpoint, values, method)


def test_a_stranger_gets_404_everywhere(app, session, cast, shown):
    zoe = signed_in(app, session, cast.zoe)
    form = {**FORM, "csrf_token": form_token(zoe)}
    addresses = list(calls(app, shown))
    assert len(addresses) >= 25
    for method, address in addresses:
        assert zoe.open(address, method=method, data=form).status_code == 404, (method, address)


def test_nobody_who_is_not_signed_in_gets_in(app, shown):
    client = app.test_client()
    form = {**FORM, "csrf_token": form_token(client)}
    for method, address in calls(app, shown):
        answer = client.open(address, method=method, data=form)
        assert (answer.status_code, answer.location.split("?")[0]) == (303, "/sign-in"), (method, address)


def test_a_form_without_its_token_changes_nothing(app, session, cast, shown):
    sara = signed_in(app, session, cast.sara)
    for method, address in calls(app, shown):
        if method == "POST":
            assert sara.post(address, data=FORM).status_code == 403, address


@pytest.mark.parametrize("address", ["/sources?flow={flow}", "/sources/new?flow={flow}"])
def test_another_accounts_flow_in_the_query_is_not_found(app, session, cast, shown, address):
    zoe = signed_in(app, session, cast.zoe)
    assert zoe.get(address.format(flow=ids.show(shown["flow_id"], "flo"))).status_code == 404


def test_another_accounts_flow_in_a_form_is_no_choice(app, session, cast, shown):
    zoe = signed_in(app, session, cast.zoe)
    a_flow(session, cast.zoe, document=solar())
    session.commit()
    form = {"flow": ids.show(shown["flow_id"], "flo"), "name": "Mine now", "csrf_token": form_token(zoe)}
    assert zoe.post("/sources/new", data=form).status_code == 422
