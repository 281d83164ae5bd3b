"""Calls that need an access token: fetched by the same door, kept until its end, and fetched anew once on a 401."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from rules.delivery.tokens import Token, TokenRefused, bearer, read_token
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


class Keeper(Protocol):
    """Where tokens are kept that all processes share, by what was asked for them."""

    def find(self, grant: HttpRequest) -> Token | None:
        """Return a token that may still be used."""

    def keep(self, grant: HttpRequest, token: Token) -> None:
        """Keep a token in the place of an earlier one."""

    def forget(self, grant: HttpRequest, token: str) -> None:
        """Forget a token that is not taken any more."""


class TokenSender:
    """A sender that gets access tokens first where calls need them; calls that need none go straight on.

    A token is looked for in memory, then with the keeper, and only then asked for. Every call that was submitted has
    exactly one result. Results are handed over from the sender's thread; calls are submitted from another one.
    """

    def __init__(
        self,
        on_result: Callable[[Sent], object],
        make: Callable[[Callable[[Sent], object]], Sender],
        keeper: Keeper,
    ) -> None:
        self._on_result, self._keeper = on_result, keeper
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
        """Make the call if its token is there; else have it wait for the token that the first such call gets."""
        grant, now = errand.grant, time.monotonic()
        with self._lock:
            kept = self._kept.get(grant)
            if kept is None or kept.until <= now:
                waiting = self._waiting.setdefault(grant, [])
                waiting.append(errand)
                if len(waiting) > 1:
                    return
                kept = None
        if kept is None:
            self._get_token(errand)
        elif kept.refusal is not None:
            self._on_result(errand.not_made(kept.refusal))
        else:
            self._bear(errand, kept.token)

    def _bear(self, errand: Errand, token: str) -> None:
        errand.token = token
        if errand.left_ms < LEAST_MS:
            self._on_result(errand.not_made(Sent(None, "not_sent", None, TOO_LATE, 0)))
        else:
            self._sender.submit(errand.bearing())

    def _get_token(self, errand: Errand) -> None:
        """Take the token that is kept, or ask for one; who waits for it goes on then."""
        grant = errand.grant
        token = self._keeper.find(grant)
        if token is not None:
            self._serve(grant, Kept(time.monotonic() + token.seconds, token.text))
            return
        try:
            self._sender.submit(Call(Fetch(grant), grant, FETCH_MS))
        except RuntimeError:
            with self._lock:
                waiting = self._waiting.pop(grant, [])
            for other in waiting:
                if other is not errand:
                    self._on_result(other.not_made(Sent(None, "not_sent", None, STOPPED, 0)))
            raise

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
        if isinstance(kept, Token):
            self._keeper.keep(grant, kept)
            kept = Kept(time.monotonic() + kept.seconds, kept.text)
        self._serve(grant, kept)

    def _serve(self, grant: HttpRequest, kept: Kept) -> None:
        """Have all calls go on that wait for a token."""
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
        self._keeper.forget(errand.grant, errand.token)
        errand.is_second = True
        self._run_late(errand)

    def _run_late(self, errand: Errand) -> None:
        """Run an errand out of the sender's own thread, where a sender that stops takes no more calls."""
        try:
            self._run(errand)
        except RuntimeError:
            self._on_result(errand.not_made(Sent(None, "not_sent", None, STOPPED, 0)))


def _kept(sent: Sent) -> Token | Kept:
    """Return the token that came, or why none did, without a word of what was sent."""
    now = time.monotonic()
    if sent.reply is None:
        error = f"No access token: {sent.error}"
        return Kept(now + REFUSED_FOR, refusal=replace(sent, error=error))
    try:
        return read_token(sent.reply)
    except TokenRefused as refused:
        reason = "credentials_expired" if refused.is_final else "error"
        refusal = Sent(None, "not_sent", None, str(refused), sent.ms, reason)
        return Kept(now + REFUSED_FOR, refusal=refusal)
