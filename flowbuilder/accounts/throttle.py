"""Slows down guessing: whoever fails waits longer each time, and nobody else waits for it.

Failures are counted for a network address, and for an address together with the email address that was typed. So
guesses from elsewhere never lock the owner of an account out.
"""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from flowbuilder.models import SignInThrottle

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)
FREE_FOR_PERSON = 5
FREE_FOR_ADDRESS = 20


@dataclass(frozen=True)
class Subject:
    """What failures are counted for, and how many are free of a wait."""

    hash: bytes
    free: int


def subjects_of(secret: str, email: str, address: str) -> tuple[Subject, Subject]:
    """Return what an attempt counts for: the person as tried from this address, and the address."""
    network = network_of(address)
    person = Subject(_keyed_hash(secret, f"person {email} {network}"), FREE_FOR_PERSON)
    return person, Subject(_keyed_hash(secret, f"address {network}"), FREE_FOR_ADDRESS)


def network_of(address: str) -> str:
    """Return an IPv4 address itself, and the /64 of an IPv6 address, of which one customer has all."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{parsed}/64", strict=False)) if parsed.version == 6 else str(parsed)


def is_loopback(address: str) -> bool:
    """Say whether an address is one of this machine by itself."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def wait_after(failures: int, free: int) -> timedelta:
    """Return how long to wait after so many failures: nothing at first, then twice as long each time."""
    beyond = failures - free
    return timedelta() if beyond < 0 else min(FIRST_WAIT * 2 ** min(beyond, 10), LONGEST_WAIT)


def take_attempt(*, session: Session, subjects: tuple[Subject, ...], now: datetime) -> timedelta | None:
    """Count an attempt as failed before it is checked, so that guesses side by side are counted too.

    Return how long to wait if this attempt may not be made at all, or None. Commit before checking the password.
    """
    rows = _locked_rows(session, subjects, now)
    waits = [row.blocked_until - now for row in rows.values() if row.blocked_until and row.blocked_until > now]
    if waits:
        return max(waits)
    for subject in subjects:
        _count(rows[subject.hash], subject.free, now)
    return None


def forgive(*, session: Session, subjects: tuple[Subject, ...]) -> None:
    """Take back the attempt that turned out right: the person starts afresh, the address has one failure less."""
    person, address = subjects
    session.execute(delete(SignInThrottle).where(SignInThrottle.subject_hash == person.hash))
    session.execute(
        update(SignInThrottle)
        .where(SignInThrottle.subject_hash == address.hash, SignInThrottle.failures > 0)
        .values(failures=SignInThrottle.failures - 1, blocked_until=None)
    )


def _locked_rows(session: Session, subjects: tuple[Subject, ...], now: datetime) -> dict[bytes, SignInThrottle]:
    hashes = sorted(subject.hash for subject in subjects)
    new = [{"subject_hash": each, "failures": 0, "last_at": now} for each in hashes]
    session.execute(insert(SignInThrottle).values(new).on_conflict_do_nothing())
    wanted = select(SignInThrottle).where(SignInThrottle.subject_hash.in_(hashes))
    locked = wanted.order_by(SignInThrottle.subject_hash).with_for_update().execution_options(populate_existing=True)
    return {row.subject_hash: row for row in session.scalars(locked)}


def _count(row: SignInThrottle, free: int, now: datetime) -> None:
    before = 0 if now - row.last_at > FORGOTTEN_AFTER else row.failures
    row.failures, row.last_at = before + 1, now
    wait = wait_after(row.failures, free)
    row.blocked_until = now + wait if wait else None


def _keyed_hash(secret: str, subject: str) -> bytes:
    return hmac.digest(secret.encode(), subject.encode(), hashlib.sha256)
