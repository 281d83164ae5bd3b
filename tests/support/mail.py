"""A mail server for tests: a real one on loopback that answers as it is told and keeps what it was given."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller

from tests.support.processes import free_port

TAKEN = "250 2.0.0 queued as 4Zx"
CUT = "cut"
"""Instead of an answer to the whole mail the connection is closed."""


@dataclass(frozen=True)
class Letter:
    """One mail as the server got it whole."""

    sender: str
    to: list[str]
    raw: bytes
    at: float

    @property
    def message(self) -> EmailMessage:
        """Return the mail as a reader sees it."""
        return cast(EmailMessage, message_from_bytes(self.raw, policy=policy.default))

    @property
    def id(self) -> str:
        """Return its Message-ID."""
        return str(self.message["Message-ID"])

    def body(self, kind: str = "plain") -> str:
        """Return its text, or its HTML."""
        found = self.message.get_body((kind,))
        assert found is not None
        return str(found.get_content()).replace("\r\n", "\n")


def _set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass
class MailServer:
    """What the server answers, in turn and the last for ever, after a `delay` in seconds; and what it was given.

    One that `echoes` says the subject of the mail again.
    """

    port: int
    answers: list[str] = field(default_factory=lambda: [TAKEN])
    to_recipient: list[str] = field(default_factory=lambda: ["250 OK"])
    delay: float = 0.0
    echoes: bool = False
    letters: list[Letter] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    speaks: threading.Event = field(default_factory=_set)
    """While it is not set, no mail is answered."""
    at_once: int = 0
    """How many mails it is just now taking."""
    most_at_once: int = 0

    @property
    def url(self) -> str:
        """Return its address as a setting."""
        return f"smtp://127.0.0.1:{self.port}"

    def wait_for(self, letters: int, timeout: float = 120) -> None:
        """Wait until so many mails came; fails when they do not."""
        with self.arrived:
            came = self.arrived.wait_for(lambda: len(self.letters) >= letters, timeout)
            assert came, f"only {len(self.letters)} came"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        """Take a recipient, or not."""
        answer = _next(self.to_recipient)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail, or not."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.delay)
        await asyncio.to_thread(self.speaks.wait)
        self.at_once -= 1
        letter = Letter(envelope.mail_from, list(envelope.rcpt_tos), bytes(envelope.content), time.monotonic())
        with self.arrived:
            self.letters.append(letter)
            self.arrived.notify_all()
        answer = _next(self.answers)
        if answer == CUT:
            server.transport.abort()
            return TAKEN
        return f"{answer} {letter.message['Subject']}" if self.echoes else answer


def _next(answers: list[str]) -> str:
    return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def a_mail_server(**options: Any) -> Iterator[MailServer]:
    """Run a mail server."""
    mailbox = MailServer(int(free_port()))
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, ready_timeout=60, **options)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
