"""Access tokens in the vault: sealed rows by which every worker of every machine shares the token that one fetched."""

import hashlib
import hmac
import logging
from functools import partial
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from flowbuilder.config import Settings, vault_keys_now
from flowbuilder.vault import Place, Vault, VaultError
from rules.delivery.tokens import Token
from rules.delivery.wire import HttpRequest
from workers.crashpoints import committed
from workers.outages import where

NOBODY = UUID(int=0)
"""A token belongs to whoever has the client's secret, which names its row, and to no account."""

FIND = text("""
    SELECT sealed, CAST(EXTRACT(epoch FROM ends_at - now()) AS int) FROM access_token
     WHERE grant_hash = :hash AND ends_at > now() + interval '1 second'
""")
KEEP = text("""
    INSERT INTO access_token (grant_hash, sealed, ends_at)
    VALUES (:hash, :sealed, now() + :seconds * interval '1 second')
        ON CONFLICT (grant_hash) DO UPDATE SET sealed = excluded.sealed, ends_at = excluded.ends_at
""")
FORGET = text("DELETE FROM access_token WHERE grant_hash = :hash AND sealed = :sealed")

log = logging.getLogger(__name__)


class KeptTokens:
    """Tokens by what was asked for them. A database that is away, or a key that is gone, only means fetching again."""

    def __init__(self, engine: Engine, vault: Vault, secret: bytes) -> None:
        """Take where the rows are, what seals them, and the key under which a grant is hashed."""
        self._engine, self._vault, self._secret = engine, vault, secret

    def find(self, grant: HttpRequest) -> Token | None:
        """Return the token that was fetched for a grant, None when there is none that may still be used."""
        found = self._read(grant)
        return Token(found[1], found[2]) if found else None

    def keep(self, grant: HttpRequest, token: Token) -> None:
        """Keep a token until its end, in the place of an earlier one."""
        digest = self._hash(grant)
        sealed = self._vault.seal(token.text, **_place(digest))
        try:
            with committed(self._engine, "token kept") as database:
                database.execute(KEEP, {"hash": digest, "sealed": sealed, "seconds": token.seconds})
        except SQLAlchemyError as problem:
            log.warning("an access token could not be kept: %s", where(problem))

    def forget(self, grant: HttpRequest, token: str) -> None:
        """Delete a token that is not taken any more, unless a newer one is kept already."""
        found = self._read(grant)
        if found is None or found[1] != token:
            return
        try:
            with committed(self._engine, "token forgotten") as database:
                database.execute(FORGET, {"hash": self._hash(grant), "sealed": found[0]})
        except SQLAlchemyError as problem:
            log.warning("an access token could not be forgotten: %s", where(problem))

    def _read(self, grant: HttpRequest) -> tuple[str, str, int] | None:
        """Return the sealed text, the token and its seconds."""
        digest = self._hash(grant)
        try:
            with self._engine.connect() as database:
                row = database.execute(FIND, {"hash": digest}).one_or_none()
            return (row[0], self._vault.open(row[0], **_place(digest)), row[1]) if row else None
        except (SQLAlchemyError, VaultError) as problem:
            log.warning("a kept access token could not be read: %s", where(problem))
            return None

    def _hash(self, grant: HttpRequest) -> bytes:
        """Return the keyed hash of a grant: of the address, the client and its secret."""
        asked = repr((grant.method, grant.url, grant.headers, grant.body))
        return hmac.new(self._secret, asked.encode(), hashlib.sha256).digest()


def token_keeper(own: Settings, engine: Engine) -> KeptTokens:
    """Return the keeper of a process with these settings; all that share a secret key share their tokens."""
    secret = hashlib.sha256(f"access tokens {own.secret_key}".encode()).digest()
    return KeptTokens(engine, Vault(own.vault_keys, newer=partial(vault_keys_now, own)), secret)


def _place(digest: bytes) -> Place:
    return Place(account_id=NOBODY, table="access_token", column="sealed", row_id=digest.hex())
