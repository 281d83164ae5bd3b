"""The waiting list over the API."""

import pytest

from flowbuilder import ids
from flowbuilder.models import Lead
from tests.support.cast import a_flow, a_lead, a_source
from tests.support.documents import solar

WAITS = {"state": "waiting", "outcome": None, "finished_at": None, "revenue": 0, "cost": 0}


@pytest.fixture
def waiting(session, cast):
    source = a_source(session, a_flow(session, cast.sara, document=solar()))
    made = [a_lead(session, source, waiting_for=reason, **WAITS) for reason in ("retry", "cap", "retry")]
    session.commit()
    return made


def shown(leads):
    return [ids.show(lead.id) for lead in leads]


def test_what_waits_is_listed_the_longest_first(api, waiting):
    first = api("GET", "/waiting?limit=2").json
    assert [row["id"] for row in first["leads"]] == shown(waiting[:2])
    assert (first["leads"][1]["waiting_for"], first["leads"][1]["why"]) == ("cap", "Waits for room in a cap")
    assert [row["id"] for row in api("GET", f"/waiting?limit=2&after={first['next']}").json["leads"]] == shown(
        waiting[2:]
    )


def test_nothing_of_the_person_is_in_it(api_of, cast, waiting):
    assert "ana" not in api_of(cast.sara, "pii")("GET", "/waiting").text.lower()


def test_it_is_filtered(api, waiting):
    assert [row["id"] for row in api("GET", "/waiting?for=cap").json["leads"]] == shown(waiting[1:2])
    refused = api("GET", "/waiting?for=post")
    assert (refused.status_code, refused.json["error"]["code"]) == (400, "not_a_reason")


def test_one_that_cannot_be_helped_stops_no_other(api, session, waiting):
    leads = [*shown(waiting[:2]), ids.show(ids.new_id())]
    answer = api("POST", "/waiting", json={"leads": leads, "do": "reject", "reason": "Too old"})
    assert answer.status_code == 200
    assert {row["id"]: (row["is_done"], row["code"]) for row in answer.json["leads"]} == {
        leads[0]: (True, None),
        leads[1]: (True, None),
        leads[2]: (False, "not_waiting"),
    }
    session.expire_all()
    assert [bool(session.get_one(Lead, lead.id).instruction) for lead in waiting] == [True, True, False]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"leads": [], "do": "try_now"}, "leads"),
        ({"leads": ["x"], "do": "try_now"}, "leads[0]"),
        ({"leads": [7], "do": "try_now"}, "leads[0]"),
        ({"leads": "all", "do": "try_now"}, "leads"),
        ({"leads": [], "do": "burn"}, "do"),
        ({"leads": [], "do": "send_to"}, "buyer"),
        ({"leads": [], "do": "reject"}, "reason"),
        ({"leads": [], "do": "try_now", "really": True}, "really"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(api, body, path):
    refused = api("POST", "/waiting", json=body)
    assert refused.status_code == 422
    assert path in [problem["path"] for problem in refused.json["error"]["problems"]]


def test_strangers_see_and_decide_nothing(strangers_api, session, waiting):
    assert strangers_api("GET", "/waiting").json["leads"] == []
    answer = strangers_api("POST", "/waiting", json={"leads": shown(waiting), "do": "reject", "reason": "Mine"})
    assert [row["is_done"] for row in answer.json["leads"]] == [False] * 3
    session.expire_all()
    assert [session.get_one(Lead, lead.id).instruction for lead in waiting] == [None] * 3
