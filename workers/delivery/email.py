"""The only door for mail: a few threads hand mails to the operator's server, which no lead waits for but its own.

The server is a fixed setting of whoever runs this, so that it may have a private address.
"""

import queue
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from flowbuilder import ids
from flowbuilder.config import Settings
from rules.delivery.wire import Reply
from workers.delivery.calls import Kind, MailCall, Sent

MOST_THREADS = 8
IDLE = 5.0
"""Seconds for which a connection is kept for the next mail."""
CONNECT = 10.0
HERE = ("localhost", "127.0.0.1", "::1")

NO_SERVER = "No mail leaves this server: SMTP_URL and MAIL_FROM are not set."
NOT_REACHED = "The mail server could not be reached."
TOO_LATE = "The mail server was not reached in time."
SIGN_IN = "The mail server refuses our user name or password."
NOT_ENCRYPTED = "The mail server offers no encryption, so that the password was not sent."
BROKE_OFF = "The connection to the mail server broke before the mail was handed over."
NO_ANSWER = "The mail server was given the mail, and did not say whether it took it."
STOPPED = "The worker stopped before the mail was sent."

_FAILURES = (OSError, smtplib.SMTPException, ValueError)
_DOT = re.compile(rb"^\.", re.MULTILINE)

Outcome = tuple[Kind, str, Reply | None]


class NotReached(Exception):
    """No mail can be handed over; the message says why."""


@dataclass(frozen=True, slots=True)
class Post:
    """How mail leaves: the server's address with its password, the sender, and the host that names our mails."""

    server: str
    sender: str
    host: str

    @property
    def is_set(self) -> bool:
        """Return whether mail leaves at all."""
        return bool(self.server and self.sender)


def post_of(own: Settings) -> Post:
    """Return how mail leaves by these settings.

    Mails are named after the app's public address, or after the sender's domain where that has no name of its own.
    """
    public, domain = urlsplit(own.public_url).hostname or "", parseaddr(own.mail_from)[1].rpartition("@")[2]
    return Post(own.smtp_url, own.mail_from, domain if _is_nameless(public) and domain else public or "localhost")


def _is_nameless(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return "." not in host
    return True


class _Letter:
    """A mail on its way. `cut` ends it from another thread: whatever it waits for fails at once."""

    def __init__(self, call: MailCall) -> None:
        self.call, self.began = call, time.monotonic()
        self.deadline = self.began + call.timeout_ms / 1000
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_cut = False

    @property
    def left(self) -> float:
        """Return the seconds that are left."""
        return self.deadline - time.monotonic()

    def uses(self, server: smtplib.SMTP) -> None:
        """Note over which connection the mail goes; raises NotReached when it was cut already."""
        with self._lock:
            if self._is_cut:
                raise NotReached(STOPPED)
            self._socket = server.sock
        if self._socket is not None:
            self._socket.settimeout(max(self.left, 0.1))

    def cut(self) -> None:
        """End it now."""
        with self._lock:
            self._is_cut = True
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def sent(self, outcome: Outcome) -> Sent:
        """Return the result of the call."""
        kind, error, reply = outcome
        return Sent(self.call.key, kind, reply, error, round((time.monotonic() - self.began) * 1000))


class MailSender:
    """Hands over mails side by side. Every call that was submitted has exactly one result, from a thread of its own.

    A mail that its server took, refused or surely never got whole is said so; one whose last dot went out without an
    answer may have been taken.
    """

    def __init__(self, on_result: Callable[[Sent], object], post: Post) -> None:
        self._on_result, self._post = on_result, post
        self._waiting: queue.SimpleQueue[_Letter | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._out: set[_Letter] = set()
        self._threads: list[threading.Thread] = []
        self._is_stopping = False
        self._is_idle = threading.Condition(self._lock)

    @property
    def in_flight(self) -> int:
        """Return the number of submitted mails that have no result yet."""
        return len(self._out)

    def start(self) -> None:
        """Do nothing: threads are started when there are mails for them."""

    def submit(self, call: MailCall) -> None:
        """Have a mail sent; returns at once. Raises RuntimeError once the sender was stopped."""
        letter = _Letter(call)
        with self._lock:
            if self._is_stopping:
                raise RuntimeError("The mail sender is not running.")
            self._out.add(letter)
            if len(self._threads) < min(len(self._out), MOST_THREADS):
                thread = threading.Thread(target=self._run, name="mail", daemon=True)
                self._threads.append(thread)
                thread.start()
        self._waiting.put(letter)

    def stop(self, grace_seconds: float) -> None:
        """Let mails go out for some seconds, then cut the others off; returns when every result was handed over."""
        with self._lock:
            self._is_stopping = True
            self._is_idle.wait_for(lambda: not self._out, grace_seconds)
            left = list(self._out)
        for letter in left:
            letter.cut()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        kept: smtplib.SMTP | None = None
        while True:
            try:
                letter = self._waiting.get(timeout=IDLE)
            except queue.Empty:
                _leave(kept)
                kept = None
                continue
            if letter is None:
                _leave(kept)
                return
            kept, outcome = self._deliver(letter, kept)
            with self._lock:
                self._out.discard(letter)
                self._is_idle.notify_all()
            self._on_result(letter.sent(outcome))

    def _deliver(self, letter: _Letter, kept: smtplib.SMTP | None) -> tuple[smtplib.SMTP | None, Outcome]:
        """Hand one mail over; return the connection if it can take another one, and what became of the mail."""
        timer = threading.Timer(max(letter.left, 0), letter.cut)
        timer.daemon = True
        timer.start()
        server = None
        try:
            server = self._connection(letter, kept)
            outcome = self._hand_over(letter, server)
        except NotReached as problem:
            outcome = "not_sent", str(problem), None
        finally:
            timer.cancel()
        if outcome[0] == "reply":
            return server, outcome
        _leave(server, politely=False)
        return None, outcome

    def _connection(self, letter: _Letter, kept: smtplib.SMTP | None) -> smtplib.SMTP:
        """Return a connection that is ready for a mail: the kept one if it still answers."""
        if kept is not None and _is_ready(letter, kept):
            return kept
        _leave(kept, politely=False)
        if not self._post.is_set:
            raise NotReached(NO_SERVER)
        if letter.left <= 0:
            raise NotReached(TOO_LATE)
        server = None
        try:
            server = _connect(self._post, min(letter.left, CONNECT))
            letter.uses(server)
            _sign_in(server, self._post)
        except (*_FAILURES, NotReached) as problem:
            _leave(server, politely=False)
            raise NotReached(TOO_LATE if letter.left <= 0 else _why_not(problem)) from None
        return server

    def _hand_over(self, letter: _Letter, server: smtplib.SMTP) -> Outcome:
        mail, sender = letter.call.mail, parseaddr(self._post.sender)[1]
        message = mail.message(self._post.sender, self._post.host, ids.made_at(ids.read(mail.key)))
        content = _DOT.sub(b"..", message.as_bytes()) + b".\r\n"
        try:
            code, said = server.mail(sender)
            if code >= 400:
                return "not_sent", f"The mail server refuses our sender: {code}.", None
            code, said = server.rcpt(mail.to)
            if code < 400:
                code, said = server.docmd("DATA")
        except _FAILURES:
            return "not_sent", BROKE_OFF, None
        if code != 354:
            return _refused(code, said) or ("not_sent", BROKE_OFF, None)
        try:
            server.send(content)
            code, said = server.getreply()
        except _FAILURES:
            return "ambiguous", NO_ANSWER, None
        if 200 <= code < 300:
            return "reply", "", Reply(code, (), said)
        return _refused(code, said) or ("ambiguous", NO_ANSWER, None)


def _is_ready(letter: _Letter, kept: smtplib.SMTP) -> bool:
    """Return whether a kept connection takes another mail: servers close idle ones without a word."""
    try:
        letter.uses(kept)
        return kept.rset()[0] == 250
    except (*_FAILURES, NotReached):
        return False


def _why_not(problem: Exception) -> str:
    """Return in a sentence why there is no connection, without a word of what was sent."""
    match problem:
        case NotReached():
            return str(problem)
        case smtplib.SMTPAuthenticationError():
            return SIGN_IN
        case ssl.SSLCertVerificationError():
            return f"The certificate of the mail server is not good: {problem.verify_message}."
    return NOT_REACHED


def _refused(code: int, said: bytes) -> Outcome | None:
    """Return a clear no, None for an answer that is none: it was cut off, or is no mail server's."""
    return ("reply", "", Reply(code, (), said)) if 400 <= code < 600 else None


def _connect(post: Post, timeout: float) -> smtplib.SMTP:
    url = urlsplit(post.server)
    name = url.hostname or ""
    if url.scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(name, url.port or 465, local_hostname=post.host, timeout=timeout, context=context)
    return smtplib.SMTP(name, url.port or 587, local_hostname=post.host, timeout=timeout)


def _sign_in(server: smtplib.SMTP, post: Post) -> None:
    """Greet, encrypt if that is offered, sign in if there is a user; the password never goes out in the clear."""
    url = urlsplit(post.server)
    server.ehlo()
    is_secure = url.scheme == "smtps"
    if not is_secure and server.has_extn("starttls"):
        server.starttls(context=ssl.create_default_context())
        server.ehlo()
        is_secure = True
    if url.username and not (is_secure or url.hostname in HERE):
        raise NotReached(NOT_ENCRYPTED)
    if url.username:
        server.login(unquote(url.username), unquote(url.password or ""))


def _leave(server: smtplib.SMTP | None, *, politely: bool = True) -> None:
    """Close a connection, with a word of farewell if it is in order."""
    if server is not None:
        with suppress(*_FAILURES):
            if politely:
                server.quit()
        server.close()
