"""Everything that changes accounts, people and their sessions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import audit, ids, keys
from flowbuilder.accounts import passwords, queries, sessions, throttle
from flowbuilder.audit import Actor
from flowbuilder.models import Account, ApiKey, Membership, Person
from rules.windows import is_zone

Kind = Literal["seller", "buyer", "supplier", "operator"]
Theme = Literal["system", "light", "dark"]

TIME_ZONE, CURRENCY = "America/New_York", "USD"
"""What an account goes by unless it is made otherwise."""


class AccountRefused(ValueError):
    """An account that cannot be made; the text says why and what to do."""


@dataclass(frozen=True)
class Created:
    """A new account: its shown id, its API key (shown once), and the owner's password if one was made up."""

    account_id: str
    api_key: str
    password: str | None


@dataclass(frozen=True)
class SignInAnswer:
    """A session token when the person was let in; otherwise how long to wait before the next try, if at all."""

    token: str | None
    wait: timedelta | None = None


@dataclass(frozen=True)
class Attempt:
    """One try to sign in: what was typed, and where it came from."""

    email: str
    password: str
    subjects: tuple[throttle.Subject, ...]
    user_agent: str


def create_account(
    *,
    session: Session,
    kind: Kind,
    name: str,
    email: str,
    password: str | None = None,
    time_zone: str = TIME_ZONE,
    currency: str = CURRENCY,
    now: datetime,
) -> Created:
    """Make an account with its owner and one API key; commits nothing. Raises AccountRefused.

    By `time_zone` its pages tell times, and its new flows are in both.
    """
    email = email.strip().lower()
    _refuse_unusable(session, name, email, password)
    _refuse_unknown(time_zone, currency)
    made_up = None if password else passwords.generate_password()
    account = Account(id=ids.new_id(), kind=kind, name=name.strip(), created_at=now)
    account.time_zone, account.currency = time_zone, currency
    owner = Person(id=ids.new_id(), email=email, created_at=now, disabled_at=None)
    owner.password_hash = passwords.hash_password(password or made_up or "")
    session.add_all([account, owner])
    session.flush()
    session.add(Membership(account_id=account.id, person_id=owner.id, role="owner"))
    api_key = _add_api_key(session, account, now)
    actor = Actor(account.id, owner.id)
    audit.record(session=session, actor=actor, action="account.created", subject=ids.show(account.id), now=now)
    return Created(ids.show(account.id), api_key, made_up)


def sign_in(*, session: Session, attempt: Attempt, now: datetime) -> SignInAnswer:
    """Check a password and open a session; commits.

    Whoever is unknown gets the same answer after the same time as somebody who mistyped.
    """
    wait = throttle.take_attempt(session=session, subjects=attempt.subjects, now=now)
    session.commit()
    if wait is not None:
        return SignInAnswer(None, wait)
    person = queries.person_by_email(session, attempt.email)
    session.rollback()
    is_right = passwords.is_password(person.password_hash if person else None, attempt.password)
    accounts = queries.accounts_of(session, person.id) if person and is_right else ()
    if person is None or not accounts:
        return SignInAnswer(None)
    throttle.forgive(session=session, subjects=attempt.subjects)
    sessions.end_idle(session=session, now=now)
    token = sessions.start(
        session=session, person=person, account_id=accounts[0].id, user_agent=attempt.user_agent, now=now
    )
    session.commit()
    return SignInAnswer(token)


def sign_out(*, session: Session, visitor: sessions.Visitor) -> None:
    """End the session that this request came with; commits."""
    sessions.end(session=session, person_id=visitor.person.id, id_hash=visitor.session_hash)
    session.commit()


def change_look(*, session: Session, person: Person, theme: Theme) -> None:
    """Keep how the app shall look for a person; commits."""
    person.theme = theme
    session.commit()


def change_keys(*, session: Session, person: Person, uses_keys: bool) -> None:
    """Keep whether a person uses the keys of the editor; commits."""
    person.uses_keys = uses_keys
    session.commit()


def change_name(*, session: Session, person: Person, name: str) -> None:
    """Keep what others call a person; commits."""
    person.name = name
    session.commit()


def change_account(*, session: Session, visitor: sessions.Visitor, account_id: UUID) -> bool:
    """Let this browser work for another account of the person; commits. Return whether the person belongs to it."""
    if account_id not in {account.id for account in queries.accounts_of(session, visitor.person.id)}:
        return False
    sessions.change_account(session=session, id_hash=visitor.session_hash, account_id=account_id)
    session.commit()
    return True


def change_password(*, session: Session, visitor: sessions.Visitor, new: str, now: datetime) -> None:
    """Keep a new password and end the person's sessions in all other browsers; commits."""
    visitor.person.password_hash = passwords.hash_password(new)
    sessions.end_all(session=session, person_id=visitor.person.id, but=visitor.session_hash)
    actor = Actor(visitor.account.id, visitor.person.id)
    audit.record(session=session, actor=actor, action="password.changed", subject=ids.show(visitor.person.id), now=now)
    session.commit()


def _refuse_unusable(session: Session, name: str, email: str, password: str | None) -> None:
    if not name.strip():
        raise AccountRefused("The account needs a name.")
    if not is_address(email):
        raise AccountRefused(f"{email!r} is not an email address.")
    problem = passwords.password_problem(password) if password is not None else None
    if problem:
        raise AccountRefused(problem)
    if _is_taken(session, email):
        raise AccountRefused(f"{email} has an account already: use another address.")


def _refuse_unknown(time_zone: str, currency: str) -> None:
    if not is_zone(time_zone):
        raise AccountRefused(f"{time_zone!r} is not a time zone: write one such as Europe/Berlin.")
    if not (len(currency) == len(CURRENCY) and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise AccountRefused(f"{currency!r} is not a currency: write three letters such as EUR.")


def is_address(email: str) -> bool:
    """Return whether a text can be somebody's email address, in lower case."""
    local, at, domain = email.rpartition("@")
    return bool(local and at and domain) and len(email) <= 254 and email.isprintable() and " " not in email


def _is_taken(session: Session, email: str) -> bool:
    found: UUID | None = session.scalar(select(Person.id).where(Person.email == email))
    return found is not None


def _add_api_key(session: Session, account: Account, now: datetime) -> str:
    key = keys.new_key(keys.OF_ACCOUNTS)
    row = ApiKey(id=key.id, account_id=account.id, name="First key", scopes=[], created_at=now)
    row.secret_hash, row.hint = key.secret_hash, key.hint
    session.add(row)
    return key.text
