"""Services are asked about leads: beside all that goes on, through the guarded door, and never as an offer."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from flowbuilder import config, ids
from flowbuilder.models import Connection
from tests.support import armed, cast
from tests.support.armed import exit_code
from tests.support.buyers import Buyer, Seen, a_buyer, accepting, in_turn
from tests.support.flows import YES, buyer, cap, quickly
from tests.support.hostile import Behaviour, drip, endless_chunks, hang, reset_after_reading, saying, serving
from tests.support.market import EMAIL_FIELD, STATE_FIELD, Market
from workers import journal
from workers.crashpoints import CRASHED

GRADE = [["grade", "body.grade"]]
IS_A = {"filter": {"id": "f", "continue_if": {"is": [{"var": "lead.grade"}, "A"]}, "reason": "Not grade A"}}
SENDING = "(SELECT count(*) FROM attempt WHERE state = 'sending' AND offer_no = 1)"
SECRET = "told-by-the-service"


def look_up(connection: str, **settings: Any) -> dict[str, Any]:
    return {"look_up": {"id": "l", "connection": connection, "outputs": GRADE, **settings}}


def grading(grade: Any = "A", status: int = 200) -> Any:
    return lambda _request: (status, {"grade": grade})


@pytest.fixture
def sunrise() -> Iterator[Buyer]:
    with a_buyer(accepting) as one:
        yield one


def looked_up(market: Market, lead_id: Any) -> dict[str, Any]:
    """Return the result of a lead's look-up as it stands in the journal."""
    event = next(event for event in market.events(lead_id) if event.effect == "look_up")
    return dict(event.result or {})


def row_of(market: Market, lead_id: Any) -> tuple[str, str, str | None, int]:
    """Return phase, state, reason and attempts of a lead's first row."""
    row = market.offers(lead_id)[0]
    return row.phase, row.state, row.lost_reason, row.attempts


def test_what_a_service_finds_decides_about_the_lead(market: Market, sunrise: Buyer) -> None:
    def by_state(request: Seen) -> tuple[int, dict[str, Any]]:
        return 200, {"grade": "A" if request.body == {"where": "CA"} else "B"}

    with a_buyer(by_state) as grades:
        inputs = [["where", {"var": "lead.state"}]]
        market.publish([look_up(market.connect(grades), inputs=inputs), IS_A, buyer(market.connect(sunrise))])
        [first] = market.post(fields={"state": "CA"})
        [second] = market.post(fields={"state": "NV"})
        market.carry()
    assert [market.lead(one).outcome for one in (first, second)] == ["sold", "rejected"]
    assert market.trail(first)[1:3] == [("l", "passed", None), ("f", "passed", None)]
    assert row_of(market, first) == ("look_up", "accepted", None, 1)
    assert [row.cascade_position for row in market.offers(first)] == [None, 1]
    assert [(attempt.offer_no, attempt.state, attempt.status) for attempt in market.attempts(first)] == [
        (1, "ok", 200), (2, "ok", 200),
    ]  # fmt: skip


def test_a_buyer_is_told_what_was_found(market: Market, sunrise: Buyer) -> None:
    with a_buyer(grading(" A+ ")) as grades:
        told = [["grade", {"var": "lead.grade"}], ["how", {"var": "step.l.outcome"}]]
        market.publish([look_up(market.connect(grades)), buyer(market.connect(sunrise, mapping=told))])
        market.post()
        market.carry()
    assert sunrise.seen[0].body == {"grade": "A+", "how": "found"}
    assert grades.seen[0].key != sunrise.seen[0].key


@pytest.mark.parametrize(
    ("status", "answer", "row", "attempt", "trail"),
    [
        (404, "not_found", "declined", "declined", ("l", "passed", "not_found")),
        (500, "error", "error", "error", ("l", "error", "error")),
        (401, "error", "error", "error", ("l", "error", "error")),
    ],
)
def test_a_lead_goes_on_whatever_a_service_says(
    market: Market, sunrise: Buyer, status: int, answer: str, row: str, attempt: str, trail: Any
) -> None:
    with a_buyer(grading(status=status)) as grades:
        market.publish([look_up(market.connect(grades)), buyer(market.connect(sunrise))])
        [lead_id] = market.post()
        market.carry()
    assert len(grades.seen) == 1
    assert market.lead(lead_id).outcome == "sold"
    assert looked_up(market, lead_id)["answer"] == answer
    assert (market.offers(lead_id)[0].state, market.attempts(lead_id)[0].state) == (row, attempt)
    assert market.trail(lead_id)[1] == trail


def test_a_step_may_have_a_lead_stop_where_nothing_can_be_found_out(market: Market, sunrise: Buyer) -> None:
    with a_buyer(grading(status=500)) as grades:
        step = look_up(market.connect(grades), on_error="stop", reason="Try again tomorrow")
        market.publish([cap(5), step, buyer(market.connect(sunrise))])
        [lead_id] = market.post()
        market.carry()
    lead = market.lead(lead_id)
    assert (lead.outcome, lead.reason_code, lead.reason) == ("error", "look_up_failed", "Try again tomorrow")
    assert market.used() == {"c/day": 0}
    assert sunrise.seen == []


def test_a_slow_service_costs_its_own_time_and_no_other_lead_waits(market: Market, sunrise: Buyer) -> None:
    with serving(hang) as grades:
        market.allowed.append(("127.0.0.1", grades.port))
        slow = market.connect(sunrise, url=grades.url)
        only_ca = {
            "name": "slow",
            "when": {"is": [{"var": "lead.state"}, "CA"]},
            "steps": [look_up(slow, timeout="10s")],
        }
        market.publish([{"split": {"id": "s", "cases": [only_ca], "else": []}}, buyer(market.connect(sunrise))])
        with market.carrying():
            held = market.post(20, fields={"state": "CA"})
            market.wait_until(f"{SENDING} = 20")
            market.post(20, fields={"state": "NV"})
            market.wait_until("(SELECT count(*) FROM lead WHERE outcome = 'sold') = 20")
            assert market.value(text(f"SELECT {SENDING}")) == 20
            market.wait_until_settled()
    assert all((market.attempts(one)[0].ms or 0) >= 9990 for one in held)
    assert {market.lead(one).outcome for one in held} == {"sold"}
    assert {looked_up(market, one)["answer"] for one in held} == {"timeout"}
    assert market.trail(held[0])[2] == ("l", "timed_out", "timeout")
    assert row_of(market, held[0]) == ("look_up", "error", "timeout", 1)


@pytest.mark.parametrize(
    ("behaviour", "answer"),
    [
        (drip, "timeout"),
        (endless_chunks, "error"),
        (reset_after_reading, "error"),
        (saying(b'{"grade": '), "error"),
        (saying(b"[" * 60000), "error"),
        (saying(b'{"grade": "\\u0000\\ud800"}'), "error"),
        (saying(b'{"grade": {"a": [1, 2]}}'), "found"),
        (saying(b'{"grade": "' + b"x" * 60000 + b'"}'), "found"),
        (saying(b'{"grade": ' + b"9" * 200 + b"}"), "found"),
        (saying(b'{"grade": 1e299}'), "found"),
        (saying(b'{"grade": "a\\u0000b\\u0007\\u202e{{lead.email}}"}'), "found"),
        (saying(b"<grade>A</grade>", "text/html"), "error"),
        (saying(b"", status="302 Found"), "error"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["text", "number"])
def test_a_lead_survives_whatever_comes_back(
    market: Market, sunrise: Buyer, behaviour: Behaviour, answer: str, kind: str
) -> None:
    fields = [EMAIL_FIELD, STATE_FIELD, {"key": "grade", "type": kind}]
    told = [["grade", {"var": "lead.grade"}], ["email", {"var": "lead.email"}]]
    with serving(behaviour) as grades:
        market.allowed.append(("127.0.0.1", grades.port))
        step = look_up(market.connect(sunrise, url=grades.url), timeout="1s" if behaviour is drip else "20s")
        market.publish([step, buyer(market.connect(sunrise, mapping=told))], fields=fields)
        [lead_id] = market.post()
        market.carry()
    assert (market.lead(lead_id).outcome, looked_up(market, lead_id)["answer"]) == ("sold", answer)
    assert len(sunrise.seen) == 1
    assert "\x00" not in json.dumps(sunrise.seen[0].body, ensure_ascii=False)


@pytest.mark.parametrize(
    ("row", "url", "settings", "reason"),
    [
        ({"state": "paused"}, None, {}, "paused"),
        ({"state": "revoked"}, None, {}, "not_connected"),
        ({}, "http://127.0.0.1:1/", {}, "blocked"),
        ({}, "http://169.254.169.254/latest", {}, "blocked"),
        ({}, None, {"inputs": [["a", {"var": "lead.email"}, {"required": True}]]}, "missing_field"),
        ({}, None, {"inputs": [["a", {"+": [{"var": "lead.email"}, 1]}]]}, "error"),
    ],
)
def test_who_may_not_be_called_is_not(
    market: Market, sunrise: Buyer, row: dict[str, Any], url: str | None, settings: Any, reason: str
) -> None:
    with a_buyer(grading()) as grades:
        connection = market.connect(grades, row=row, **({"url": url} if url else {}))
        market.publish([look_up(connection, **settings), buyer(market.connect(sunrise))])
        [lead_id] = market.post(fields={"email": None})
        market.carry()
        assert grades.seen == []
    result = looked_up(market, lead_id)
    assert (result["answer"], result["reason"]) == ("error" if reason == "blocked" else "not_asked", reason)
    assert market.lead(lead_id).outcome == "sold"


def test_the_connection_of_another_account_is_not_asked(market: Market, sunrise: Buyer) -> None:
    with a_buyer(grading()) as grades:
        foreign = market.connect(grades)
        with Session(market.database) as session:
            session.get_one(Connection, ids.read(foreign, "con")).account_id = cast.a_seller(session).account.id
            session.commit()
        market.publish([look_up(foreign), buyer(market.connect(sunrise))])
        [lead_id] = market.post()
        market.carry()
        assert grades.seen == []
    assert looked_up(market, lead_id)["reason"] == "not_connected"


def test_a_service_that_fails_is_left_alone_by_its_breaker(market: Market, sunrise: Buyer) -> None:
    with a_buyer(grading(status=500)) as grades:
        connection = market.connect(grades, breaker={"failures": 3, "within": "5m", "recover_after": "30m"})
        market.publish([look_up(connection), buyer(market.connect(sunrise))])
        with market.carrying():
            for _ in range(5):
                market.post()
                market.wait_until_settled()
        assert len(grades.seen) == 3
    answers = [looked_up(market, lead.id) for lead in market.leads()]
    assert [(one["answer"], one["reason"]) for one in answers] == [("error", "error")] * 3 + [
        ("not_asked", "breaker_open")
    ] * 2
    assert {lead.outcome for lead in market.leads()} == {"sold"}


def test_one_lead_is_the_probe_of_a_service(market: Market, sunrise: Buyer) -> None:
    with a_buyer(in_turn((500, {}), (200, {"grade": "A"}))) as grades:
        connection = market.connect(grades, breaker={"failures": 1, "within": "5m", "recover_after": "1m"})
        market.publish([look_up(connection), buyer(market.connect(sunrise))])
        with market.carrying():
            market.post()
            market.wait_until_settled()
            market.later(61)
            for _ in range(2):
                market.post()
                market.wait_until_settled()
    assert [looked_up(market, lead.id)["answer"] for lead in market.leads()] == ["error", "found", "found"]


def test_a_service_is_asked_at_most_so_often_at_once_and_leads_wait_for_it(market: Market, sunrise: Buyer) -> None:
    at_once, most = 0, 0

    def count(_request: Seen) -> tuple[int, dict[str, Any]]:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        time.sleep(0.02)
        at_once -= 1
        return 200, {"grade": "A"}

    with a_buyer(count) as grades:
        narrow = market.connect(grades, row={"concurrency": 2})
        market.publish([look_up(narrow, timeout="30s"), IS_A, buyer(market.connect(sunrise))])
        leads = market.post(40)
        market.carry()
    assert most == 2
    assert {market.lead(one).outcome for one in leads} == {"sold"}


def test_two_loops_ask_about_each_lead_once(market: Market, sunrise: Buyer) -> None:
    with a_buyer(grading()) as grades:
        market.publish([look_up(market.connect(grades), timeout="30s"), IS_A, buyer(market.connect(sunrise))])
        market.post(100)
        with market.carrying(loops=2):
            market.wait_until_settled()
        market.check_requests(grades, sunrise)
    assert len(grades.seen) == len({request.key for request in grades.seen}) == 100
    assert market.count(text("SELECT count(*) FROM lead WHERE outcome = 'sold'")) == 100


def test_a_test_lead_calls_nobody(market: Market, sunrise: Buyer) -> None:
    with a_buyer(grading()) as grades:
        market.publish([look_up(market.connect(grades)), buyer(market.connect(sunrise))])
        [lead_id] = market.post(is_test=True)
        market.carry()
        assert grades.seen == sunrise.seen == []
    assert (looked_up(market, lead_id)["answer"], looked_up(market, lead_id)["set"]) == ("found", [])
    assert market.offers(lead_id) == []


def test_a_lead_that_waits_for_a_buyer_does_not_have_the_service_asked_again(market: Market) -> None:
    with a_buyer(grading()) as grades, a_buyer(in_turn((503, {}), (503, {}), YES)) as buys:
        holds = {"id": "end", "do": "hold", "retry_every": "15m", "for_up_to": "24h", "from": "l"}
        steps = [look_up(market.connect(grades)), IS_A, buyer(market.connect(buys), **quickly(max_attempts=1))]
        market.publish(steps, fallback=holds)
        [lead_id] = market.post()
        with market.carrying():
            market.wait_until("(SELECT count(*) FROM lead WHERE waiting_for = 'retry') = 1")
            while market.lead(lead_id).state == "waiting":
                market.later(901)
                market.execute("SELECT pg_notify('x', '')")
                time.sleep(0.3)
        assert len(grades.seen) == 1
    assert market.lead(lead_id).outcome == "sold"


# What was found is the person's: it stands where it can be erased, and nowhere else.


def test_the_values_stand_in_the_attempt_and_in_the_detail_of_the_event_alone(market: Market, sunrise: Buyer) -> None:
    with a_buyer(grading(SECRET)) as grades:
        market.publish([look_up(market.connect(grades)), buyer(market.connect(sunrise))])
        [lead_id] = market.post()
        market.carry()
    [event] = [event for event in market.events(lead_id) if event.effect == "look_up"]
    assert event.detail == {"changes": {"grade": [None, SECRET]}}
    assert SECRET in str(market.attempts(lead_id)[0].reply)
    market.execute("UPDATE lead_event SET detail = NULL")
    market.execute("UPDATE attempt SET request = NULL, reply = NULL")
    tables = market.value(text("SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'public'"))
    for table in tables.split(","):
        assert market.count(text(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE :it'), it=f"%{SECRET}%") == 0, (
            table
        )


def test_a_run_goes_on_by_what_was_found_after_it_was_let_go_of(market: Market, sunrise: Buyer) -> None:
    with a_buyer(grading("A")) as grades:
        holds = buyer(market.connect(sunrise), hours={"days": ["mon"], "from": "00:00", "to": "00:01"},
                      outside_hours={"hold": "1h"})  # fmt: skip
        told = market.connect(sunrise, mapping=[["grade", {"var": "lead.grade"}]])
        market.publish([look_up(market.connect(grades)), cap(5, when_full="hold"), IS_A, holds, buyer(told, "s2")])
        market.edit(lambda document: document["steps"][3]["buyer"].update(outside_hours="hold"))
        [lead_id] = market.post()
        market.carry()
        assert market.lead(lead_id).state == "waiting"
        market.later(7 * 86_400)
        market.execute("UPDATE lead SET due_at = now()")
        market.carry()
    assert looked_up(market, lead_id)["answer"] == "found"
    assert len(grades.seen) == 1
    assert ("f", "passed", None) in market.trail(lead_id)


# The end of a worker around any commit.


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LEASE", armed.LEASE)


@pytest.mark.usefixtures("short_leases")
def test_a_worker_may_end_around_any_commit_of_a_look_up(market: Market, sunrise: Buyer) -> None:
    with a_buyer(grading()) as grades:
        market.publish([look_up(market.connect(grades)), IS_A, buyer(market.connect(sunrise), **quickly())])
        points = [(f"{side} turn", number) for number in range(1, 5) for side in ("before", "after")]
        for point, passes in points:
            market.post(2)
            assert exit_code(armed.start(market_environ(market), point, passes, "leads")) == CRASHED, point
        with market.carrying():
            market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
        market.check()
        market.check_requests(grades, sunrise)
    leads = market.leads()
    rows = [row for lead in leads for row in market.offers(lead.id) if row.phase == "look_up"]
    assert len(rows) == len(leads)
    for lead, row in zip(leads, rows, strict=True):
        ended = lead.outcome, row.state, row.lost_reason
        # Only who lost two workers while the service was asked goes on without what it knows.
        assert ended == (("rejected", "error", "timeout") if row.lost_reason else ("sold", "accepted", None))
        assert row.attempts == 2 or not row.lost_reason
    assert max(row.attempts for row in rows) == 2


@pytest.mark.usefixtures("short_leases")
def test_a_look_up_that_ends_two_workers_counts_as_not_answered(market: Market, sunrise: Buyer) -> None:
    with a_buyer(grading()) as grades:
        grades.delay = 30.0
        market.publish([look_up(market.connect(grades), timeout="30s"), buyer(market.connect(sunrise))])
        [lead_id] = market.post()
        for number in (1, 2):
            worker = armed.start(market_environ(market), "never", 1, "leads")
            grades.wait_for(number, timeout=30)
            worker.kill()
            worker.join(60)
        with market.carrying():
            market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    assert row_of(market, lead_id) == ("look_up", "error", "timeout", 2)
    assert [attempt.state for attempt in market.attempts(lead_id)] == ["ambiguous", "ambiguous", "ok"]
    assert [request.headers.get("lead-attempt") for request in grades.seen] == [None, "2"]
    assert len({request.key for request in grades.seen}) == 1
    assert market.lead(lead_id).outcome == "sold"


def market_environ(market: Market) -> dict[str, str]:
    return config.child_environ(config.settings()) | market.environ
