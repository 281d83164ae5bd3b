"""The vault's master keys: what each one seals, and sealing all secrets again under the first while leads go out."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from flowbuilder.db import write_json
from flowbuilder.vault import Keys, Place, Vault, VaultError, credential_place, key_id_of

BATCH = 500
BEGINNING = (UUID(int=0), "")
Row = tuple[UUID, str]

USES = text("""
    SELECT split_part(sealed, ':', 2), count(*), min(updated_at) FROM credential GROUP BY 1
""")
# A key is not told by its id alone: another one may bear it, where a home was made anew.
NEWEST = text("""
    SELECT connection_id, name, sealed, account_id
      FROM (SELECT c.connection_id, c.name, c.sealed, n.account_id,
                   row_number() OVER (PARTITION BY split_part(c.sealed, ':', 2) ORDER BY c.updated_at DESC) AS place
              FROM credential c JOIN connection n ON n.id = c.connection_id) AS numbered
     WHERE place <= :most
""")
TRIED = 5
"""How many of the newest secrets of a key are opened to learn whether it is the one that sealed them."""
COUNT_OTHERS = text("SELECT count(*) FROM credential WHERE split_part(sealed, ':', 2) <> :first")
# What a page is changing at this moment is passed over, and found in the next pass: nobody waits for anybody.
OTHERS = text("""
    SELECT c.connection_id, c.name, c.sealed, n.account_id
      FROM credential c JOIN connection n ON n.id = c.connection_id
     WHERE split_part(c.sealed, ':', 2) <> :first AND (c.connection_id, c.name) > (:after_id, :after_name)
     ORDER BY c.connection_id, c.name LIMIT :most FOR UPDATE OF c SKIP LOCKED
""")
CHANGE = text("""
    UPDATE credential c SET sealed = r.sealed
      FROM json_to_recordset(CAST(:rows AS json)) AS r(connection_id uuid, name text, sealed text)
     WHERE c.connection_id = r.connection_id AND c.name = r.name
""")
_DATED = re.compile(r"k(\d{4})(\d\d)(\d\d)(?:n\d+)?\Z")


@dataclass(frozen=True)
class KeyUse:
    """One key: how many secrets it seals, the oldest of them, and whether the vault has it at all.

    It `opens` while it opens one of the newest of them; otherwise it is another key that bears this id.
    """

    id: str
    is_first: bool
    is_known: bool
    made_on: date | None
    seals: int
    oldest: datetime | None
    opens: bool = True


@dataclass(frozen=True)
class Sealed:
    """What sealing again came to: how many secrets were moved, which did not open, and how many are still left."""

    moved: int
    unopened: tuple[str, ...]
    left: int


class WrongKeys(RuntimeError):
    """None of the vault's keys opens what is stored."""


def key_uses(database: Connection, keys: Keys) -> list[KeyUse]:
    """Return every key of the vault in its order, then those that it lacks although secrets are sealed with them."""
    key_ids = [key_id for key_id, _ in keys]
    found = {key_id: (int(many), oldest) for key_id, many, oldest in database.execute(USES)}
    missing = sorted(set(found) - set(key_ids))
    opening = _opening(Vault(keys), database.execute(NEWEST, {"most": TRIED}).mappings())
    uses = []
    for key_id in (*key_ids, *missing):
        many, oldest = found.get(key_id, (0, None))
        opens = key_id in opening or not many
        uses.append(KeyUse(key_id, key_id == key_ids[0], key_id in key_ids, made_on(key_id), many, oldest, opens=opens))
    return uses


def check_keys(engine: Engine, keys: Keys) -> None:
    """Raise WrongKeys when secrets are stored and not one of the newest opens: no buyer could be called."""
    with engine.connect() as database:
        used = [use for use in key_uses(database, keys) if use.seals]
    if used and not any(use.opens for use in used):
        raise WrongKeys(
            "VAULT_KEYS opens none of the stored secrets, and so leads wait: set the keys that sealed them (those of "
            "secrets.env where the database comes from), or enter the secrets of a connection again."
        )


def _opening(vault: Vault, rows: Iterable[Mapping[Any, Any]]) -> set[str]:
    """Return the ids of the keys that open one of these secrets."""
    opening = set()
    for row in rows:
        with suppress(VaultError):
            vault.open(row["sealed"], **_place(row))
            opening.add(key_id_of(row["sealed"]))
    return opening


def _place(row: Mapping[Any, Any]) -> Place:
    return credential_place(row["account_id"], row["connection_id"], row["name"])


def made_on(key_id: str) -> date | None:
    """Return the day on which a key was made, which the ids of keys made by a rotation tell: `k20261120`."""
    dated = _DATED.match(key_id)
    try:
        return date(*map(int, dated.groups())) if dated else None
    except ValueError:
        return None


def next_key_id(taken: Iterable[str], now: datetime) -> str:
    """Return an id for a key made now: the day, and a number when another was made on it already."""
    day, used = f"k{now.astimezone(UTC):%Y%m%d}", set(taken)
    return day if day not in used else next(f"{day}n{n}" for n in count(2) if f"{day}n{n}" not in used)


def count_others(database: Connection, first: str) -> int:
    """Return how many secrets are sealed with another key than the first."""
    return int(database.execute(COUNT_OTHERS, {"first": first}).scalar_one())


def seal_again(
    engine: Engine, vault: Vault, *, first: str, tell: Callable[[int], object] = lambda _moved: None
) -> Sealed:
    """Seal every secret under the first key, some hundred per transaction; `tell` hears how many after each.

    It may be killed at any moment and called again: what was committed stays, and the rest is found by its key.
    Readers see the old text or the new one, and open both.
    """
    moved, unopened, is_more = 0, set[str](), True
    while is_more:
        pass_moved = 0
        for rows, closed in _batches(engine, vault, first):
            pass_moved += rows
            unopened |= closed
            tell(moved + pass_moved)
        moved += pass_moved
        with engine.connect() as database:
            left = count_others(database, first)
        is_more = left > len(unopened) and pass_moved > 0
    return Sealed(moved, tuple(sorted(unopened)), left)


def _batches(engine: Engine, vault: Vault, first: str) -> Iterable[tuple[int, set[str]]]:
    after: Row | None = BEGINNING
    while after:
        with engine.begin() as database:
            values = {"first": first, "after_id": after[0], "after_name": after[1], "most": BATCH}
            rows = database.execute(OTHERS, values).mappings().all()
            changes, closed = _sealed_again(vault, rows)
            if changes:
                database.execute(CHANGE, {"rows": write_json(changes)})
        after = (rows[-1]["connection_id"], rows[-1]["name"]) if len(rows) == BATCH else None
        yield len(changes), closed


def _sealed_again(vault: Vault, rows: Iterable[Mapping[Any, Any]]) -> tuple[list[dict[str, str]], set[str]]:
    changes, closed = [], set()
    for row in rows:
        place = _place(row)
        try:
            sealed = vault.seal(vault.open(row["sealed"], **place), **place)
        except VaultError:
            closed.add(place["row_id"])
            continue
        changes.append({"connection_id": str(row["connection_id"]), "name": row["name"], "sealed": sealed})
    return changes, closed
