"""A worker that ends at once, around any of its commits, loses nothing, sells nothing twice and passes no cap."""

import ast
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

import workers
from flowbuilder import clock, config, ids
from flowbuilder.models import Connection, ConnectionTest
from flowbuilder.vault import Vault
from tests.support import armed
from tests.support.armed import exit_code, start_worker
from tests.support.buyers import Buyer, Seen, a_buyer, accepting, in_turn
from tests.support.flows import BUSY, NO, SILENT, YES, buyer, cap, only, quickly
from tests.support.hostile import saying, serving
from tests.support.mail import a_mail_server
from tests.support.market import Market
from workers import journal
from workers.crashpoints import CRASHED

CARRYING = {"link": 1, "lease": 1, "turn": 7, "windows": 1, "presence": 1, "sweep": 1, "tidying": 1, "partitions": 1}
"""The commits that carrying a few leads passes, and how many of each kind are tried as the last one."""
SPECIAL = {
    *("renewal", "return", "quarantine", "test begun", "test in inbox", "test ended", "copies begun", "copies ended"),
    *("token kept", "token forgotten", "planned"),
}
"""The commits that need more than that; each has a test below, what is planned among those of its review."""

SAYS = {"yes": [YES], "no": [NO], "busy": [BUSY, YES], "mute": [SILENT, YES]}


def sites() -> Iterator[tuple[str, ast.Call, list[ast.stmt], int]]:
    """Yield every statement of workers that commits or begins a transaction, with the statements beside it."""
    for path in sorted(Path(workers.__file__).parent.rglob("*.py")):
        if path.name in ("statements.py", "journal.py"):
            continue  # They commit for others, who stand between crash points when they ask for it.
        for node in ast.walk(ast.parse(path.read_text())):
            for block in (getattr(node, "body", None), getattr(node, "orelse", None), getattr(node, "finalbody", None)):
                for position, statement in enumerate(block if isinstance(block, list) else ()):
                    for call in _calls(statement):
                        yield path.name, call, block, position  # type: ignore[misc]


def _calls(statement: ast.stmt) -> Iterator[ast.Call]:
    parts = [item.context_expr for item in statement.items] if isinstance(statement, ast.With) else [statement]
    for part in parts:
        for node in ast.walk(part) if not hasattr(statement, "body") or isinstance(statement, ast.With) else ():
            if isinstance(node, ast.Call) and (_name(node) == "committed" or _commits(node, statement)):
                yield node


def _commits(call: ast.Call, statement: ast.stmt) -> bool:
    """Say whether a call commits: now, or at the end of the block that it stands over."""
    ends_a_block = isinstance(statement, ast.With) and _name(call) in ("begin", "begin_nested")
    return _name(call) == "write_and_commit" or ((_name(call) == "commit" or ends_a_block) and not call.args)


def _name(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _point(statement: ast.stmt) -> str:
    assert isinstance(statement, ast.Expr)
    call = statement.value
    assert isinstance(call, ast.Call)
    assert _name(call) == "crashpoint"
    return ast.unparse(call.args[0]).strip("f'")


def test_every_commit_of_the_workers_stands_between_two_crash_points_that_are_tried() -> None:
    names = set()
    for file, call, block, position in sites():
        if _name(call) == "committed":
            names.add(ast.literal_eval(call.args[1]))
        else:
            before, after = _point(block[position - 1]), _point(block[position + 1])
            assert (before.split()[0], after.split()[0]) == ("before", "after"), file
            names.add(before.partition(" ")[2])
    assert names - {"{name}"} == set(CARRYING) | SPECIAL


def moody(request: Seen, seen: list[Seen]) -> tuple[int, dict[str, Any]]:
    """Answer as the lead's address asks: each lead in its own way, the second time as well."""
    email = request.body["email"]
    mood, times = re.split(r"\d", email)[0], sum(earlier.body["email"] == email for earlier in seen)
    return SAYS[mood][min(times, len(SAYS[mood])) - 1]


@contextmanager
def a_busy_market(market: Market) -> Iterator[tuple[Buyer, Buyer]]:
    with a_buyer(accepting) as sunrise, a_buyer(accepting) as helio:
        sunrise.react = lambda request: moody(request, list(sunrise.seen))
        market.publish(
            [
                only("CA", "f"),
                cap(1000),
                buyer(market.connect(sunrise, breaker="off"), "s1", caps=[{"limit": 11, "per": "total"}], **quickly()),
                buyer(market.connect(helio), "s2", price=30),
            ],
            intake={"duplicates": {"by": ["email"], "within": "30d"}},
        )
        yield sunrise, helio


def post_all_moods(market: Market, number: str) -> None:
    for mood in SAYS:
        market.post(1, fields={"email": f"{mood}{number}@example.com"})
    market.post(1, fields={"email": f"nv{number}@example.com", "state": "NV"})
    market.post(1, fields={"email": f"yes{number}@example.com"})


def recover(market: Market) -> None:
    """Carry what the dead worker left, until every lead has ended."""
    with market.carrying():
        market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
    market.check()


POINTS = [
    (f"{side} {name}", number)
    for name, passes in CARRYING.items()
    for number in range(1, passes + 1)
    for side in ("before", "after")
]


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LEASE", armed.LEASE)


@pytest.mark.usefixtures("short_leases")
@pytest.mark.parametrize("batch", range(3))
def test_a_worker_may_end_around_any_commit(market: Market, batch: int) -> None:
    with a_busy_market(market) as buyers:
        for number, (point, passes) in enumerate(POINTS[batch::3]):
            post_all_moods(market, str(number))
            assert exit_code(start_worker(market, point, passes, "leads")) == CRASHED, point
        recover(market)
        market.check_requests(*buyers)
        many = len(POINTS[batch::3])
        assert outcomes(market) == {"sold": 4 * many, "rejected": many, "duplicate": many}
        for number in range(11):
            market.post(1, fields={"email": f"yes777{number}@example.com"})
        recover(market)
    assert market.count_offers("s1", "accepted") == 11


def outcomes(market: Market) -> Counter[str | None]:
    return Counter(lead.outcome for lead in market.leads())


@pytest.mark.usefixtures("short_leases")
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_worker_may_end_while_it_renews_or_gives_back(market: Market, side: str) -> None:
    with a_buyer(accepting) as sunrise:
        sunrise.delay = 1.0
        market.publish([buyer(market.connect(sunrise), **quickly())])
        market.post(3)
        renewing = start_worker(market, f"{side} renewal", 1, "leads")
        assert exit_code(renewing) == CRASHED
        sunrise.delay = 5.0  # The next one is told to stop, and lets its calls go on for less.
        stopping = start_worker(market, f"{side} return", 1, "leads")
        sunrise.wait_for(4)
        stopping.terminate()
        assert exit_code(stopping) == CRASHED
        sunrise.delay = 0.0
        recover(market)
        market.check_requests(sunrise)
    assert {lead.outcome for lead in market.leads()} == {"sold"}


@pytest.mark.usefixtures("short_leases")
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_worker_may_end_while_it_puts_a_lead_aside(market: Market, side: str) -> None:
    with a_busy_market(market) as buyers:
        post_all_moods(market, "1")
        [first, *_] = market.leads()
        market.execute("UPDATE lead SET crashes = :most WHERE id = :id", most=journal.ALONE_CRASHES + 1, id=first.id)
        worker = start_worker(market, f"{side} quarantine", 1, "leads")
        assert exit_code(worker) == CRASHED
        recover(market)
        market.check_requests(*buyers)
    assert market.lead(first.id).reason_code == "quarantined"
    assert [lead.reason_code for lead in market.leads()].count("quarantined") == 1


@pytest.mark.usefixtures("short_leases")
def test_a_lead_that_ends_every_worker_is_put_aside_and_the_others_go_on(market: Market) -> None:
    with a_buyer(accepting) as sunrise:
        market.publish([buyer(market.connect(sunrise))])
        market.post(3)
        market.post(1, fields={"email": "poison@example.com", "state": armed.DEADLY})
        ends = 0
        while market.count_open():
            worker = start_worker(market, armed.POISON, 1, "leads")
            while market.count_open() and worker.is_alive():
                time.sleep(0.05)
            worker.terminate()
            ends += exit_code(worker) == CRASHED
    assert ends == journal.ALONE_CRASHES + 1
    assert sorted(str(lead.reason_code) for lead in market.leads()) == ["None"] * 3 + ["quarantined"]
    market.check_requests(sunrise)
    assert len({request.key for request in sunrise.seen}) == 3


@pytest.mark.parametrize(
    ("point", "state"),
    [
        ("before test begun", "queued"),
        ("after test begun", "sending"),
        ("before test ended", "sending"),
        ("after test ended", "done"),
    ],
)
def test_a_test_call_is_made_once_at_most(market: Market, point: str, state: str) -> None:
    with a_buyer(accepting) as sunrise:
        shown = market.connect(sunrise)
        with Session(market.database) as session:
            connection = session.get_one(Connection, ids.read(shown, "con"))
            test = ConnectionTest(id=ids.new_id(), account_id=market.account_id, connection_id=connection.id)
            test.state, test.fields, test.created_at = "queued", {"email": "ana@example.com"}, clock.now()
            session.add(test)
            session.commit()
            test_id = test.id
        assert exit_code(start_worker(market, point, 1, "test", ids.show(test_id))) == CRASHED
        assert exit_code(start_worker(market, "never", 1, "test", ids.show(test_id))) == armed.SURVIVED
    with Session(market.database) as session:
        assert session.get_one(ConnectionTest, test_id).state == ("done" if state == "queued" else state)
    assert len(sunrise.seen) == (0 if point == "after test begun" else 1)


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_test_lead_stands_in_an_inbox_once_at_most(market: Market, side: str) -> None:
    shown = market.connect_by("inbox")
    with Session(market.database) as session:
        test = ConnectionTest(id=ids.new_id(), account_id=market.account_id, connection_id=ids.read(shown, "con"))
        test.state, test.fields, test.created_at = "queued", {"email": "ana@example.com"}, clock.now()
        session.add(test)
        session.commit()
        test_id = test.id
    assert exit_code(start_worker(market, f"{side} test in inbox", 1, "test", ids.show(test_id))) == CRASHED
    assert exit_code(start_worker(market, "never", 1, "test", ids.show(test_id))) == armed.SURVIVED
    assert len(market.inbox()) == (side == "after")


TURNS = [(f"{side} turn", number) for number in range(1, 6) for side in ("before", "after")]


@pytest.mark.usefixtures("short_leases")
def test_a_worker_may_end_between_a_mail_and_its_answer_and_the_mail_stays_the_same(market: Market) -> None:
    with a_mail_server() as server:
        market.publish([buyer(market.connect_by("email", mail=server), **quickly())])
        for point, passes in TURNS:
            market.post(1)
            assert exit_code(start_worker(market, point, passes, "leads")) == CRASHED, point
        recover(market)
        leads = market.leads()
        assert {lead.outcome for lead in leads} == {"sold"}
        named = {f"<{ids.show(offer.id)}@acme.example>" for lead in leads for offer in market.offers(lead.id)}
        assert {letter.id for letter in server.letters} == named
        assert len(named) == len(leads)
        for name in named:
            assert len({letter.raw for letter in server.letters if letter.id == name}) == 1
        attempts = [attempt for lead in leads for attempt in market.attempts(lead.id)]
        assert len(server.letters) <= len(attempts)


@pytest.mark.usefixtures("short_leases")
def test_a_lead_stands_in_an_inbox_exactly_once_whenever_a_worker_ends(market: Market) -> None:
    market.publish([cap(1000), buyer(market.connect_by("inbox", inbox={"notice": "ana@brightroof.example"}))])
    for point, passes in TURNS[:4]:
        market.post(3)
        assert exit_code(start_worker(market, point, passes, "leads")) == CRASHED, point
    recover(market)
    leads = market.leads()
    assert {lead.outcome for lead in leads} == {"sold"}
    assert sorted(row.lead_id for row in market.inbox()) == [lead.id for lead in leads]
    assert [copy.lead_id for copy in market.copies()] == [lead.id for lead in leads]


@pytest.mark.parametrize(
    ("point", "mails", "states"),
    [
        ("before copies begun", 1, ["ok"]),
        ("after copies begun", 1, ["ambiguous", "ok"]),
        ("before copies ended", 2, ["ambiguous", "ok"]),
        ("after copies ended", 1, ["ok"]),
    ],
)
def test_a_copy_is_sent_whenever_its_job_ends_and_is_the_same_mail(
    market: Market, point: str, mails: int, states: list[str]
) -> None:
    with a_mail_server() as server:
        market.publish([buyer(market.connect_by("inbox", "email", mail=server))])
        [lead_id] = market.post()
        market.carry()
        assert exit_code(start_worker(market, point, 1, "copies")) == CRASHED
        market.execute("UPDATE delivery_copy SET due_at = now() WHERE finished_at IS NULL")
        assert exit_code(start_worker(market, "never", 1, "copies")) == armed.SURVIVED
        market.later(60)
        market.send_copies()
    assert len(server.letters) == mails
    assert len({letter.id for letter in server.letters}) == 1
    assert [one.state for one in market.attempts(lead_id) if one.method == "email"] == states
    assert [copy.state for copy in market.copies()] == ["ok"]
    assert market.lead(lead_id).outcome == "sold"


@pytest.mark.usefixtures("short_leases")
@pytest.mark.parametrize(
    "point", ["before token kept", "after token kept", "before token forgotten", "after token forgotten"]
)
def test_a_worker_may_end_while_it_keeps_an_access_token_or_forgets_one(market: Market, point: str) -> None:
    with a_buyer(accepting) as sunrise, serving(saying(b'{"access_token":"tok_1"}')) as tokens:
        sunrise.react = in_turn((401, {}), YES) if "forgotten" in point else accepting
        market.allowed.append(("127.0.0.1", tokens.port))
        auth = {"type": "oauth2", "token_url": tokens.url, "client_id": "acme"}
        shown = market.connect(sunrise, auth=auth)
        market.seal(shown, {"client_secret": "planted"}, Vault(config.settings().vault_keys))
        market.publish([buyer(shown, **quickly())])
        [lead_id] = market.post(1)
        assert exit_code(start_worker(market, point, 1, "leads")) == CRASHED
        second = start_worker(market, "never", 1, "leads")
        market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0")
        second.terminate()
        assert exit_code(second) in (0, armed.SURVIVED)
        market.check()
    assert market.lead(lead_id).outcome == "sold"
    assert len({request.key for request in sunrise.seen}) == 1
