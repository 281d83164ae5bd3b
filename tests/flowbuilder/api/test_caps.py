"""Caps over the API: how full the windows of this moment are."""

from datetime import timedelta

from flowbuilder import clock, ids
from flowbuilder.cap_names import flow_cap_name
from flowbuilder.models import CapWindow
from rules.windows import window
from tests.support.cast import a_connection, a_flow
from tests.support.documents import solar


def test_each_cap_of_the_live_version_tells_its_window(api, session, cast):
    connection = a_connection(session, cast.sara)
    flow = a_flow(session, cast.sara, document=solar(ids.show(connection.id, "con")))
    starts, ends = window("day", clock.now(), "America/Los_Angeles")
    name = flow_cap_name(flow.id, "s2/day")
    session.add(CapWindow(cap=name, bucket="", starts_at=starts, ends_at=ends, used=63))
    session.commit()
    shown = api("GET", f"/caps?flow={ids.show(flow.id, 'flo')}").json
    assert shown["caps"] == [
        {
            "id": "s2/day",
            "step": "s2",
            "per": "day",
            "counts_by": "",
            "is_money": False,
            "used": 63,
            "limit": 100,
            "resets_at": ends.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
    ]


def test_a_window_of_yesterday_does_not_count(api, session, cast):
    connection = a_connection(session, cast.sara)
    flow = a_flow(session, cast.sara, document=solar(ids.show(connection.id, "con")))
    starts, _ = window("day", clock.now(), "America/Los_Angeles")
    before, _ = window("day", starts - timedelta(hours=1), "America/Los_Angeles")
    session.add(CapWindow(cap=flow_cap_name(flow.id, "s2/day"), bucket="", starts_at=before, ends_at=starts, used=99))
    session.commit()
    assert [cap["used"] for cap in api("GET", f"/caps?flow={ids.show(flow.id, 'flo')}").json["caps"]] == [0]


def test_a_flow_that_was_never_published_has_none(api):
    flow = api("POST", "/flows", {"name": "Solar", "document": solar()}).json
    assert api("GET", f"/caps?flow={flow['id']}").json == {"flow": flow["id"], "version": None, "caps": []}
