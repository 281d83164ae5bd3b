"""Taking a lead in, and answering for one that was taken."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from flowbuilder import clock, ids
from flowbuilder.intake import pinging
from flowbuilder.intake.answers import LeadAnswer
from flowbuilder.intake.desk import Desk
from flowbuilder.intake.handing import SHORTEST_WAIT
from flowbuilder.intake.pinging import Quoted
from flowbuilder.intake.reading import Reading, is_filled
from flowbuilder.intake.redirects import FIELD, read_redirect
from flowbuilder.intake.refused import IN_DOUBT, Refused, refuse, unavailable
from flowbuilder.intake.sources import OpenSource
from flowbuilder.intake.tickets import Entry, IdempotencyKey, KeyUsed, Ticket, hash_fields, make_entry

LONGEST_WAIT = 25.0  # seconds
STORED_WITHIN = 10.0  # seconds; then the post is answered 503, and stored or not it may be posted again
LONGEST_KEY = 255
OWN_NUMBER = "lead_id"
OF_PINGS = "\x1f"
"""How the kept key of a ping begins, so that it meets no post's: no header and no trimmed text begins so."""


class Post(NamedTuple):
    """A post by its content: its fields, the key of its header if there is one, how long to wait (seconds)."""

    fields: Mapping[str, object]
    key: str | None
    wait: float
    is_test: bool


class Taken(NamedTuple):
    """A lead that was taken, as it stands; a replay when the key had been used for the same post before.

    `redirect` is the page that the sender asked to be sent on to, `invalid` are fields that came with no valid value.
    """

    lead: LeadAnswer
    is_replay: bool = False
    redirect: str | None = None
    invalid: Sequence[str] = ()


async def receive_lead(desk: Desk, source: OpenSource, post: Post, *, now: datetime) -> Taken:
    """Store a lead and return its answer, waiting for it as long as the post allows.

    Raises Refused: 422 with every field problem or for a key that was used with other fields, 503 when the lead is
    not stored. A lead is returned only after its row was committed.
    """
    await desk.refuse_when_full(source.account_id)
    reading = source.form.read(post.fields, is_test=post.is_test, now=now)
    ping_id = reading.control("ping_id")
    if is_filled(ping_id):
        return await _receive_post(desk, source, post, reading, now=now)
    redirect = _redirect(reading, source)
    if reading.problems:
        raise Refused(422, reading.problems, ignored=reading.ignored)
    key = _idempotency_key(post, reading)
    taken = await _receive(desk, source, post, reading, key, now=now)
    return taken._replace(redirect=redirect, invalid=reading.invalid) if redirect or reading.invalid else taken


async def receive_ping(desk: Desk, source: OpenSource, post: Post, *, now: datetime) -> Quoted:
    """Store a ping and return what its supplier would be paid; raises Refused as `receive_lead` does.

    A ping that is not decided within the wait has no price yet; nothing of it is required. With its key again it is
    answered as it stands then, or 409 when it was posted or is over.
    """
    await desk.refuse_when_full(source.account_id)
    reading = source.form.read(post.fields, is_test=post.is_test, is_ping=True, now=now)
    if reading.problems:
        raise Refused(422, reading.problems, ignored=reading.ignored)
    taken = await _receive(desk, source, post, reading, _idempotency_key(post, reading), now=now)
    quote = pinging.quoted_again if taken.is_replay else pinging.quoted
    return await desk.loop.blocking(quote, desk, source, taken.lead, clock.now())


async def _receive(
    desk: Desk, source: OpenSource, post: Post, reading: Reading, key: IdempotencyKey | None, *, now: datetime
) -> Taken:
    ends_at = time.monotonic() + post.wait
    with _Place(desk, post.wait) as waits:
        entry = make_entry(source, reading, key, answer_to=desk.room.web_id if waits else None, now=now)
        entry.may_be_handed = waits and post.wait >= SHORTEST_WAIT
        return await _store_and_wait(desk, entry, ends_at)


async def _receive_post(desk: Desk, source: OpenSource, post: Post, reading: Reading, *, now: datetime) -> Taken:
    """Have a ping's run go on with the whole lead, once; the same post again gets the same answer."""
    key, ends_at = _idempotency_key(post, reading), time.monotonic() + post.wait
    used = await desk.loop.blocking(pinging.owner_of, desk, source, key)
    try:
        if used is None:
            return await _post_ping(desk, source, reading, key, ends_at, now=now)
    except Refused as refused:
        # Another request with the same key may have been quicker by a moment.
        used = await desk.loop.blocking(pinging.owner_of, desk, source, key) if refused.status == 409 else None
        if used is None:
            raise
    with _Place(desk, post.wait) as waits:
        taken = await _replayed(desk, source.source_id, key, used, ends_at if waits else None)
    posted = await desk.loop.blocking(pinging.posted_by, desk, taken.lead)
    whole = source.form.read(posted, is_test=reading.is_test, now=now)
    return taken._replace(redirect=_redirect(whole, source), invalid=whole.invalid)


async def _post_ping(
    desk: Desk, source: OpenSource, reading: Reading, key: IdempotencyKey | None, ends_at: float, *, now: datetime
) -> Taken:
    """Post what a ping said with what is said now; what the post does not say again counts as well."""
    shown = reading.control("ping_id")
    ping = await desk.loop.blocking(pinging.open_ping, desk, source, shown, is_test=reading.is_test, now=now)
    whole = source.form.read({**ping.posted, **reading.posted}, is_test=reading.is_test, now=now)
    redirect = _redirect(whole, source)
    if whole.problems:
        raise Refused(422, whole.problems, ignored=whole.ignored)
    pending = LeadAnswer(ping.id, "received", None, None, 0, source.form.currency, whole.ignored)
    ticket = Ticket(ping.id, pending)
    with _Place(desk, ends_at - time.monotonic()) as waits:
        desk.room.add(ticket)  # Before the row is a post, because a worker may be quicker than we are.
        try:
            await desk.loop.blocking(pinging.take_post, desk, source, ping, whole, key=key, waits=waits, now=now)
            settlement = await desk.loop.wait(ticket, ends_at - time.monotonic()) if waits else None
        finally:
            desk.room.remove(ticket)
    lead = settlement if isinstance(settlement, LeadAnswer) else pending
    return Taken(lead, redirect=redirect, invalid=whole.invalid)


async def find_answer(desk: Desk, source: OpenSource, shown_id: str) -> LeadAnswer:
    """Return a lead of this source as it stands; raises Refused (404) for any other."""
    try:
        lead = await desk.loop.blocking(desk.database.answer, ids.read(shown_id), source.source_id)
    except ids.NotAnId:
        lead = None
    if lead is None:
        raise refuse(404, "no_such_lead", "This source has posted no such lead.")
    return lead


def refusal_row(source: OpenSource, refused: Refused, *, now: datetime) -> dict[str, object]:
    """Return the record of a refused post: codes and names of fields, never what was in them."""
    return {
        "id": str(ids.new_id()),
        "account_id": str(source.account_id),
        "flow_id": str(source.flow_id),
        "source_id": str(source.source_id),
        "status": refused.status,
        "codes": sorted({problem.code for problem in refused.problems}),
        "fields": sorted({problem.path for problem in refused.problems if problem.path}),
        "at": now.isoformat(),
    }


def _redirect(reading: Reading, source: OpenSource) -> str | None:
    """A page that the source does not allow is a problem of the post, told with those of its fields."""
    redirect, problem = read_redirect(reading.control(FIELD), source.redirect_hosts)
    if problem:
        reading.problems.append(problem)
    return redirect


def _idempotency_key(post: Post, reading: Reading) -> IdempotencyKey | None:
    """The header counts before the supplier's own number of the lead, which is a key of posts as well.

    A ping and its post carry the same number, and whoever pings anew does so too: it is no key of a ping.
    """
    text, field = post.key, ""
    if text is None and not reading.is_ping:
        own, field = reading.control(OWN_NUMBER), OWN_NUMBER
        text = str(own).strip() if isinstance(own, str | int) and is_filled(own) else None
    elif text is not None:
        _refuse_unreadable(text)
    if text is None:
        return None
    if len(text) > LONGEST_KEY:
        message = f"{_said(field)} has more than {LONGEST_KEY} characters."
        raise refuse(400, "idempotency_key_too_long", message, field=field)
    kept = OF_PINGS + text if reading.is_ping else text
    return IdempotencyKey(kept, hash_fields(post.fields, is_test=reading.is_test), field)


def _refuse_unreadable(key: str) -> None:
    """Raises Refused (400) for the key of a header that is none; servers do not agree on what is not printable ASCII.

    One hands over nothing, another what its sender may not have meant: then it would not be the same key everywhere.
    """
    if not key:
        message = "Idempotency-Key is empty, or not in plain ASCII: send another, or leave it out."
        raise refuse(400, "empty_idempotency_key", message)
    if not (key.isascii() and key.isprintable()):
        message = "Idempotency-Key is not in plain ASCII (letters without accents, digits, signs): send another."
        raise refuse(400, "idempotency_key_not_ascii", message)


def _said(field: str) -> str:
    return f"{field}, which serves as idempotency key," if field else "Idempotency-Key"


class _Place:
    """Whether the request may wait: at most half as many do as there are threads for pages."""

    __slots__ = ("_room", "_waits")

    def __init__(self, desk: Desk, wait: float) -> None:
        self._room = desk.room
        self._waits = wait > 0

    def __enter__(self) -> bool:
        self._waits = self._waits and self._room.take_place()
        return self._waits

    def __exit__(self, *_: object) -> None:
        if self._waits:
            self._room.leave_place()


async def _store_and_wait(desk: Desk, entry: Entry, ends_at: float) -> Taken:
    settlement = await _stored(desk, entry, ends_at)
    if isinstance(settlement, Refused):
        raise settlement
    if isinstance(settlement, KeyUsed):
        return await _replay(desk, entry, settlement, ends_at)
    return Taken(settlement)


async def _stored(desk: Desk, entry: Entry, ends_at: float) -> LeadAnswer | KeyUsed | Refused:
    """The room knows the ticket before the lead is stored, because a worker may be quicker than we are."""
    ticket, must_be_stored_at = entry.ticket, time.monotonic() + STORED_WITHIN
    if not entry.waits:
        desk.batcher.put(entry)
        return await desk.loop.wait(ticket, STORED_WITHIN) or _not_stored_in_time()
    desk.room.add(ticket)
    try:
        desk.batcher.put(entry)
        settlement = await desk.loop.wait(ticket, ends_at - time.monotonic())
        if settlement is None:
            entry.waits = False  # First: from now on it is an answer that it is stored.
            if not entry.is_stored:
                settlement = await desk.loop.wait(ticket, must_be_stored_at - time.monotonic())
    finally:
        desk.room.remove(ticket)
    return settlement or (entry.pending if entry.is_stored else _not_stored_in_time())


def _not_stored_in_time() -> Refused:
    return unavailable("not_stored", f"The database is too slow, and {IN_DOUBT}")


async def _replay(desk: Desk, entry: Entry, used: KeyUsed, ends_at: float) -> Taken:
    return await _replayed(desk, entry.source_id, entry.key, used, ends_at if entry.waits else None)


async def _replayed(
    desk: Desk, source_id: UUID, key: IdempotencyKey | None, used: KeyUsed, ends_at: float | None
) -> Taken:
    """The same post again gets the answer of the lead that the first one made, and waits for it like the first one.

    `ends_at` is None for a post that does not wait.
    """
    if key is None or key.body_hash != used.body_hash:
        field = key.field if key else ""
        message = (
            f"{_said(field)} came before with other fields or the other key (live, test). Use a new one for a new lead."
        )
        raise refuse(422, "idempotency_key_reused", message, field=field)
    if used.lead.is_settled or ends_at is None:
        return Taken(used.lead, is_replay=True)
    return Taken(await _wait_for(desk, source_id, used.lead, ends_at), is_replay=True)


async def _wait_for(desk: Desk, source_id: UUID, lead: LeadAnswer, ends_at: float) -> LeadAnswer:
    ticket = Ticket(lead.id)
    desk.room.add(ticket)
    try:
        # It may have been finished before the room knew the ticket.
        now_it_is = await desk.loop.blocking(desk.database.answer, lead.id, source_id)
        if now_it_is is not None and now_it_is.is_settled:
            return now_it_is
        settlement = await desk.loop.wait(ticket, ends_at - time.monotonic())
        return settlement if isinstance(settlement, LeadAnswer) else lead
    finally:
        desk.room.remove(ticket)
