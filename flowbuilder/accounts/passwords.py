"""Passwords: which ones are taken, and how they are kept and checked."""

import secrets
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

LEAST, MOST = 10, 256
COMMON = Path(__file__).with_name("common_passwords.txt")
MOST_HASHES_AT_ONCE = 2
"""Each takes 19 MiB and a core for some 25 ms: a flood of guesses must not take the whole machine."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_turns = BoundedSemaphore(MOST_HASHES_AT_ONCE)


def password_problem(password: str) -> str | None:
    """Return what is wrong with a new password, or None; length is what counts (OWASP ASVS 5.0, 6.2)."""
    if len(password) < LEAST:
        return f"Use at least {LEAST} characters; a few words are easy to remember."
    if len(password) > MOST:
        return f"Use at most {MOST} characters."
    if password.casefold() in _common() or len(set(password)) < 4:
        return "This password is among the first that are guessed. Choose another one."
    return None


def hash_password(password: str) -> str:
    """Return what is kept of a password (argon2id, RFC 9106; 19 MiB, 2 passes, 1 lane)."""
    with _turns:
        return _hasher.hash(password)


def is_password(kept: str | None, password: str) -> bool:
    """Return whether a password is the one kept; without one kept it takes the same time and is never right."""
    with _turns:
        try:
            _hasher.verify(kept or _nobodys(), password)
        except (VerifyMismatchError, InvalidHashError):
            return False
    return bool(kept)


def generate_password() -> str:
    """Return a new password that nobody guesses: 18 random bytes as text."""
    return secrets.token_urlsafe(18)


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text().split())
