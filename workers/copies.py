"""Sends the copies of what buyers took, and the notices of inboxes: by a job, tried on their own, never deciding."""

import queue
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from redis.exceptions import RedisError
from sqlalchemy import Connection as Database
from sqlalchemy import Engine, text

from flowbuilder import clock, enqueue, ids
from flowbuilder.config import Settings, settings, vault_keys_now
from flowbuilder.vault import Vault
from rules.delivery import feedback
from rules.delivery.bids import read_feedback_answer
from rules.delivery.feedback import FEEDBACK
from rules.delivery.masking import masked_reply
from rules.delivery.methods import NOTICE, Method
from rules.delivery.outgoing import read_mail_answer
from rules.delivery.response import Answer
from rules.retry import SCHEDULE, Again, Answered, Policy, Tried, decide
from workers import journal
from workers.begun import KINDS
from workers.book import Book
from workers.connecting import LONGER, make_engine
from workers.crashpoints import committed
from workers.delivery.calls import Sent
from workers.delivery.senders import Senders, make_sender
from workers.outgoing import STATES, STOPPED, answer_of, attempt_of, call_of, secrets_of
from workers.remaking import Copy, Maker
from workers.rows import AttemptRow, Changes, CopyRow
from workers.tally import tell_attempts

MOST = 32
"""Copies that are sent side by side."""
LONGEST = 20.0
"""Seconds after which a job leaves the rest to the next one, so that other jobs have their turn."""
GRACE = timedelta(seconds=30)
"""For how long beyond a call's own time nobody else takes its copy."""
POLICY = Policy(error_attempts=None, delays=SCHEDULE[1:], longest=24 * 3600)

DUE = text("""
    SELECT lead_id, offer_no, method, account_id, connection_id, created_at, due_at, state FROM delivery_copy
     WHERE finished_at IS NULL AND due_at <= :now ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
""")
# Two jobs may send copies of one offer at once: their attempts are numbered one after the other.
LOCK = text("SELECT FROM offer WHERE (lead_id, offer_no) IN (SELECT * FROM unnest(:leads, :offers)) FOR UPDATE")
LEADS = text("SELECT * FROM lead WHERE id = ANY(:ids)")


def send_copies() -> None:
    """Send all copies that are due, for some seconds; what is left then is another job's."""
    own = settings()
    engine = make_engine(own.database_url, pool_size=2, lock_timeout=LONGER)
    redis = enqueue.connect(own.redis_url)
    with suppress(RedisError):
        enqueue.tell_copies_looked_for(redis)
    book = Book(Vault(own.vault_keys, newer=partial(vault_keys_now, own)))
    results: queue.SimpleQueue[Sent] = queue.SimpleQueue()
    senders = make_sender(own, engine, results.put)
    senders.start()
    give_up = time.monotonic() + LONGEST
    try:
        while copies := _begin(engine, book, own):
            _send(senders, results, copies)
            _end(engine, copies)
            if time.monotonic() > give_up:
                enqueue.nudge_copies(redis)
                break
    finally:
        senders.stop(0)
        redis.close()
        engine.dispose()


def _begin(engine: Engine, book: Book, own: Settings) -> list[Copy]:
    """Take due copies in hand and write down an attempt for each; return them."""
    changes, copies = Changes(), list[Copy]()
    with committed(engine, "copies begun") as database:
        found = database.execute(DUE, {"now": clock.now(), "most": MOST}).mappings()
        rows = [CopyRow(**row) for row in found]
        book.refresh()
        if rows:
            keys = {"leads": [row.lead_id for row in rows], "offers": [row.offer_no for row in rows]}
            database.execute(LOCK, keys)
            copies.extend(_in_hand(database, Maker(database, book, own.public_url), rows, changes))
        journal.write(database, changes)
    return copies


def _in_hand(database: Database, maker: Maker, rows: Sequence[CopyRow], changes: Changes) -> Iterator[Copy]:
    """Yield each copy with the attempt that is made now, and what it hands over if that can be.

    One whose offer is gone has nothing to be tried for: it is given up, and the others are sent.
    """
    wanted, now = sorted({row.lead_id for row in rows}), clock.now()
    pasts = journal.read_past(database, wanted)
    leads = {row["id"]: dict(row) for row in database.execute(LEADS, {"ids": wanted}).mappings()}
    for row in rows:
        past = pasts[row.lead_id]
        offer = next((offer for offer in past.offers if offer.offer_no == row.offer_no), None)
        if offer is None:
            row.state, row.finished_at = "failed", now
            changes.touch(row)
            continue
        connection = maker.book.connection(database, ids.show(row.connection_id, "con"))
        earlier = [one for one in past.attempts if (one.offer_no, one.method) == (row.offer_no, row.method)]
        for attempt in (one for one in earlier if one.state == "sending"):
            attempt.state, attempt.error, attempt.finished_at = "ambiguous", STOPPED, now
            changes.touch(attempt)
        numbers = (one.attempt_no for one in past.attempts if one.offer_no == row.offer_no)
        made = attempt_of(offer, 1 + max(numbers, default=0), row.method, now)
        copy = Copy(row, offer, connection, [*map(_tried, earlier)], made)
        past.attempts.append(copy.attempt)
        maker.fill(copy, leads.get(row.lead_id), past)
        row.state, row.due_at = "sending", now + timedelta(milliseconds=_timeout(copy)) + GRACE
        changes.add(copy.attempt)
        changes.touch(row)
        yield copy


def _tried(attempt: AttemptRow) -> Tried:
    return Tried(KINDS.get(attempt.state, "ambiguous"))  # type: ignore[arg-type]


def _timeout(copy: Copy) -> int:
    return copy.connection.destination.timeout_ms if copy.connection else 1000


def _send(senders: Senders, results: "queue.SimpleQueue[Sent]", copies: Sequence[Copy]) -> None:
    """Hand over what can be, and wait for all answers; every call has one within its own time."""
    out = [copy for copy in copies if copy.outgoing is not None]
    for number, copy in enumerate(out):
        if copy.outgoing is not None:
            senders.submit(call_of(number, copy.outgoing, _timeout(copy)))
    for _ in out:
        sent = results.get()
        out[cast("int", sent.key)].sent = sent


def _end(engine: Engine, copies: Sequence[Copy]) -> None:
    """Write down what became of each, and when it is tried again or that it is over."""
    now, changes = clock.now(), Changes()
    for copy in copies:
        _settle(copy, now)
        changes.touch(copy.attempt)
        changes.touch(copy.row)
    with committed(engine, "copies ended") as database:
        journal.write(database, changes)
    tell_attempts([copy.attempt for copy in copies], {copy.offer.id: copy.offer for copy in copies}.values())


def _settle(copy: Copy, now: datetime) -> None:
    attempt, row = copy.attempt, copy.row
    answer = _answer(copy)
    attempt.state, attempt.finished_at = STATES[answer.kind], now
    if copy.sent is not None:
        attempt.ms, attempt.error = copy.sent.ms, copy.sent.error or answer.said or None
        if copy.sent.kind == "blocked":
            attempt.state = "blocked"
        if copy.sent.reply is not None and copy.connection is not None:
            attempt.status = copy.sent.reply.status
            attempt.reply = masked_reply(copy.sent.reply, secrets_of(copy.connection, copy.sent))
    tried = [*copy.tried, Tried(answer.kind, answer.reason, answer.retry_after)]
    if copy.is_lost:
        row.state, row.finished_at = "failed", now
        return
    policy = feedback.POLICY if row.method == FEEDBACK else POLICY
    match decide(policy, tried, key=f"{row.lead_id}{row.method}", began=row.created_at, now=now):
        case Again(at=at):
            row.state, row.due_at = "waiting", at
        case Answered(answer=said):
            row.state, row.finished_at = ("ok" if said == "accepted" else "failed"), now
        case _:
            row.state, row.finished_at = "failed", now


def _answer(copy: Copy) -> Answer:
    if copy.sent is None:
        return Answer("error", "error")
    if copy.row.method == NOTICE and copy.sent.reply is not None:
        return read_mail_answer(copy.sent.reply)
    if copy.row.method == FEEDBACK and copy.sent.reply is not None:
        return read_feedback_answer(copy.sent.reply)
    return answer_of(copy.connection, cast("Method", copy.row.method), copy.sent)
