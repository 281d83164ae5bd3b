"""Mail goes to the operator's server, is what it should be, and every mail has exactly one result that is true."""

import queue
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult

from flowbuilder import ids
from flowbuilder.config import Settings
from rules.delivery.mail import Mail
from tests.support.mail import CUT, TAKEN, MailServer, a_mail_server
from tests.support.processes import eventually, free_port
from workers.delivery.calls import MailCall, Sent
from workers.delivery.email import MOST_THREADS, MailSender, Post, post_of

MAIL = Mail(ids.show(ids.new_id()), "leads@brightroof.example", "Zoë", "Name: Zoë\n.\n..two\n", "<p>Zoë</p>")
Results = queue.Queue[Sent]


@contextmanager
def a_sender(
    server: str, sender: str = "Acme <leads@acme.example>"
) -> Iterator[tuple[MailSender, "queue.Queue[Sent]"]]:
    results: queue.Queue[Sent] = queue.Queue()
    made = MailSender(results.put, Post(server, sender, "acme.example"))
    made.start()
    try:
        yield made, results
    finally:
        made.stop(0)


def sent_by(server: str, mail: Mail = MAIL, *, timeout_ms: int = 5000, **options: str) -> Sent:
    with a_sender(server, **options) as (sender, results):
        sender.submit(MailCall("key", mail, timeout_ms))
        sent = results.get(timeout=30)
        assert sender.in_flight == 0
    assert sent.key == "key"
    assert results.empty()
    return sent


def test_a_mail_arrives_as_it_was_made_with_one_recipient() -> None:
    with a_mail_server() as server:
        sent = sent_by(server.url)
    [letter] = server.letters
    assert (sent.kind, sent.reply and sent.reply.status, sent.reply and sent.reply.body) == (
        "reply",
        250,
        b"2.0.0 queued as 4Zx",
    )
    assert (letter.sender, letter.to) == ("leads@acme.example", ["leads@brightroof.example"])
    assert (letter.message["Subject"], letter.message["From"]) == ("Zoë", "Acme <leads@acme.example>")
    assert letter.id == f"<{MAIL.key}@acme.example>"
    assert letter.body() == MAIL.text


@pytest.mark.parametrize(
    ("to_recipient", "answer", "kind", "status"),
    [
        ("550 5.1.1 no such user", TAKEN, "reply", 550),
        ("450 4.2.1 try later", TAKEN, "reply", 450),
        ("250 OK", "554 5.7.1 spam", "reply", 554),
        ("250 OK", "452 4.3.1 disk full", "reply", 452),
        ("250 OK", CUT, "ambiguous", None),
    ],
)
def test_what_a_server_answers_is_told_as_it_is(to_recipient: str, answer: str, kind: str, status: int | None) -> None:
    with a_mail_server() as server:
        server.to_recipient, server.answers = [to_recipient], [answer]
        sent = sent_by(server.url)
    assert (sent.kind, sent.reply.status if sent.reply else None) == (kind, status)


def test_a_refused_mail_leaves_the_connection_for_the_next_one() -> None:
    with a_mail_server() as server, a_sender(server.url) as (sender, results):
        server.to_recipient = ["550 no", "250 OK"]
        statuses = []
        for _ in range(2):
            sender.submit(MailCall("key", MAIL, 5000))
            reply = results.get(timeout=30).reply
            statuses.append(reply and reply.status)
    assert statuses == [550, 250]


def test_a_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    port = int(free_port())
    with a_sender(f"smtp://127.0.0.1:{port}") as (sender, results):
        for _ in range(2):
            with _at(port) as server:
                sender.submit(MailCall("key", MAIL, 5000))
                assert results.get(timeout=30).kind == "reply"
                assert len(server.letters) == 1


@contextmanager
def _at(port: int) -> Iterator[MailServer]:
    from aiosmtpd.controller import Controller

    mailbox = MailServer(port)
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def test_a_server_that_is_not_there_was_surely_given_nothing() -> None:
    sent = sent_by(f"smtp://127.0.0.1:{free_port()}")
    assert (sent.kind, sent.error) == ("not_sent", "The mail server could not be reached.")


@pytest.mark.parametrize(("server", "sender"), [("", "leads@acme.example"), ("smtp://127.0.0.1:1", "")])
def test_without_a_server_or_a_sender_no_mail_leaves(server: str, sender: str) -> None:
    sent = sent_by(server, sender=sender)
    assert (sent.kind, "SMTP_URL and MAIL_FROM are not set" in sent.error) == ("not_sent", True)


@contextmanager
def a_script(*lines: bytes) -> Iterator[str]:
    """Run a server that says these lines one by one, each after something came in, and then nothing for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        link, _ = listener.accept()
        with link:
            link.sendall(lines[0])
            for line in lines[1:]:
                if not link.recv(65536):
                    return
                link.sendall(line)
            ended.wait(60)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        listener.close()


HELLO, FINE, GO = b"220 hello\r\n", b"250 fine\r\n", b"354 go\r\n"


SILENT = [
    ((HELLO,), "not_sent"),
    ((HELLO, FINE), "not_sent"),
    ((HELLO, FINE, FINE), "not_sent"),
    ((HELLO, FINE, FINE, FINE), "not_sent"),
    ((HELLO, FINE, FINE, FINE, GO), "ambiguous"),
    ((HELLO, FINE, FINE, FINE, GO, b"25"), "ambiguous"),
    ((HELLO, FINE, FINE, FINE, GO, b"250 o"), "reply"),
    ((HELLO, FINE, FINE, FINE, GO, b"300 what?\r\n"), "ambiguous"),
    ((HELLO, FINE, FINE, b"25"), "not_sent"),
    ((b"no mail server\r\n",), "not_sent"),
    ((b"554 go away\r\n",), "not_sent"),
]


def test_a_server_that_falls_silent_is_given_up_in_time() -> None:
    def kind(lines: tuple[bytes, ...]) -> str:
        with a_script(*lines) as server:
            return sent_by(server, timeout_ms=8000).kind

    with ThreadPoolExecutor(len(SILENT)) as pool:
        kinds = pool.map(kind, [lines for lines, _ in SILENT])
    assert [(lines, kind) for (lines, _), kind in zip(SILENT, kinds, strict=True)] == SILENT


def test_a_server_that_drips_its_answer_is_given_up_in_time() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def drip() -> None:
        link, _ = listener.accept()
        with link:
            link.sendall(HELLO)
            while not ended.wait(0.2):
                try:
                    link.sendall(b"2")
                except OSError:
                    return

    threading.Thread(target=drip, daemon=True).start()
    sent = sent_by(f"smtp://127.0.0.1:{listener.getsockname()[1]}", timeout_ms=1000)
    ended.set()
    listener.close()
    assert sent.kind == "not_sent"


def test_mails_go_out_side_by_side() -> None:
    with a_mail_server() as server, a_sender(server.url) as (sender, results):
        server.delay = 0.5
        for number in range(8):
            sender.submit(MailCall(number, MAIL, 30_000))
        assert {results.get(timeout=30).key for _ in range(8)} == set(range(8))
        assert server.most_at_once > 1


def test_a_sender_that_is_stopped_hands_over_a_result_for_every_mail() -> None:
    with a_mail_server() as server, a_sender(server.url) as (sender, results):
        server.delay = 60.0
        for number in range(12):
            sender.submit(MailCall(number, MAIL, 90_000))
        eventually(lambda: server.at_once == MOST_THREADS)
        began = time.monotonic()
        sender.stop(0)
        assert time.monotonic() - began < 15
        found = [results.get_nowait() for _ in range(12)]
        assert sender.in_flight == 0
        with pytest.raises(RuntimeError):
            sender.submit(MailCall("late", MAIL, 1000))
    assert sorted(sent.key for sent in found) == list(range(12))
    assert {sent.kind for sent in found} == {"ambiguous", "not_sent"}


def is_right(_server: SMTP, _session: object, _envelope: object, _mechanism: str, given: object) -> AuthResult:
    return AuthResult(success=getattr(given, "password", b"") == b"p4ss word", handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
@pytest.mark.parametrize(
    ("user", "kind"), [("fred:p4ss%20word@", "reply"), ("fred:hunter2@", "not_sent"), ("", "not_sent")]
)
def test_a_server_that_asks_for_a_password_gets_it(user: str, kind: str) -> None:
    with a_mail_server(authenticator=is_right, auth_require_tls=False, auth_required=True) as server:
        sent = sent_by(server.url.replace("//", f"//{user}"))
    assert sent.kind == kind
    assert "hunter2" not in sent.error


def test_a_server_whose_certificate_is_not_good_is_given_nothing() -> None:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    with a_mail_server(tls_context=context) as server:
        sent = sent_by(server.url)
    assert (sent.kind, "certificate" in sent.error) == ("not_sent", True)
    assert server.letters == []


@pytest.mark.parametrize(
    ("public", "sender", "host"),
    [
        ("https://leads.acme.example", "x@mail.example", "leads.acme.example"),
        ("http://127.0.0.1:8000", "Acme <x@mail.example>", "mail.example"),
        ("http://localhost:8000", "x@mail.example", "mail.example"),
        ("http://[::1]:8000", "x@mail.example", "mail.example"),
        ("http://127.0.0.1:8000", "", "127.0.0.1"),
    ],
)
def test_mails_are_named_after_a_host_that_stays_the_same(public: str, sender: str, host: str) -> None:
    own = replace(Settings.read({}), public_url=public, mail_from=sender)
    assert post_of(own).host == host
