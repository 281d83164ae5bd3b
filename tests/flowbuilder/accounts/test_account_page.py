"""What people change about themselves."""

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.accounts.passwords import is_password
from flowbuilder.models import Audit, Membership
from tests.support.cast import PASSWORD, Cast
from tests.support.web import HTMX, post, signed_in


def test_the_look_is_kept_on_the_server(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.sara)
    assert "data-theme" not in client.get("/account").text
    assert post(client, "/account/look", theme="dark").status_code == 303
    assert '<html lang="en" data-theme="dark">' in client.get("/account").text


def test_keys_stay_on_for_the_person_until_they_are_switched_off(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.sara)
    assert post(client, "/account/keys", headers=HTMX, uses_keys="y").status_code == 204
    session.refresh(cast.sara.person)
    assert cast.sara.person.uses_keys is True
    assert "checked" in client.get("/account").text.partition('name="uses_keys"')[0].rpartition("<input")[2]
    assert post(client, "/account/keys").status_code == 303
    session.refresh(cast.sara.person)
    assert cast.sara.person.uses_keys is False


def test_a_name_is_what_others_see(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.sara)
    assert post(client, "/account/name", name="  Ute   Sonne ☀️ ").status_code == 303
    assert "<b>Ute Sonne ☀️</b>" in client.get("/").text
    assert post(client, "/account/name", name="").status_code == 303
    assert f"<b>{cast.sara.person.email}</b>" in client.get("/").text
    refused = post(client, "/account/name", name="x" * 101)
    assert (refused.status_code, "Use at most 100 characters." in refused.text) == (422, True)


def test_a_look_that_does_not_exist_is_refused(app: Flask, session: Session, cast: Cast) -> None:
    assert post(signed_in(app, session, cast.sara), "/account/look", theme="neon").status_code == 422


def test_somebody_with_one_account_is_offered_no_other(app: Flask, session: Session, cast: Cast) -> None:
    assert "Accounts you work for" not in signed_in(app, session, cast.sara).get("/account").text


def test_somebody_with_two_accounts_changes_between_them(app: Flask, session: Session, cast: Cast) -> None:
    session.add(Membership(account_id=cast.zoe.account.id, person_id=cast.sara.person.id, role="analyst"))
    session.commit()
    here, there = signed_in(app, session, cast.sara), signed_in(app, session, cast.sara)
    assert "Change to Zoe and Company" in here.get("/account").text
    assert post(here, f"/account/switch/{ids.show(cast.zoe.account.id)}").location == "/"
    assert "analyst of Zoe and Company" in here.get("/account").text
    assert "owner of Acme Leads" in there.get("/account").text


def test_nobody_changes_to_an_account_that_they_do_not_belong_to(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.sara)
    assert post(client, f"/account/switch/{ids.show(cast.zoe.account.id)}").status_code == 404
    assert "owner of Acme Leads" in client.get("/account").text


def test_a_new_password_ends_all_other_sessions(app: Flask, session: Session, cast: Cast) -> None:
    here, there = signed_in(app, session, cast.sara), signed_in(app, session, cast.sara)
    answer = post(here, "/account/password", current=PASSWORD, new="seven purple lamps")
    assert answer.location == "/account?changed=password"
    assert (here.get("/account").status_code, there.get("/account").status_code) == (200, 303)
    session.refresh(cast.sara.person)
    assert is_password(cast.sara.person.password_hash, "seven purple lamps")
    actions = session.scalars(select(Audit.action).where(Audit.person_id == cast.sara.person.id)).all()
    assert actions == ["password.changed"]


def test_the_password_of_now_is_needed(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.sara)
    answer = post(client, "/account/password", current="wrong password", new="seven purple lamps")
    assert answer.status_code == 422
    assert "That is not your password." in answer.text


def test_a_weak_new_password_is_refused(app: Flask, session: Session, cast: Cast) -> None:
    answer = post(signed_in(app, session, cast.sara), "/account/password", current=PASSWORD, new="short")
    assert answer.status_code == 422
    assert "at least 10 characters" in answer.text


def test_nothing_but_the_named_fields_changes(app: Flask, session: Session, cast: Cast) -> None:
    client = signed_in(app, session, cast.tom)
    post(client, "/account/look", theme="light", role="owner", email="x@example.com", account_id="1", disabled_at="")
    session.refresh(cast.tom.person)
    assert cast.tom.person.theme == "light"
    assert cast.tom.person.email.startswith("tom")
    assert "analyst of Acme Leads" in client.get("/account").text
