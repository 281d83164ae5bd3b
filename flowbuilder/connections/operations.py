"""Everything that changes connections: create, change, replace a secret, pause, resume, revoke, test."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from redis import Redis
from sqlalchemy import delete
from sqlalchemy.orm import Session

from flowbuilder import audit, enqueue, ids
from flowbuilder.after_commit import enqueue_after_commit
from flowbuilder.audit import Actor
from flowbuilder.connections.checks import kept_secrets
from flowbuilder.db import LET_GO_SOON
from flowbuilder.models import Connection, ConnectionTest, Credential
from flowbuilder.vault import Vault, credential_place, hint_of
from rules.delivery.destination import MOST_AT_ONCE, split_secrets
from rules.delivery.sample import kept_fields
from rules.fields import Field
from rules.text import moment_text


class Revoked(Exception):
    """The connection was revoked, which is final."""


def create_connection(
    *, session: Session, actor: Actor, vault: Vault, name: str, destination: Mapping[str, Any], now: datetime
) -> Connection:
    """Return a new connection; the destination's secrets go to the vault. It was checked before."""
    row = Connection(id=ids.new_id(), account_id=actor.account_id, name=name, state="active")
    row.destination, secrets = split_secrets(destination)
    row.concurrency = destination.get("concurrency", MOST_AT_ONCE)
    row.time_zone, row.tested_at = None, None
    row.created_at = row.updated_at = now
    session.add(row)
    session.flush()
    for secret_name, secret in secrets.items():
        _keep(session, vault, row, name=secret_name, secret=secret, now=now)
    return row


def change_connection(
    *,
    session: Session,
    actor: Actor,
    vault: Vault,
    connection: Connection,
    name: str,
    destination: Mapping[str, Any],
    now: datetime,
) -> None:
    """Change name and destination; secrets that are still needed and not given stay. Raises Revoked."""
    _lock_unless_revoked(session, connection)
    connection.name, connection.updated_at = name, now
    connection.destination, secrets = split_secrets(destination)
    connection.concurrency = destination.get("concurrency", MOST_AT_ONCE)
    _drop_secrets(session, connection, but=kept_secrets(connection.destination))
    for secret_name, secret in secrets.items():
        _keep(session, vault, connection, name=secret_name, secret=secret, now=now)
        _record(session, actor, connection, "connection.secret_replaced", now, secret=secret_name)
    _record(session, actor, connection, "connection.changed", now)
    session.flush()


def replace_secret(
    *, session: Session, actor: Actor, vault: Vault, connection: Connection, name: str, secret: str, now: datetime
) -> None:
    """Put a new secret in the place of the old one, which nobody can read any more. Raises Revoked."""
    _lock_unless_revoked(session, connection)
    _keep(session, vault, connection, name=name, secret=secret, now=now)
    _record(session, actor, connection, "connection.secret_replaced", now, secret=name)
    session.flush()


def sign_with(
    *,
    session: Session,
    actor: Actor,
    vault: Vault,
    connection: Connection,
    secret: str,
    now: datetime,
    old_until: datetime | None = None,
) -> None:
    """Sign all requests with a secret, and until a moment with the one before it too. Raises Revoked."""
    _lock_unless_revoked(session, connection)
    before = session.get(Credential, (connection.id, "signing_secret")) if old_until else None
    if before is not None:
        opened = vault.open(before.sealed, **credential_place(connection.account_id, connection.id, "signing_secret"))
        _keep(session, vault, connection, name="old_signing_secret", secret=opened, now=now)
    destination = {key: value for key, value in connection.destination.items() if key != "old_secret_until"}
    until = {"old_secret_until": moment_text(old_until)} if before is not None and old_until else {}
    connection.destination = {**destination, "signed": True, **until}
    connection.updated_at = now
    _keep(session, vault, connection, name="signing_secret", secret=secret, now=now)
    _drop_secrets(session, connection, but=kept_secrets(connection.destination))
    _record(session, actor, connection, "connection.secret_replaced", now, secret="signing_secret")  # noqa: S106
    session.flush()


def stop_signing(*, session: Session, actor: Actor, connection: Connection, now: datetime) -> None:
    """Send requests unsigned from now on; the signing secrets are deleted. Raises Revoked."""
    _lock_unless_revoked(session, connection)
    signing = ("signed", "old_secret_until")
    connection.destination = {key: value for key, value in connection.destination.items() if key not in signing}
    connection.updated_at = now
    _drop_secrets(session, connection, but=kept_secrets(connection.destination))
    _record(session, actor, connection, "connection.changed", now)
    session.flush()


def pause_connection(*, session: Session, actor: Actor, connection: Connection, now: datetime) -> None:
    """Pause the connection: flows pass its buyer by. Raises Revoked."""
    _set_state(session, actor, connection, "paused", now)


def resume_connection(*, session: Session, actor: Actor, connection: Connection, now: datetime) -> None:
    """Let a paused connection get leads again. Raises Revoked."""
    _set_state(session, actor, connection, "active", now)


def revoke_connection(*, session: Session, actor: Actor, connection: Connection, now: datetime) -> None:
    """End the connection for good: its buyer gets no more leads, and its secrets are deleted."""
    lock(session, connection)
    if connection.state == "revoked":
        return
    connection.state, connection.updated_at = "revoked", now
    _drop_secrets(session, connection)
    _record(session, actor, connection, "connection.revoked", now)
    session.flush()


def start_test(
    *,
    session: Session,
    redis: Redis,
    connection: Connection,
    fields: Mapping[str, Any],
    known: Iterable[Field],
    now: datetime,
) -> ConnectionTest:
    """Return a test call with a made-up lead, queued to be sent once this is committed. Raises Revoked.

    `known` are the fields that such leads have.
    """
    _lock_unless_revoked(session, connection)
    test = ConnectionTest(id=ids.new_id(), account_id=connection.account_id, connection_id=connection.id)
    test.state, test.fields, test.created_at = "queued", dict(fields), now
    test.known = kept_fields(known)
    test.request = test.reply = test.answer = test.finished_at = None
    session.add(test)
    session.flush()
    enqueue_after_commit(session, redis, enqueue.TEST_CONNECTION, test.id)
    return test


def _keep(session: Session, vault: Vault, connection: Connection, *, name: str, secret: str, now: datetime) -> None:
    sealed = vault.seal(secret, **credential_place(connection.account_id, connection.id, name))
    row = session.get(Credential, (connection.id, name)) or Credential(connection_id=connection.id, name=name)
    row.sealed, row.hint, row.updated_at = sealed, hint_of(secret), now
    session.add(row)


def _drop_secrets(session: Session, connection: Connection, *, but: Collection[str] = ()) -> None:
    unneeded = delete(Credential).where(Credential.connection_id == connection.id, Credential.name.not_in(but))
    session.execute(unneeded)


def _set_state(session: Session, actor: Actor, connection: Connection, state: str, now: datetime) -> None:
    _lock_unless_revoked(session, connection)
    if connection.state == state:
        return
    connection.state, connection.updated_at = state, now
    _record(session, actor, connection, "connection.paused" if state == "paused" else "connection.resumed", now)
    session.flush()


def lock(session: Session, connection: Connection) -> None:
    """Have nobody else change a connection until the commit; leads are written that name it all the same."""
    session.execute(LET_GO_SOON)
    session.refresh(connection, with_for_update={"key_share": True})


def _lock_unless_revoked(session: Session, connection: Connection) -> None:
    lock(session, connection)
    if connection.state == "revoked":
        raise Revoked


def _record(session: Session, actor: Actor, connection: Connection, action: str, now: datetime, **detail: str) -> None:
    subject = ids.show(connection.id, "con")
    audit.record(session=session, actor=actor, action=action, subject=subject, now=now, **detail)
