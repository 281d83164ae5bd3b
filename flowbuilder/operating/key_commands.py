"""`flowbuilder keys` and `flowbuilder api-keys`: what they print, and in which order things are done."""

import json
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from flowbuilder import clock, config, db, embedded, kept_secrets, setting_values
from flowbuilder.operating import api_keys, vault_keys
from flowbuilder.operating.vault_keys import KeyUse, Sealed
from flowbuilder.vault import Keys, Vault


class KeysError(ValueError):
    """A key that cannot be removed; the text says why and what to do."""


def list_keys(options: Namespace) -> int:
    """Print every key of the vault: its age, and how many secrets it seals."""
    with _database() as engine, engine.connect() as database:
        uses = vault_keys.key_uses(database, config.vault_keys_now(config.settings()))
    if options.json:
        print(json.dumps([asdict(use) for use in uses], default=str))
        return 0
    for use in uses:
        print(_line(use, clock.now()))
    return 0


def rotate(_options: Namespace) -> int:
    """Seal every secret under the first key, after making a new first one where that is ours to do."""
    with _database() as engine:
        keys: Keys = config.vault_keys_now(config.settings())
        with engine.connect() as database:
            others = vault_keys.count_others(database, keys[0][0])
        if not others:
            if not config.keeps_vault_keys():
                return _tell_what_to_set(keys)
            keys = _put_new_key_first(keys)
        first = keys[0][0]
        sealed = vault_keys.seal_again(engine, Vault(keys), first=first, tell=lambda n: print(f"{n} sealed again"))
    return _tell_how_it_ended(sealed, first, _ids(keys)[1:])


def remove(options: Namespace) -> int:
    """Take a key out of the kept ones; raises KeysError while anything needs it."""
    if not config.keeps_vault_keys():
        raise KeysError(f"VAULT_KEYS is set by you: take {options.id} out of it, and start every process again.")
    with _database() as engine, engine.connect() as database:
        keys = config.vault_keys_now(config.settings())
        uses = {use.id: use for use in vault_keys.key_uses(database, keys)}
    _refuse_needed(uses.get(options.id), options.id)
    config.keep_vault_keys([key for key in keys if key[0] != options.id])
    print(f"{options.id} is removed. Dumps from before it was rotated need it: keep it as long as you keep those.")
    return 0


def list_api_keys(options: Namespace) -> int:
    """Print every API key, never its secret."""
    with _database() as engine, db.make_sessions(engine)() as session:
        listed = api_keys.list_api_keys(session)
    if options.json:
        print(json.dumps([asdict(key) for key in listed], default=str))
        return 0
    for key in listed:
        state = f"revoked {_day(key.revoked_at)}" if key.revoked_at else f"last used {_day(key.last_used_at)}"
        print(f"{key.id}  …{key.hint}  {_shown(key.account)}, {_shown(key.name)}, made {_day(key.created_at)}, {state}")
    return 0


def revoke_api_key(options: Namespace) -> int:
    """Revoke an API key: from now on it is answered 401."""
    with _database() as engine, db.make_sessions(engine).begin() as session:
        is_new = api_keys.revoke_api_key(session=session, shown_id=options.id, now=clock.now())
    print(f"{options.id} is revoked." if is_new else f"{options.id} was revoked before.")
    return 0


@contextmanager
def _database() -> Iterator[Engine]:
    with embedded.for_command(config.settings()) as live:
        db.migrate(live.database_url)
        engine = db.make_engine(live.database_url)
        try:
            yield engine
        finally:
            engine.dispose()


def _put_new_key_first(keys: Keys) -> Keys:
    made = vault_keys.next_key_id(_ids(keys), clock.now())
    print(f"{made} is made and is the first key now.")
    newest = [*setting_values.vault_keys(f"{made}:{kept_secrets.fresh_vault_key()}"), *keys]
    config.keep_vault_keys(newest)
    return newest


def _tell_what_to_set(keys: Keys) -> int:
    first, *others = _ids(keys)
    if others:
        print(f"Every secret is sealed with {first}. {_may_be_removed(others)}")
        return 0
    made = vault_keys.next_key_id([first], clock.now())
    new = f"{made}:{kept_secrets.fresh_vault_key()}"
    print(
        "VAULT_KEYS is set by you, and this is the only time that this new key is shown. Where it stands now:\n"
        f"  1. add it at the end, VAULT_KEYS=<what it is now>,{new}, and start every process again: all know it then;\n"
        f"  2. put it in front, VAULT_KEYS={new},<what it was>, and start every process again;\n"
        "  3. run `flowbuilder keys rotate` again: it seals every stored secret under it."
    )
    return 0


def _tell_how_it_ended(sealed: Sealed, first: str, others: Sequence[str]) -> int:
    if not sealed.left:
        print(f"Every secret is sealed with {first}. {_may_be_removed(others)}")
        return 0
    for place in sealed.unopened:
        print(f"The secret {place} does not open with any key: replace it on its connection.")
    if sealed.left > len(sealed.unopened):
        print(f"{sealed.left} secrets are still sealed with other keys: run this again.")
    return 1


def _may_be_removed(others: Sequence[str]) -> str:
    if not others:
        return "There is no older key."
    if config.keeps_vault_keys():
        commands = ", ".join(f"`flowbuilder keys remove {key_id}`" for key_id in others)
        return f"Nothing needs {', '.join(others)} any more: {commands}."
    return f"Nothing needs {', '.join(others)} any more: take it out of VAULT_KEYS, and start every process again."


def _refuse_needed(use: KeyUse | None, key_id: str) -> None:
    if use is None or not use.is_known:
        raise KeysError(f"The vault has no key {key_id}: `flowbuilder keys list` shows those it has.")
    if use.is_first:
        raise KeysError(f"{key_id} is the key that seals: run `flowbuilder keys rotate` first.")
    if use.seals:
        raise KeysError(f"{key_id} still seals {use.seals} secrets: run `flowbuilder keys rotate` first.")


def _line(use: KeyUse, now: datetime) -> str:
    made = f"made {(now.date() - use.made_on).days} days ago" if use.made_on else "its age is not known"
    oldest = f", the oldest stored {_day(use.oldest)}" if use.oldest else ""
    role = "seals what is new" if use.is_first else "opens only" if use.is_known else "MISSING from VAULT_KEYS"
    role += "" if use.opens or not use.is_known else ", but OPENS NOTHING of what is stored: another key bore this id"
    return f"{use.id}: {role}; {made}; seals {use.seals} secrets{oldest}"


def _ids(keys: Keys) -> list[str]:
    return [key_id for key_id, _ in keys]


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "never"


def _shown(text: Any) -> str:
    """Names are typed by people, and a terminal obeys what it is sent."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text))
