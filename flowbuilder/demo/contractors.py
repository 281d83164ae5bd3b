"""The demo's contractors that are asked over the web: they do the work themselves, and name what they pay at most."""

import json
import time
from collections.abc import Mapping
from typing import Any

from flowbuilder.demo.trading import Answer, Asked, Buyer, Verdict, Wanted, is_same

DOWN_FROM, DOWN_UNTIL, DOWN_EVERY = 40.0, 100.0, 300.0
"""Havel's server fails for this minute (seconds since its start) in every five."""


class Contractor(Buyer):
    """Takes what it is offered. Knows its seller by a bearer token."""

    def knows(self, asked: Asked) -> bool:
        """Return whether the bearer token is right."""
        return is_same(asked.headers.get("authorization", ""), f"Bearer {self.credentials[f'{self.name}_token']}")

    def read(self, body: bytes) -> Wanted:
        """Read flat JSON."""
        return Wanted(str(json.loads(body).get("email", "")))

    def judge(self, lead: Wanted) -> Verdict:  # noqa: ARG002 - it wants them all
        """Take everything."""
        return Verdict()

    def words(self, verdict: Verdict, reference: str) -> dict[str, Any]:
        """Say taken, or the reason why not."""
        return {"taken": verdict.reason is None, "why": verdict.reason or "", "job": reference}


class Pennine(Contractor):
    """Falls silent over the first lead after its start, so that a person has to find out whether it was taken."""

    name = "pennine"
    silence = 6.0  # seconds, longer than its seller waits

    def __init__(self, credentials: Mapping[str, str]) -> None:
        """Begin with a silence to come."""
        super().__init__(credentials)
        self.was_silent = False

    def hindrance(self, lead: Wanted, call: int) -> Answer | None:  # noqa: ARG002 - any lead may be the first
        """Be silent once."""
        was_silent, self.was_silent = self.was_silent, True
        return None if was_silent else Answer(200, {}, self.silence)


class Havel(Contractor):
    """Its server is down for a minute now and then: leads stop going there until it has shown that it answers again."""

    name = "havel"

    def __init__(self, credentials: Mapping[str, str]) -> None:
        """Begin with a server that works."""
        super().__init__(credentials)
        self.started = time.monotonic()

    def hindrance(self, lead: Wanted, call: int) -> Answer | None:  # noqa: ARG002 - it is about the time alone
        """Fail while the server is down."""
        is_down = DOWN_FROM <= (time.monotonic() - self.started) % DOWN_EVERY < DOWN_UNTIL
        return Answer(500, {"error": "database is locked"}) if is_down else None


CONTRACTORS: tuple[type[Contractor], ...] = (Pennine, Havel)
