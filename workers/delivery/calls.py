"""A call to a buyer and what became of it, as the engine hands them over and gets them back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from rules.delivery.mail import Mail
from rules.delivery.url import Target
from rules.delivery.wire import HttpRequest, Reply

EARLY = 0.005
"""Seconds by which a call may end before its time: libcurl counts in whole milliseconds."""

Kind = Literal["reply", "not_sent", "ambiguous", "blocked"]


class CallKey(NamedTuple):
    """Which attempt a call is, and the lease under which it was made: an answer counts for nothing else.

    `lead` is the lead's id as a number.
    """

    lead: int
    token: int
    offer_no: int
    attempt_no: int


@dataclass(frozen=True, slots=True)
class Call:
    """One request to make. `timeout_ms` covers all of it; `connect_ms` finding the name and connecting."""

    key: object
    request: HttpRequest
    timeout_ms: int
    connect_ms: int = 3000


@dataclass(frozen=True, slots=True)
class MailCall:
    """One mail to send. `timeout_ms` covers all of it, also waiting for other mails."""

    key: object
    mail: Mail
    timeout_ms: int


AnyCall = Call | MailCall


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a call.

    reply: the whole answer was read (its body up to 64 KiB). not_sent: no byte of the request left this machine.
    ambiguous: the request may have arrived, and no whole answer was read. blocked: the address may not be called.
    `ms` is the time since the call was submitted; one that `is_late` had no time left. `reason` says why a call was
    not made; `secrets` are those that it had beside the connection's own, by name, so that they can be masked where an
    answer echoes them.
    """

    key: object
    kind: Kind
    reply: Reply | None
    error: str
    ms: int
    reason: str = "error"
    secrets: Mapping[str, str] = field(default_factory=dict)
    is_late: bool = False


class AnySender(Protocol):
    """Whatever makes calls: every one that was submitted has exactly one result, handed over from another thread."""

    @property
    def in_flight(self) -> int:
        """Return the number of submitted calls that have no result yet."""

    def start(self) -> None:
        """Be ready; once."""

    def submit(self, call: AnyCall) -> None:
        """Have the call made; returns at once. Raises RuntimeError when this is not running."""

    def stop(self, grace_seconds: float) -> None:
        """Let the calls end for some seconds; returns when every result was handed over."""


class Flight:
    """A submitted call on its way: when it began, by when it must end, and the addresses that are still to be tried."""

    __slots__ = ("addresses", "call", "connect_by", "deadline", "is_waiting", "started", "target")

    target: Target

    def __init__(self, call: Call, started: float) -> None:
        self.call = call
        self.started = started
        self.deadline = started + call.timeout_ms / 1000
        self.connect_by = min(self.deadline, started + call.connect_ms / 1000)
        self.addresses: list[str] = []
        self.is_waiting = True

    def sent(self, kind: Kind, error: str, now: float, reply: Reply | None = None) -> Sent:
        """Return the result of this call, `now` being the monotonic time."""
        ends = {"not_sent": self.connect_by, "ambiguous": self.deadline}.get(kind)
        is_late = ends is not None and now > ends - EARLY
        return Sent(self.call.key, kind, reply, error, round((now - self.started) * 1000), is_late=is_late)
