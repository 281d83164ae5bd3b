"""What came of a test call, in plain words: the verdict, and what to do about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from flowbuilder.leads.messages import Message, reply_shown, request_shown
from flowbuilder.models import Connection, ConnectionTest
from rules.delivery.presets import IS_2XX

Tone = Literal["ok", "bad", "warn", "info"]
GIVEN_UP = timedelta(seconds=90)
"""A test call ends after 60 seconds at most; one that says nothing for longer was lost with its worker."""

WAITING = {
    "queued": "Waiting for a free worker…",
    "sending": "Waiting for the buyer's server…",
}
ADVICE = {
    401: "Your key was not accepted. Replace it on the connection's page.",
    403: "The buyer refused the call. Check the key, and whether they must allow this server first.",
    404: "There is nothing at this address. Check its path.",
    405: "The address does not take this method. Ask the buyer whether it wants POST.",
    422: "The buyer did not like a field. Compare what was sent with what they ask for.",
}


SOUNDS_LIKE_A_NO = re.compile(
    r'\b(declined|rejected|refused|failed|failure|denied|unsold|unmatched)\b(?!"?\s*:)'
    r'|"(?:success|accepted|sold|ok)"\s*:\s*(false)\b',
    re.IGNORECASE,
)
"""What says no in an answer, whatever its status; names of fields say nothing."""
EMPTY = "But it was empty: none of their fields is mapped. Fill them in before leads go there."
STILL_A_YES = (
    "But the answer says “{}”, and counts as a yes, because any status of 2xx does. "
    "Choose what a yes is under “How they answer”."
)


@dataclass(frozen=True)
class Told:
    """A test as its page tells it; `notes` are what was read out of the answer."""

    is_done: bool
    tone: Tone
    title: str
    advice: str
    notes: tuple[tuple[str, str], ...]
    seconds: int
    sent: Message | None
    answered: Message | None


def told(test: ConnectionTest, connection: Connection, now: datetime) -> Told:
    """Return a test in words; one that takes too long is told as lost."""
    answer: dict[str, Any] = test.answer or {}
    tone, title, advice = _verdict(test, answer, connection, now)
    return Told(
        is_done=test.state == "done" or _is_lost(test, now),
        tone=tone,
        title=title,
        advice=advice,
        notes=_notes(answer),
        seconds=max(0, int((now - test.created_at).total_seconds())),
        sent=request_shown(test.request, in_full=True),
        answered=reply_shown(test.reply, in_full=True),
    )


def _verdict(
    test: ConnectionTest, answer: dict[str, Any], connection: Connection, now: datetime
) -> tuple[Tone, str, str]:
    name = connection.name
    if test.state != "done":
        if _is_lost(test, now):
            return "warn", "This test was lost.", "No worker finished it. Send another one."
        return "info", WAITING[test.state], ""
    said = str(answer.get("said") or answer.get("error") or "")
    status = (test.reply or {}).get("status")
    match answer.get("kind"):
        case "accepted":
            doubts = _doubts(test, connection)
            return "warn" if doubts else "ok", f"{name} accepted the test lead{_took(answer)}.", doubts
        case "declined":
            words = f"{name} answered, and it reads as a no{_took(answer)}."
            return "bad", words, _advice(status, said, "We treat anything that is not a clear yes as a no.")
        case "ambiguous":
            words = "The lead may have arrived, and no clear answer came back."
            return "warn", words, _advice(status, said, "The buyer's server took it and did not answer in time.")
        case "blocked":
            words = "This address may not be called: it must be a public https address."
            return "bad", "The call was not made.", said or words
    return (
        "bad",
        "The test lead did not get through.",
        _advice(status, said, "The buyer's server could not be reached."),
    )


def unheard_no(connection: Connection, reply: Mapping[str, Any] | None) -> str:
    """Return the word of an answer that sounds like a no where any status of 2xx is a yes, "" where there is none.

    Words of which somebody said that they mean real sales are passed over.
    """
    if connection.destination.get("accepted_if", IS_2XX) != IS_2XX:
        return ""
    said = SOUNDS_LIKE_A_NO.finditer(str((reply or {}).get("body") or ""))
    words = ((one[1] or one[2]).lower() for one in said)
    return next((word for word in words if word not in connection.real_words), "")


def _doubts(test: ConnectionTest, connection: Connection) -> str:
    """Return why a yes may be none: nothing was in the lead, or the answer sounds like a no and nobody listens."""
    word = unheard_no(connection, test.reply)
    empty = [] if connection.destination.get("mapping") else [EMPTY]
    return " ".join([*empty, *([STILL_A_YES.format(word)] if word else [])])


def _advice(status: Any, said: str, otherwise: str) -> str:
    sentence = f"{said[:1].upper()}{said[1:]}{'' if said.endswith('.') else '.'}" if said else ""
    return " ".join(filter(None, (sentence, ADVICE.get(status, "" if sentence else otherwise))))


def _took(answer: dict[str, Any]) -> str:
    ms = answer.get("ms")
    return f" in {ms} ms" if isinstance(ms, int) else ""


def _notes(answer: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    words = (("price", "Price"), ("reference", "Their reference"), ("reason", "Read as"))
    read = [(word, str(answer[key])) for key, word in words if answer.get(key) not in (None, "")]
    return (*read, *(("Note", str(note)) for note in answer.get("notes") or ()))


def _is_lost(test: ConnectionTest, now: datetime) -> bool:
    return test.state != "done" and now - test.created_at > GIVEN_UP
