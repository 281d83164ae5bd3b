"""Calls that need an access token: fetched by the same door, kept until its end, and fetched anew once on a 401."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from rules.delivery.tokens import TokenRefused, bearer, read_token
from rules.delivery.wire import HttpRequest
from workers.delivery.calls import Call, Sent
from workers.delivery.send import Sender

FETCH_MS = 10_000
LEAST_MS = 100
"""Time that must be left for a call after its token came."""
REFUSED_FOR = 5.0
"""Seconds in which a server that gave no token is not asked again."""
TOO_LATE = "The access token came too late to make the call in time."
STOPPED = "The worker stopped before the call was made."
UNAUTHORISED = 401


@dataclass(slots=True, eq=False)
class Errand:
    """A call that bears a token, under whose name it goes out; `began` is the monotonic time."""

    call: Call
    grant: HttpRequest
    began: float
    token: str = ""
    is_second: bool = False

    @property
    def left_ms(self) -> int:
        """Return the milliseconds that the call may still take."""
        return self.call.timeout_ms - round((time.monotonic() - self.began) * 1000)

    def bearing(self) -> Call:
        """Return the call to make now, with its token."""
        request = self.call.request
        shown = replace(request, headers=(*request.headers, bearer(self.token)), grant=None)
        return Call(self, shown, self.left_ms, self.call.connect_ms)

    def told(self, sent: Sent) -> Sent:
        """Return a result as that of the call that was submitted."""
        ms = round((time.monotonic() - self.began) * 1000)
        secrets = {"access_token": self.token} if self.token else {}
        return replace(sent, key=self.call.key, ms=ms, secrets=secrets)

    def not_made(self, sent: Sent) -> Sent:
        """Return that the call was not made, `sent` saying why."""
        return self.told(replace(sent, reply=None, kind="blocked" if sent.kind == "blocked" else "not_sent"))


@dataclass(frozen=True, slots=True)
class Fetch:
    """The name under which a token is asked for."""

    grant: HttpRequest


@dataclass(frozen=True, slots=True)
class Kept:
    """A token, or why there is none, and until when, in monotonic time, that counts."""

    until: float
    token: str = ""
    refusal: Sent | None = None


class TokenSender:
    """A sender that gets access tokens first where calls need them; calls that need none go straight on.

    Tokens stay in the memory of this process alone. Every call that was submitted has exactly one result. Results are
    handed over from the sender's thread; calls are submitted from another one.
    """

    def __init__(self, on_result: Callable[[Sent], object], make: Callable[[Callable[[Sent], object]], Sender]) -> None:
        self._on_result = on_result
        self._sender = make(self._receive)
        self._lock = threading.Lock()
        self._kept: dict[HttpRequest, Kept] = {}
        self._waiting: dict[HttpRequest, list[Errand]] = {}

    @property
    def in_flight(self) -> int:
        """Return the number of submitted calls, those for tokens too, that have no result yet."""
        return self._sender.in_flight

    def start(self) -> None:
        """Start the sender's thread; once."""
        self._sender.start()

    def stop(self, grace_seconds: float) -> None:
        """Let the calls end for some seconds; returns when every result was handed over."""
        self._sender.stop(grace_seconds)

    def submit(self, call: Call) -> None:
        """Have the call made; returns at once. Raises RuntimeError when the sender is not running."""
        grant = call.request.grant
        if grant is None:
            self._sender.submit(call)
        else:
            self._run(Errand(call, grant, time.monotonic()))

    def _run(self, errand: Errand) -> None:
        """Make the call if its token is there; else have it wait for the token that is asked for."""
        grant, now = errand.grant, time.monotonic()
        with self._lock:
            kept = self._kept.get(grant)
            if kept is None or kept.until <= now:
                self._wait(errand)
                return
        if kept.refusal is not None:
            self._on_result(errand.not_made(kept.refusal))
            return
        errand.token = kept.token
        if errand.left_ms < LEAST_MS:
            self._on_result(errand.not_made(Sent(None, "not_sent", None, TOO_LATE, 0)))
        else:
            self._sender.submit(errand.bearing())

    def _wait(self, errand: Errand) -> None:
        """Have an errand wait; the first one asks for the token."""
        waiting = self._waiting.setdefault(errand.grant, [])
        if not waiting:
            try:
                self._sender.submit(Call(Fetch(errand.grant), errand.grant, FETCH_MS))
            except RuntimeError:
                del self._waiting[errand.grant]
                raise
        waiting.append(errand)

    def _receive(self, sent: Sent) -> None:
        match sent.key:
            case Fetch():
                self._take_token(sent.key.grant, sent)
            case Errand():
                self._take_answer(sent.key, sent)
            case _:
                self._on_result(sent)

    def _take_token(self, grant: HttpRequest, sent: Sent) -> None:
        kept = _kept(sent)
        with self._lock:
            self._kept[grant] = kept
            waiting = self._waiting.pop(grant, [])
        for errand in waiting:
            self._run_late(errand)

    def _take_answer(self, errand: Errand, sent: Sent) -> None:
        """Hand an answer over, or ask once more with a new token where this one was not taken."""
        is_refused = sent.reply is not None and sent.reply.status == UNAUTHORISED
        if not is_refused or errand.is_second or errand.left_ms < LEAST_MS:
            self._on_result(errand.told(sent))
            return
        with self._lock:
            kept = self._kept.get(errand.grant)
            if kept is not None and kept.token == errand.token:
                del self._kept[errand.grant]
        errand.is_second = True
        self._run_late(errand)

    def _run_late(self, errand: Errand) -> None:
        """Run an errand out of the sender's own thread, where a sender that stops takes no more calls."""
        try:
            self._run(errand)
        except RuntimeError:
            self._on_result(errand.not_made(Sent(None, "not_sent", None, STOPPED, 0)))


def _kept(sent: Sent) -> Kept:
    """Return the token that came, or why none did, without a word of what was sent."""
    now = time.monotonic()
    if sent.reply is None:
        error = f"No access token: {sent.error}"
        return Kept(now + REFUSED_FOR, refusal=replace(sent, error=error))
    try:
        token = read_token(sent.reply)
    except TokenRefused as refused:
        reason = "credentials_expired" if refused.is_final else "error"
        refusal = Sent(None, "not_sent", None, str(refused), sent.ms, reason)
        return Kept(now + REFUSED_FOR, refusal=refusal)
    return Kept(now + token.seconds, token.text)
