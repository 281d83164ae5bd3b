"""Making an account."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import clock, ids, keys
from flowbuilder.accounts.operations import AccountRefused, Created, create_account
from flowbuilder.accounts.passwords import is_password
from flowbuilder.models import Account, ApiKey, Audit, Membership, Person


def make(session: Session, **given: str) -> Created:
    values = {"kind": "seller", "name": "Acme", "email": f"{ids.new_key()}@example.com", **given}
    return create_account(session=session, now=clock.now(), **values)  # type: ignore[arg-type]


def test_an_account_has_an_owner_who_can_sign_in(session: Session) -> None:
    made = make(session, email="First.Owner@Example.com ")
    account_id = ids.read(made.account_id)
    owner, role = session.execute(
        select(Person, Membership.role).join(Membership).where(Membership.account_id == account_id)
    ).one()
    assert (owner.email, role) == ("first.owner@example.com", "owner")
    assert made.password
    assert is_password(owner.password_hash, made.password)


def test_an_account_goes_by_its_own_clock_and_currency(session: Session) -> None:
    made = [make(session), make(session, time_zone="Europe/Berlin", currency="EUR")]
    accounts = [session.get_one(Account, ids.read(one.account_id)) for one in made]
    assert [(one.time_zone, one.currency) for one in accounts] == [
        ("America/New_York", "USD"),
        ("Europe/Berlin", "EUR"),
    ]


def test_a_password_that_is_given_is_not_shown_again(session: Session) -> None:
    assert make(session, password="orchard kettle 41").password is None


def test_the_api_key_opens_the_account_and_only_its_hash_is_kept(session: Session) -> None:
    made = make(session)
    given = keys.read_key(made.api_key)
    assert given
    kept = session.get_one(ApiKey, given.id)
    assert kept.secret_hash == given.secret_hash
    assert kept.account_id == ids.read(made.account_id)
    assert kept.scopes == []
    assert made.api_key.endswith(kept.hint)


def test_it_is_written_down(session: Session) -> None:
    made = make(session)
    written = session.scalars(select(Audit).where(Audit.account_id == ids.read(made.account_id))).one()
    assert (written.action, written.subject) == ("account.created", made.account_id)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "  "}, "needs a name"),
        ({"email": "nobody"}, "is not an email address"),
        ({"email": "a b@example.com"}, "is not an email address"),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, "is not an email address"),
        ({"password": "short"}, "at least 10 characters"),
        ({"password": "password123"}, "first that are guessed"),
        ({"time_zone": "Berlin"}, "is not a time zone: write one such as Europe/Berlin"),
        ({"currency": "euro"}, "is not a currency: write three letters such as EUR"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(session: Session, given: dict[str, str], words: str) -> None:
    with pytest.raises(AccountRefused, match=words):
        make(session, **given)
    assert session.scalar(select(Account).where(Account.name == "  ")) is None


def test_an_address_has_one_account(session: Session) -> None:
    make(session, email="twice@example.com")
    with pytest.raises(AccountRefused, match="has an account already"):
        make(session, email="Twice@example.com")
