"""Each failure that the doctor looks for, provoked on real servers; every sentence says what to do."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from sqlalchemy import text
from sqlalchemy.orm import Session

from flowbuilder import db, embedded, enqueue, ids, kept_secrets
from flowbuilder.config import Settings, settings
from flowbuilder.models import Worker
from flowbuilder.operating import vault_keys
from flowbuilder.operating.doctor import database, findings_of, keys, mail, outbound, queue, work
from flowbuilder.operating.doctor.findings import worst
from flowbuilder.operating.vault_keys import KeyUse
from flowbuilder.vault import Vault, credential_place
from tests.support import cast
from tests.support.processes import free_port
from tests.support.servers import url_of

NOW = datetime(2026, 11, 20, tzinfo=UTC)
GONE = "postgresql+psycopg://fred:hunter2@127.0.0.1:1/leads"


@pytest.fixture
def own(fresh_database_url: str, fresh_redis_url: str, tmp_path: Path) -> Settings:
    """Give settings of a database with all tables and of an empty Valkey."""
    return replace(settings(), database_url=fresh_database_url, redis_url=fresh_redis_url, home=tmp_path, smtp_url="")


def run(own: Settings, statement: str, **values: Any) -> None:
    engine = db.make_engine(own.database_url)
    with engine.begin() as connection:
        connection.execute(text(statement), values)
    engine.dispose()


def said(found: Any, check: str) -> tuple[str, str]:
    """Return state and sentence of a check, the worst if there are several."""
    of = sorted((one for one in found if one.check == check), key=lambda one: worst([one]) == "wrong")
    return of[-1].state, of[-1].said


@contextmanager
def stored(own: Settings) -> Iterator[Session]:
    engine = db.make_engine(own.database_url)
    with Session(engine) as session:
        yield session
        session.commit()
    engine.dispose()


def test_on_good_ground_nothing_is_wrong(own, tmp_path):
    with embedded_servers(tmp_path) as servers:
        good = replace(own, database_url=servers.database_url, redis_url=servers.redis_url)
        db.migrate(good.database_url)
        found = list(findings_of(good))
    assert [one for one in found if one.state == "wrong"] == []
    checks = {"database", "durability", "tables", "partitions", "queue", "memory", "messages", "keys"}
    assert checks <= {one.check for one in found if one.state == "ok"}
    # A busy machine does not know its clock well, and a full one has little space: both are told, and neither is wrong.
    assert {"clock", "space"} <= {one.check for one in found}


@contextmanager
def embedded_servers(folder: Path) -> Iterator[embedded.Servers]:
    servers = embedded.start(folder / "ground")
    try:
        yield servers
    finally:
        embedded.delete(folder / "ground")


def test_with_database_and_queue_away_each_is_said_once_and_the_rest_goes_on(own):
    found = list(findings_of(replace(own, database_url=GONE, redis_url="redis://:s3cret@127.0.0.1:1")))
    assert [one.check for one in found if one.state == "wrong"] == ["database", "queue"]
    assert "hunter2" not in str(found)
    assert "s3cret" not in str(found)


def test_a_database_that_cannot_be_reached_is_named_without_its_password(own):
    [found] = database.check(replace(own, database_url=GONE))
    assert found.said.startswith("PostgreSQL at 127.0.0.1, database leads, does not answer")
    assert "hunter2" not in found.said


def test_a_database_that_does_not_exist_is_found(own, servers):
    [found] = database.check(replace(own, database_url=url_of(servers, "nowhere")))
    assert (found.check, found.state) == ("database", "wrong")


@pytest.mark.parametrize(
    ("statement", "check", "words"),
    [
        ("DROP TABLE alembic_version", "tables", "There are none yet"),
        ("UPDATE alembic_version SET version_num = '0001'", "tables", "run `flowbuilder migrate`"),
        ("UPDATE alembic_version SET version_num = 'of the future'", "tables", "newer release"),
        (
            "DO $$ BEGIN EXECUTE 'DROP TABLE offer' || to_char(now() + interval '1 month', '_YYYY_MM'); END $$",
            "partitions",
            "offer has no room for next month",
        ),
    ],
)
def test_tables_that_are_not_those_of_this_release_are_found(own, statement, check, words):
    run(own, statement)
    state, sentence = said(database.check(own), check)
    assert (state, words in sentence) == ("wrong", True), sentence


def test_a_database_that_may_forget_is_found(own):
    state, sentence = said(database.check(own), "durability")
    assert (state, sentence.startswith("fsync is off")) == ("wrong", True)


@pytest.mark.parametrize(("apart", "state"), [(0.01, "ok"), (0.6, "warning"), (2.1, "wrong")])
def test_clocks_that_are_apart_are_found(apart, state):
    assert database.judge_clock(apart).state == state


@pytest.mark.parametrize(
    ("free", "state"), [(None, "ok"), (100 * 1024**3, "ok"), (2 * 1024**3, "warning"), (1024**2, "wrong")]
)
def test_a_disk_that_fills_up_is_found(free, state):
    assert database.judge_space(free).state == state


def test_a_queue_that_throws_messages_away_is_found(own, own_servers):
    here = replace(own, redis_url=own_servers.redis_url)
    with enqueue.connect(own_servers.redis_url) as redis:
        redis.config_set("maxmemory", "64mb")
        redis.config_set("maxmemory-policy", "allkeys-lru")
        state, sentence = said(queue.check(here), "memory")
        redis.config_set("requirepass", "s3cret")
    assert (state, "allkeys-lru" in sentence) == ("wrong", True)
    assert "refuses the password" in said(queue.check(here), "queue")[1]


def test_messages_that_nobody_takes_are_found(own):
    with enqueue.connect(own.redis_url) as redis:
        redis.rpush("rq:queue:jobs", *(["x"] * 101))
        found = said(queue.check(own), "messages")
        redis.delete("rq:queue:jobs")
    assert found[0] == "warning"
    assert "101 jobs" in found[1]


def test_a_key_that_secrets_need_and_the_vault_lacks_is_found(own):
    with stored(own) as session:
        connection = cast.a_connection(session, cast.a_seller(session))
        place = credential_place(connection.account_id, connection.id, "token")
        sealed = Vault([("k0", b"0" * 32)]).seal("secret", **place)
        values = {"id": connection.id, "sealed": sealed}
        add = "INSERT INTO credential VALUES (:id, 'token', :sealed, '', now())"
        session.execute(text(add), values)
    state, sentence = said(keys.check(own), "keys")
    assert (state, "1 secrets are sealed with k0, which is missing" in sentence) == ("wrong", True)


def test_another_key_under_an_id_that_sealed_secrets_is_found():
    uses = [KeyUse("k1", True, True, None, 5, None, opens=False)]
    [found] = keys.judge_uses(uses, NOW)
    assert (found.state, "k1 opens none of the 5 secrets" in found.said) == ("wrong", True)


@pytest.mark.parametrize(
    ("uses", "words"),
    [
        ([("k20261101", 5)], "ok: k20261101 seals what is new"),
        ([("k20251101", 5)], "warning: k20251101 is older than a year"),
        ([("k2", 5), ("k1", 0)], "warning: k1 seals nothing any more"),
        ([("k2", 5), ("k1", 3)], "warning: 3 secrets are sealed with the older k1"),
    ],
)
def test_keys_that_are_old_or_left_over_are_found(uses, words):
    known = [
        KeyUse(key_id, number == 0, True, vault_keys.made_on(key_id), seals, None)
        for number, (key_id, seals) in enumerate(uses)
    ]
    assert any(f"{one.state}: {one.said}".startswith(words) for one in keys.judge_uses(known, NOW))


def test_production_on_secrets_that_were_made_up_is_found(own):
    kept_secrets.read_or_make(own.home)
    made_up = kept_secrets.read(own.home)["SECRET_KEY"]
    found = list(keys.check(replace(own, env="production", secret_key=made_up)))
    assert said(found, "secrets")[0] == "wrong"
    assert made_up not in str(found)
    assert [one for one in keys.check(replace(own, env="production")) if one.check == "secrets"] == []


def test_a_file_of_secrets_that_others_may_read_is_found(own):
    kept_secrets.read_or_make(own.home)
    (own.home / kept_secrets.FILE_NAME).chmod(0o644)
    assert said(keys.check(own), "secrets")[0] == "wrong"


def a_lead(session: Session, **values: Any) -> Any:
    seller = cast.a_seller(session)
    flow = cast.a_flow(session, seller)
    return cast.a_lead(session, cast.a_source(session, flow), **values), cast.a_connection(session, seller)


def workers(session: Session, *kinds: str) -> None:
    now = cast.now()
    session.add_all(Worker(id=ids.new_id(), kind=kind, started_at=now, seen_at=now) for kind in kinds)


@pytest.mark.parametrize(
    ("kinds", "state", "words"),
    [
        ((), "warning", "None carries leads"),
        (("leads",), "warning", "None does background jobs"),
        (("leads", "leads", "jobs"), "ok", "2 carry leads, 1 do other jobs"),
    ],
)
def test_workers_that_are_missing_are_found(own, kinds, state, words):
    with stored(own) as session:
        workers(session, *kinds)
    found = said(work.check(own), "workers")
    assert (found[0], words in found[1]) == (state, True)


@pytest.mark.parametrize(("minutes", "state"), [(2, "warning"), (7, "wrong")])
def test_leads_that_nobody_takes_are_found(own, minutes, state):
    with stored(own) as session:
        due = cast.now() - timedelta(minutes=minutes)
        a_lead(session, state="received", outcome=None, finished_at=None, due_at=due)
    found = list(work.check(own))
    assert said(found, "leads")[0] == state
    assert said(found, "workers")[0] == "wrong"


@pytest.mark.parametrize(
    ("check", "lead", "offer"),
    [
        ("quarantine", {"outcome": "error", "reason_code": "quarantined"}, None),
        ("unknown", {"outcome": "error"}, {"state": "unknown", "is_winner": False}),
        ("decisions", {"state": "waiting", "outcome": None, "waiting_for": "person"}, None),
    ],
)
def test_what_a_person_has_to_look_at_is_found(own, check, lead, offer):
    with stored(own) as session:
        row, connection = a_lead(session, **lead)
        if offer:
            cast.an_offer(session, row, connection, **offer)
    assert said(work.check(own), check)[0] == "warning"


class Greets(BaseRequestHandler):
    """A server that says something as soon as it is called."""

    def handle(self) -> None:
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@contextmanager
def a_server(context: ssl.SSLContext | None = None) -> Iterator[int]:
    ThreadingTCPServer.daemon_threads = True
    with ThreadingTCPServer(("127.0.0.1", 0), Greets) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_a_handshake_with_a_good_certificate_is_ok(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with a_server(server_context(authority, "localhost")) as port:
        found = outbound.try_handshake(f"localhost:{port}", str(tmp_path / "ca.pem"))
    assert (found.state, found.said) == ("ok", "localhost answers, by TLSv1.3.")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("context", "words"),
    [(lambda: server_context(trustme.CA(), "localhost"), "is not good"), (lambda: None, "speaks no TLS")],
)
def test_a_server_that_cannot_prove_who_it_is_is_found(context: Callable[[], ssl.SSLContext | None], words):
    with a_server(context()) as port:
        found = outbound.try_handshake(f"localhost:{port}")
    assert (found.state, words in found.said) == ("wrong", True), found.said


@pytest.mark.parametrize(
    ("host", "words"),
    [("nothing.invalid", "is not found"), ("127.0.0.1:1", "cannot be reached"), ("localhost:x", "cannot be reached")],
)
def test_a_host_that_is_not_there_is_found(host, words):
    found = outbound.try_handshake(host)
    assert (found.state, words in found.said) == ("wrong", True), found.said


def test_without_a_host_nothing_is_called_and_that_is_said(own):
    [found] = outbound.check(own, None)
    assert "Nothing was called" in found.said


def test_private_addresses_that_are_open_in_production_are_found(own):
    is_open = replace(own, outbound_allow=(("127.0.0.1", 9901),))
    states = [
        [one.state for one in outbound.check(replace(is_open, env=env), None)] for env in ("development", "production")
    ]
    assert states == [["ok"], ["warning", "ok"]]


class Mailbox:
    """A mail server that counts what it is given."""

    def __init__(self) -> None:
        self.mails = 0

    async def handle_DATA(self, *_: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails += 1
        return "250 OK"


def is_right(_server: SMTP, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    return AuthResult(success=given.password == b"p4ss word", handled=False)


@contextmanager
def a_mail_server(**options: Any) -> Iterator[tuple[str, Mailbox]]:
    mailbox = Mailbox()
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=int(port), ready_timeout=60, **options)
    controller.start()
    try:
        yield f"127.0.0.1:{port}", mailbox
    finally:
        controller.stop()


@pytest.mark.parametrize(
    ("user", "state", "words"),
    [
        ("", "ok", "answers; nothing was sent"),
        ("fred:p4ss%20word@", "ok", "lets us in; nothing was sent"),
        ("fred:hunter2@", "wrong", "refuses the user name or the password"),
    ],
)
def test_a_mail_server_is_greeted_and_signed_in_to_and_no_mail_is_sent(own, user, state, words):
    with a_mail_server(authenticator=is_right, auth_require_tls=False) as (address, mailbox):
        found = list(mail.check(replace(own, smtp_url=f"smtp://{user}{address}", mail_from="leads@example.com")))
    assert (found[0].state, words in found[0].said) == (state, True), found
    assert mailbox.mails == 0
    assert "hunter2" not in str(found)


def test_a_mail_server_whose_certificate_is_not_good_is_found(own):
    with a_mail_server(tls_context=server_context(trustme.CA(), "localhost")) as (address, _):
        found = list(mail.check(replace(own, smtp_url=f"smtp://{address}", mail_from="leads@example.com")))
    assert (found[0].state, "certificate" in found[0].said) == ("wrong", True), found


@pytest.mark.parametrize(
    ("url", "sender", "words"),
    [
        ("smtp://127.0.0.1:1", "leads@example.com", "does not answer as a mail server"),
        ("http://127.0.0.1", "leads@example.com", "SMTP_URL cannot be used"),
        ("smtp://127.0.0.1:1", "", "MAIL_FROM is empty"),
    ],
)
def test_mail_settings_that_cannot_work_are_found(own, url, sender, words):
    found = list(mail.check(replace(own, smtp_url=url, mail_from=sender)))
    assert any(one.state == "wrong" and words in one.said for one in found), found


def test_no_mail_server_is_fine_while_trying_it_out_and_a_warning_in_production(own):
    assert [one.state for one in mail.check(own)] == ["ok"]
    assert [one.state for one in mail.check(replace(own, env="production"))] == ["warning"]


def test_no_mail_server_is_wrong_where_buyers_get_their_leads_by_mail(own):
    engine = db.make_engine(own.database_url, pool_size=1)
    with Session(engine) as session:
        destination = {"deliver_by": ["email"], "email": {"to": "leads@brightroof.example"}}
        cast.a_connection(session, cast.a_seller(session), destination=destination)
        session.commit()
    engine.dispose()
    [found] = mail.check(own)
    assert (found.state, "connections need it (1)" in found.said) == ("wrong", True)
