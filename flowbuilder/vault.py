"""The vault: seals credentials with AES-256-GCM, bound to the one row of the one account they belong to."""

import base64
import binascii
import os
from collections.abc import Callable, Sequence
from typing import TypedDict
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = "v1"
Keys = Sequence[tuple[str, bytes]]
"""(id, 32 bytes) pairs, the one that seals first."""
NONCE_BYTES = 12  # 96 random bits, the length that NIST SP 800-38D (8.2.2) gives for random nonces.


class VaultError(Exception):
    """A secret that cannot be sealed or opened."""


class UnknownKey(VaultError):
    """The key that sealed this secret is not among the keys of the vault."""


class NotOpened(VaultError):
    """The sealed text was changed, is malformed, or belongs to another row, column, table or account."""


class Place(TypedDict):
    """Where a secret lives; it opens there and nowhere else."""

    account_id: UUID
    table: str
    column: str
    row_id: str


def credential_place(account_id: UUID, connection_id: UUID, name: str) -> Place:
    """Return the place of one named secret of a connection."""
    return Place(account_id=account_id, table="credential", column="sealed", row_id=f"{connection_id}/{name}")


def hint_of(secret: str) -> str:
    """Return the last four characters of a secret, or nothing when that would show too much of a short one."""
    return secret[-4:] if len(secret) >= 12 else ""


def key_id_of(sealed: str) -> str:
    """Return the id of the key that sealed a text; raises NotOpened when it is none of ours."""
    return _take_apart(sealed)[0]


class Vault:
    """Seals with the first key, opens with any of them."""

    def __init__(self, keys: Keys, *, newer: Callable[[], Keys] | None = None) -> None:
        """Take the keys; raises VaultError when there is none.

        `newer` gives the keys as they stand by now: a process that runs while keys are rotated asks it before it seals,
        and when it meets a key that it does not know.
        """
        self._newer = newer
        self._learn(keys)

    def _learn(self, keys: Keys) -> None:
        if not keys:
            raise VaultError("The vault has no key.")
        self._first = keys[0][0]
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys}

    def _look_again(self) -> None:
        if self._newer is not None:
            self._learn(self._newer())

    def seal(self, text: str, *, account_id: UUID, table: str, column: str, row_id: UUID | str) -> str:
        """Return `v1:<key id>:<nonce>:<ciphertext>`, the last two in base64."""
        self._look_again()
        nonce = os.urandom(NONCE_BYTES)
        bound_to = _bound_to(account_id, table, column, row_id)
        ciphertext = self._ciphers[self._first].encrypt(nonce, text.encode(), bound_to)
        return ":".join((FORMAT, self._first, _encode(nonce), _encode(ciphertext)))

    def open(self, sealed: str, *, account_id: UUID, table: str, column: str, row_id: UUID | str) -> str:
        """Return the secret; raises UnknownKey or NotOpened, and never says more than that."""
        key_id, nonce, ciphertext = _take_apart(sealed)
        if key_id not in self._ciphers:
            self._look_again()
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnknownKey(f"No vault key is named {key_id}.")
        try:
            return cipher.decrypt(nonce, ciphertext, _bound_to(account_id, table, column, row_id)).decode()
        except InvalidTag:
            raise NotOpened("This secret does not open here.") from None


def _bound_to(account_id: UUID, table: str, column: str, row_id: UUID | str) -> bytes:
    return f"{account_id}|{table}|{column}|{row_id}".encode()


def _take_apart(sealed: str) -> tuple[str, bytes, bytes]:
    parts = sealed.split(":")
    if len(parts) != 4 or parts[0] != FORMAT:
        raise NotOpened("This is not a sealed secret.")
    try:
        nonce, ciphertext = (base64.b64decode(part, validate=True) for part in parts[2:])
    except binascii.Error:
        raise NotOpened("This is not a sealed secret.") from None
    if len(nonce) != NONCE_BYTES:
        raise NotOpened("This is not a sealed secret.")
    return parts[1], nonce, ciphertext


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
