"""Hundreds of leads in a storm: none lost, none sold twice, no cap passed; and the checker finds what is planted."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection, text

from tests.chaos import check, storm
from tests.chaos.check import (
    Case,
    Promise,
    asked_once,
    books_agree,
    caps_kept,
    every_cent,
    nothing_lost,
    recovered,
    settled,
    sold_once,
    verdicts,
)
from tests.chaos.replays import replayed
from tests.support import proofs
from tests.support.battle import a_battle
from tests.support.evidence import KILLED, Evidence, Filled, Logged
from tests.support.servers import private_servers
from tests.support.verdicts import Verdict, report

LEADS, SECONDS, WORKERS = 500, 24.0, 3

Left = tuple[Evidence, Connection]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    """Give what is left after the storm."""
    folder = tmp_path_factory.mktemp("storm")
    with private_servers(fsync=True) as servers, a_battle(servers, folder, leads=LEADS, workers=WORKERS) as battle:
        storm.rage(battle, LEADS, SECONDS, times=1)
        battle.yard.close()
        with battle.market.database.connect() as database:
            yield Evidence.read(folder), database


@pytest.fixture(scope="module")
def books(left: Left) -> proofs.Books:
    """Give what the database holds, as it is."""
    return proofs.Books(left[1])


@pytest.fixture(autouse=True)
def undone(left: Left) -> Iterator[None]:
    """Take back what a test plants."""
    yield
    left[1].rollback()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow a machine that runs other tests too three times as long; the figures are those of the whole storm."""
    monkeypatch.setattr(check, "SETTLE", 3 * check.SETTLE)
    monkeypatch.setattr(check, "RECOVER", 3 * check.RECOVER)


def is_found(promise: Promise, case: Case) -> bool:
    """Say whether the checker finds something that breaks a promise."""
    return bool(promise(case).findings)


def test_every_promise_is_kept(left: Left) -> None:
    evidence, database = left
    words, many = report(verdicts(Case(proofs.Books(database), evidence)))
    assert not many, words
    assert len(evidence.posted) == LEADS + max(100, LEADS // 10)
    faults = [fault.what for fault in evidence.faults]
    assert faults.count(KILLED) >= SECONDS / storm.KILL_EVERY / 3
    assert {"Valkey wiped", "PostgreSQL stopped"} < set(faults)


SOLD = "(SELECT ctid FROM offer WHERE is_winner LIMIT 1)"
DECLINED = "(SELECT ctid FROM offer WHERE state = 'declined' LIMIT 1)"


@pytest.mark.parametrize(
    ("promise", "fault"),
    [
        (nothing_lost, "DELETE FROM lead WHERE id = (SELECT min(id::text)::uuid FROM lead WHERE kind = 'post')"),
        (nothing_lost, "UPDATE lead SET outcome = 'error', reason_code = 'quarantined' WHERE outcome = 'sold'"),
        (nothing_lost, "UPDATE lead SET state = 'received', outcome = NULL, finished_at = NULL WHERE state = 'done'"),
        (settled, "UPDATE lead SET finished_at = finished_at + interval '10 minutes'"),
        (recovered, "UPDATE attempt SET finished_at = finished_at + interval '10 minutes' WHERE state = 'ambiguous'"),
        (asked_once, "UPDATE attempt SET attempt_no = 77 WHERE attempt_no = 1"),
        (asked_once, "UPDATE attempt SET state = 'ok' WHERE attempt_no = 1 AND state IN ('ambiguous', 'error')"),
        (asked_once, f"UPDATE offer SET id = gen_random_uuid() WHERE ctid = {SOLD}"),
        (caps_kept, "UPDATE cap_window SET used = used + 1 WHERE id = (SELECT min(id) FROM cap_window)"),
        (caps_kept, "UPDATE offer SET places = '[]' WHERE places <> '[]'"),
        (caps_kept, "UPDATE cap_window SET used = used - 1 WHERE cap LIKE '%plain_1/total'"),
        (every_cent, "UPDATE lead SET revenue = revenue + 1 WHERE id = (SELECT min(id::text)::uuid FROM lead)"),
        (every_cent, "UPDATE lead SET cost = cost + 1 WHERE id = (SELECT min(id::text)::uuid FROM lead)"),
        (every_cent, f"UPDATE offer SET price = price - 1 WHERE ctid = {SOLD}"),
        (every_cent, f"UPDATE offer SET is_winner = true, state = 'accepted', slot = 9 WHERE ctid = {DECLINED}"),
        (every_cent, f"UPDATE offer SET state = 'declined', is_winner = false WHERE ctid = {SOLD}"),
        (books_agree, "DELETE FROM lead_event WHERE ctid = (SELECT ctid FROM lead_event LIMIT 1)"),
        (books_agree, "UPDATE lead_event SET step = 'else' WHERE ctid = (SELECT ctid FROM lead_event LIMIT 1)"),
        (books_agree, "DELETE FROM attempt WHERE ctid = (SELECT ctid FROM attempt WHERE state = 'ok' LIMIT 1)"),
        (books_agree, "UPDATE lead SET reason_code = 'cap_reached' WHERE reason_code = 'unknown'"),
        (books_agree, f"UPDATE offer SET state = 'sending' WHERE ctid = {DECLINED}"),
    ],
)
def test_the_checker_finds_what_is_planted_in_the_database(left: Left, promise: Promise, fault: str) -> None:
    evidence, database = left
    assert database.execute(text(fault)).rowcount
    assert is_found(promise, Case(proofs.Books(database), evidence))


def sold(evidence: Evidence) -> Logged:
    return next(request for request in evidence.requests if request.decision == "taken" and request.buyer == "slow_1")


def another_sale(evidence: Evidence) -> Evidence:
    """Another buyer took the lead under the key of the offer that it had declined before."""
    by_lead = {request.email: request for request in evidence.requests if request.decision == "taken"}
    no = next(
        request
        for request in evidence.requests
        if request.decision == "declined" and request.email in by_lead and by_lead[request.email].buyer != request.buyer
    )
    return replace(evidence, requests=[*evidence.requests, replace(no, attempt=2, decision="taken")])


def with_more(evidence: Evidence, request: Logged) -> Evidence:
    return replace(evidence, requests=[*evidence.requests, request])


PLANTED = {
    "a repeat of an attempt": (asked_once, lambda left: with_more(left, sold(left))),
    "an attempt of which nothing is known": (asked_once, lambda left: with_more(left, replace(sold(left), attempt=9))),
    "a strange key": (
        asked_once,
        lambda left: with_more(left, replace(sold(left), key="strange", decision="declined")),
    ),
    "the key of another buyer": (
        asked_once,
        lambda left: with_more(left, replace(sold(left), buyer="late", attempt=2)),
    ),
    "a log that was lost": (asked_once, lambda left: replace(left, requests=left.requests[50:])),
    "no fault that explains a repeat": (asked_once, lambda left: replace(left, faults=[])),
    "another sale": (sold_once, another_sale),
    "another price": (
        every_cent,
        lambda left: replace(left, requests=[replace(one, price="19") for one in left.requests]),
    ),
    "a buyer that did not take it": (
        every_cent,
        lambda left: replace(left, requests=[replace(one, decision="declined") for one in left.requests]),
    ),
    "a price that was told before and is not paid": (
        every_cent,
        lambda left: replace(left, posted=[replace(one, quoted=one.quoted and "0.01") for one in left.posted]),
    ),
    "a cap that is not full": (caps_kept, lambda left: replace(left, filled=[Filled("c/day", left.filled[0].at, 0)])),
    "a lead that never came": (
        nothing_lost,
        lambda left: replace(left, posted=[replace(left.posted[0], lead="0" * 32), *left.posted]),
    ),
}


@pytest.mark.parametrize("planted", list(PLANTED))
def test_the_checker_finds_what_is_planted_in_the_logs(left: Left, books: proofs.Books, planted: str) -> None:
    promise, plant = PLANTED[planted]
    assert is_found(promise, Case(books, plant(left[0])))


def test_every_run_replays_event_by_event(books: proofs.Books) -> None:
    verdict = replayed(books)
    assert verdict.findings == []
    assert int(verdict.figures.split()[0]) >= LEADS + max(100, LEADS // 10)


@pytest.mark.parametrize(
    "change",
    [
        "outcome = 'declined' WHERE outcome = 'accepted'",
        "reason = 'because' WHERE effect = 'offer'",
        "asks = asks || '{\"price\": 1}' WHERE effect = 'offer'",
        "result = result || '{\"price\": 1}' WHERE outcome = 'accepted'",
        "result = result || '{\"answer\": \"declined\"}' WHERE effect = 'offer' AND outcome = 'accepted'",
        "path = 'elsewhere' WHERE effect = 'intake'",
        "seq = seq + 1 WHERE effect = 'close'",
    ],
)
def test_a_replay_finds_what_was_changed(left: Left, change: str) -> None:
    database = left[1]
    assert database.exec_driver_sql(f"UPDATE lead_event SET {change}").rowcount
    assert replayed(proofs.Books(database)).findings


def test_a_verdict_says_what_was_found(left: Left) -> None:
    words, many = report([Verdict("P1 nothing is lost", "2 leads", ["lead 1 is gone"]), Verdict("P2", "fine")])
    assert words.splitlines() == [
        "BROKEN  P1 nothing is lost: 2 leads",
        "      lead 1 is gone",
        "kept    P2: fine",
        "1 promises are broken.",
    ]
    assert many == 1
