"""Letting people into an account, each in a role."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import clock, ids
from flowbuilder.accounts.operations import AccountRefused
from flowbuilder.accounts.people import Added, add_person, give_password
from flowbuilder.models import Audit, Membership, Person
from tests.support.cast import PASSWORD, Cast
from tests.support.web import signed_in, type_password

Add = Callable[..., Added]


@pytest.fixture
def add(session: Session, cast: Cast) -> Add:
    def add(**given: str) -> Added:
        values = {"account": ids.show(cast.sara.account.id), "role": "editor", **given}
        return add_person(session=session, now=clock.now(), **values)  # type: ignore[arg-type]

    return add


def role_of(session: Session, cast: Cast, email: str) -> str | None:
    wanted = select(Membership.role).join(Person).where(Person.email == email)
    return session.scalar(wanted.where(Membership.account_id == cast.sara.account.id))


def test_somebody_new_signs_in_with_the_password_that_is_printed(
    app: Flask, session: Session, cast: Cast, add: Add
) -> None:
    email = f"{ids.new_key()}@example.com"
    made = add(email=email.upper(), name="  Dana   Editor ")
    session.commit()
    assert made.role == "editor" == role_of(session, cast, email)
    client = app.test_client()
    assert type_password(client, email, made.password or "").status_code == 303
    assert "Dana Editor" in client.get("/").text


def test_who_signs_in_already_keeps_the_password(session: Session, cast: Cast, add: Add) -> None:
    assert add(email=cast.zoe.person.email, role="publisher", password=PASSWORD).password is None
    assert role_of(session, cast, cast.zoe.person.email) == "publisher"


def test_a_role_is_changed_and_that_is_written_down(session: Session, cast: Cast, add: Add) -> None:
    add(email=cast.tom.person.email, role="owner")
    assert role_of(session, cast, cast.tom.person.email) == "owner"
    written = session.scalars(select(Audit).where(Audit.account_id == cast.sara.account.id)).one()
    assert (written.action, written.subject, written.detail) == (
        "person.role_given",
        ids.show(cast.tom.person.id),
        {"role": "owner"},
    )


def test_who_has_forgotten_the_password_is_given_another_and_signed_out_everywhere(
    app: Flask, session: Session, cast: Cast
) -> None:
    email, browser = cast.sara.person.email, signed_in(app, session, cast.sara)
    made = give_password(session=session, email=email.upper(), now=clock.now())
    session.commit()
    assert browser.get("/account").location == "/sign-in?next=/account"
    assert type_password(app.test_client(), email, PASSWORD).status_code == 422
    assert type_password(app.test_client(), email, made.password or "").status_code == 303
    written = session.scalars(select(Audit).where(Audit.account_id == cast.sara.account.id)).one()
    assert (written.action, written.subject) == ("password.given", ids.show(cast.sara.person.id))


def test_nobody_unknown_is_given_a_password(session: Session) -> None:
    with pytest.raises(AccountRefused, match="Nobody signs in as"):
        give_password(session=session, email="nobody@example.com", now=clock.now())


def test_an_account_keeps_an_owner(session: Session, cast: Cast, add: Add) -> None:
    with pytest.raises(AccountRefused, match="is the only owner of Acme Leads"):
        add(email=cast.sara.person.email, role="analyst")
    add(email=cast.tom.person.email, role="owner")
    add(email=cast.sara.person.email, role="analyst")
    assert role_of(session, cast, cast.sara.person.email) == "analyst"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"account": "Nowhere"}, r"No account is called that\. These are there: .*Acme Leads \("),
        ({"email": "nobody"}, "is not an email address"),
        ({"password": "short"}, "at least 10 characters"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(add: Add, given: dict[str, str], words: str) -> None:
    with pytest.raises(AccountRefused, match=words):
        add(**{"email": f"{ids.new_key()}@example.com", **given})
