"""Who belongs to an account, in which role, and new passwords: what whoever runs the server does for people."""

from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import audit, ids
from flowbuilder.accounts import passwords, queries, sessions
from flowbuilder.accounts.access import Role
from flowbuilder.accounts.operations import AccountRefused, is_address
from flowbuilder.audit import Actor
from flowbuilder.models import Account, Membership, Person

ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Added:
    """Somebody in an account: the shown id of the account, the role, and a password if one was made up."""

    account_id: str
    role: str
    password: str | None


def add_person(
    *,
    session: Session,
    account: str,
    email: str,
    role: Role,
    name: str = "",
    password: str | None = None,
    now: datetime,
) -> Added:
    """Let somebody into an account, named by its id or its name, or give them another role; commits nothing.

    Who signs in already keeps their password. Raises AccountRefused, for the only owner too: an account has one.
    """
    found, email = _account_called(session, account), email.strip().lower()
    if not is_address(email):
        raise AccountRefused(f"{email!r} is not an email address.")
    person = session.scalar(select(Person).where(Person.email == email))
    made_up = None
    if person is None:
        person = Person(id=ids.new_id(), email=email, name=" ".join(name.split()), created_at=now, disabled_at=None)
        made_up = _set_password(person, password)
        session.add(person)
        session.flush()
    _let_in(session, found, person, role)
    subject = ids.show(person.id)
    audit.record(
        session=session, actor=Actor(found.id), action="person.role_given", subject=subject, now=now, role=role
    )
    return Added(ids.show(found.id), role, made_up)


@dataclass(frozen=True)
class NewPassword:
    """Whose password is another one now, and that if it was made up."""

    email: str
    password: str | None


def give_password(*, session: Session, email: str, password: str | None = None, now: datetime) -> NewPassword:
    """Give somebody another password and end their sessions in all browsers; commits nothing. Raises AccountRefused."""
    email = email.strip().lower()
    person = session.scalar(select(Person).where(Person.email == email))
    if person is None:
        raise AccountRefused(f"Nobody signs in as {email!r}.")
    made_up = _set_password(person, password)
    sessions.end_all(session=session, person_id=person.id)
    subject = ids.show(person.id)
    for account in queries.accounts_of(session, person.id):
        audit.record(session=session, actor=Actor(account.id), action="password.given", subject=subject, now=now)
    return NewPassword(email, made_up)


def _set_password(person: Person, password: str | None) -> str | None:
    """Let a password be somebody's; return the one that is made up where none is given. Raises AccountRefused."""
    if password is not None and (problem := passwords.password_problem(password)):
        raise AccountRefused(problem)
    made_up = None if password else passwords.generate_password()
    person.password_hash = passwords.hash_password(password or made_up or "")
    return made_up


def _let_in(session: Session, account: Account, person: Person, role: Role) -> None:
    member = session.get(Membership, (account.id, person.id))
    if member is None:
        session.add(Membership(account_id=account.id, person_id=person.id, role=role))
    elif member.role == "owner" != role and not _has_another_owner(session, member):
        raise AccountRefused(f"{person.email} is the only owner of {account.name}. Make somebody else an owner first.")
    else:
        member.role = role
    session.flush()


def _has_another_owner(session: Session, member: Membership) -> bool:
    others = select(Membership).where(Membership.account_id == member.account_id, Membership.role == "owner")
    return session.scalar(others.where(Membership.person_id != member.person_id)) is not None


def _account_called(session: Session, text: str) -> Account:
    """Return the account of this id, or the only one of this name; raises AccountRefused with those that there are."""
    rows = session.scalars(select(Account).order_by(Account.id)).all()
    found = [row for row in rows if text.strip() in (ids.show(row.id), row.name)]
    if len(found) != 1:
        there = ", ".join(f"{row.name} ({ids.show(row.id)})" for row in rows)
        which = "Several accounts are called that: use the id." if found else "No account is called that."
        raise AccountRefused(f"{which} These are there: {there or 'none yet'}.")
    return found[0]
