"""Today on the first page."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder import clock, ids
from flowbuilder.cap_names import flow_cap_name
from flowbuilder.home.today import Today, caps_today, today
from flowbuilder.models import CapWindow, Flow, IntakeRefusal, Source
from rules.windows import window
from tests.support.cast import Cast, a_connection, a_flow, a_lead, a_source, an_attempt, an_offer
from tests.support.documents import solar
from tests.support.web import HTMX, signed_in

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
TODAY = clock.now().astimezone(LOS_ANGELES).replace(minute=0, second=0, microsecond=0)


def at_hour(hour: int, *, days_ago: int = 0) -> datetime:
    """Return an hour of today, or of a day before, in Los Angeles."""
    return (TODAY.replace(hour=hour) - timedelta(days=days_ago)).astimezone(UTC)


NOON = at_hour(12)


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow of Sara's."""
    return a_flow(session, cast.sara)


@pytest.fixture
def source(session: Session, flow: Flow) -> Source:
    """Give a source of the flow."""
    return a_source(session, flow)


def shown(session: Session, cast: Cast, now: datetime = NOON) -> Today:
    return today(session, cast.sara.account, now, timedelta())


def a_lead_of_today(session: Session, source: Source, **values: Any) -> None:
    at = values.pop("received_at", NOON - timedelta(minutes=5))
    a_lead(session, source, id=_id_made_at(at), received_at=at, finished_at=at, **values)


def calls(session: Session, cast: Cast, source: Source, states: list[str]) -> None:
    connection = a_connection(session, cast.sara)
    for state in states:
        offer = an_offer(session, a_lead(session, source), connection, state="error", is_winner=False)
        an_attempt(session, offer, state=state, started_at=NOON)


def _id_made_at(at: datetime) -> UUID:
    return UUID(int=ids.first_id_at(at).int | ids.new_id().int & (1 << 64) - 1 | 7 << 76)


def test_the_numbers_of_the_day_add_up(session: Session, cast: Cast, source: Source) -> None:
    for outcome, revenue, cost in [("sold", 4200, 3150), ("sold", 4000, 3000), ("rejected", 0, 0), ("error", 0, 0)]:
        a_lead_of_today(session, source, outcome=outcome, revenue=revenue, cost=cost)
    a_lead_of_today(session, source, state="waiting", outcome=None, waiting_for="cap", revenue=0, cost=0)
    seen = shown(session, cast)
    numbers = seen.numbers
    assert (numbers.arrived, numbers.sold, numbers.rejected, seen.waiting) == (5, 2, 1, 1)
    assert (numbers.revenue, numbers.margin, numbers.acceptance) == ("$82.00", "$20.50", "50.0%")
    assert seen.flows[0].numbers == numbers


def test_test_leads_are_not_counted(session: Session, cast: Cast, source: Source) -> None:
    a_lead_of_today(session, source, is_test=True)
    assert shown(session, cast).numbers.arrived == 0


def test_a_day_begins_at_midnight_where_the_account_is(session: Session, cast: Cast, source: Source) -> None:
    midnight = at_hour(0)
    a_lead_of_today(session, source, received_at=midnight - timedelta(seconds=1))
    a_lead_of_today(session, source, received_at=midnight)
    seen = shown(session, cast)
    assert (seen.starts_at, seen.numbers.arrived) == (midnight, 1)


def test_currencies_are_not_added_up(session: Session, cast: Cast, source: Source) -> None:
    a_lead_of_today(session, source)
    a_lead_of_today(session, source, currency="EUR", revenue=1000, cost=0)
    assert shown(session, cast).numbers.revenue == "€10.00 + $42.00"


def test_nothing_yet_is_no_division_by_nothing(session: Session, cast: Cast) -> None:
    numbers = shown(session, cast).numbers
    assert (numbers.revenue, numbers.acceptance) == ("$0.00", "—")


@pytest.mark.parametrize(
    "values",
    [
        {"outcome": "error", "reason_code": "quarantined"},
        {"outcome": "rejected", "reason_code": "unknown"},
        {"state": "waiting", "outcome": None, "waiting_for": "person"},
    ],
)
def test_leads_that_need_a_person_are_counted(
    session: Session, cast: Cast, source: Source, values: dict[str, Any]
) -> None:
    a_lead_of_today(session, source, **values)
    a_lead_of_today(session, source, outcome="rejected", reason_code="no_buyer")
    assert shown(session, cast).need_a_look == 1


@pytest.mark.parametrize(("failed", "fine"), [(5, 0), (6, 5), (11, 9)])
def test_a_buyer_whose_calls_mostly_fail_is_told(
    session: Session, cast: Cast, source: Source, failed: int, fine: int
) -> None:
    calls(session, cast, source, ["error"] * failed + ["ok"] * fine)
    found = shown(session, cast).failing
    assert [(one.name, one.failed, one.calls) for one in found] == [("Sunrise Energy", failed, failed + fine)]


@pytest.mark.parametrize(
    "states",
    [["error"] * 4, ["error"] * 3 + ["ok"] * 3, ["error"] * 15 + ["ok"] * 20, ["declined"] * 20],
    ids=["too few", "half of them", "longer ago than 20 calls", "said no"],
)
def test_a_buyer_whose_calls_mostly_work_is_not(
    session: Session, cast: Cast, source: Source, states: list[str]
) -> None:
    calls(session, cast, source, states)
    assert shown(session, cast).failing == ()


def test_a_source_whose_posts_are_refused_is_told(session: Session, cast: Cast, source: Source) -> None:
    now = datetime.now(UTC)
    for _ in range(5):
        refusal = IntakeRefusal(id=ids.new_id(), account_id=source.account_id, flow_id=source.flow_id, at=now)
        refusal.source_id, refusal.status = source.id, 422
        refusal.codes, refusal.fields = ["invalid_phone", "required"], ["phone_1", "email"]
        session.add(refusal)
    session.flush()
    found = today(session, cast.sara.account, now, timedelta()).refusals
    assert [(one.name, one.posts, one.code) for one in found] == [("WebForms Co", 5, "invalid_phone")]


def test_a_new_account_is_led_step_by_step(app: Flask, session: Session, cast: Cast) -> None:
    zoe = signed_in(app, session, cast.zoe)
    assert "0 of 4 done" in zoe.get("/").text
    flow = a_flow(session, cast.zoe)
    session.commit()
    assert "1 of 4 done" in zoe.get("/").text
    a_connection(session, cast.zoe)
    a_lead(session, a_source(session, flow), is_test=True)
    session.commit()
    assert "Begin here" not in zoe.get("/").text


def test_the_page_polls_and_hears_nothing_until_something_is_new(
    app: Flask, session: Session, cast: Cast, source: Source
) -> None:
    sara = signed_in(app, session, cast.sara)
    mark = sara.get("/").text.split('id="today-mark" name="mark" value="')[1].split('"')[0]
    assert sara.get(f"/?mark={mark}", headers=HTMX).status_code == 204
    a_lead(session, source, reason="Only just came", outcome="rejected")
    session.commit()
    part = sara.get(f"/?mark={mark}", headers=HTMX)
    assert part.status_code == 200
    assert "Only just came" in part.text
    assert "<html" not in part.text


def test_the_page_names_no_person(app: Flask, session: Session, cast: Cast, source: Source) -> None:
    a_lead(session, source, fields={"first_name": "Ana Pereira", "email": "ana@example.com"})
    session.commit()
    text = signed_in(app, session, cast.sara).get("/").text
    assert "A•• P••" in text
    assert "Pereira" not in text
    assert "ana@example.com" not in text


def test_a_day_is_compared_with_the_week_before_at_the_same_time(session: Session, cast: Cast, source: Source) -> None:
    for _ in range(3):
        a_lead_of_today(session, source, revenue=4200)
    week_ago = at_hour(12, days_ago=7)
    for at in (week_ago - timedelta(minutes=5), week_ago - timedelta(minutes=6)):
        a_lead_of_today(session, source, revenue=4200, received_at=at)
    for _ in range(9):
        a_lead_of_today(session, source, revenue=4200, received_at=week_ago + timedelta(minutes=5))
    change = shown(session, cast).change
    assert (change.arrived, change.sold, change.revenue, change.rejected) == ("50% more", "50% more", "50% more", "")
    assert change.day == f"{TODAY:%A}"


@pytest.mark.parametrize(("today_count", "said"), [(1, "50% less"), (2, "as much"), (4, "100% more")])
def test_more_and_less_are_said_in_words(
    session: Session, cast: Cast, source: Source, today_count: int, said: str
) -> None:
    for _ in range(2):
        a_lead_of_today(session, source, received_at=at_hour(12, days_ago=7) - timedelta(minutes=5))
    for _ in range(today_count):
        a_lead_of_today(session, source)
    assert shown(session, cast).change.arrived == said


def test_nothing_a_week_before_is_compared_with_nothing(session: Session, cast: Cast, source: Source) -> None:
    a_lead_of_today(session, source)
    assert not shown(session, cast).change.has_any


def test_the_fullest_caps_of_live_flows_come_first(app: Flask, session: Session, cast: Cast) -> None:
    buyer = a_connection(session, cast.sara)
    flow = a_flow(session, cast.sara, document=solar(ids.show(buyer.id, "con")))
    a_flow(session, cast.sara, document=solar("con_a"), live_version=None)
    starts, ends = window("day", clock.now(), "America/Los_Angeles")
    session.add(CapWindow(cap=flow_cap_name(flow.id, "s2/day"), bucket="", starts_at=starts, ends_at=ends, used=63))
    session.commit()
    found = caps_today(session, cast.sara.account.id, clock.now())
    assert [(name, meter.used) for name, meter in found] == [("California solar", 63)]
    client = signed_in(app, session, cast.sara)
    assert "63 of 100 today" in client.get("/").text
    assert "California solar, Sunrise Energy, step 2" in client.get("/").text
    assert "63 of 100 today" not in client.get("/", headers=HTMX).text
