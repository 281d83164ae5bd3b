"""Checks of the secrets: the vault's keys are there and not too old, and production uses none that was made up."""

import stat
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from flowbuilder import clock, config, db, kept_secrets, setting_values
from flowbuilder.config import Settings
from flowbuilder.operating import vault_keys
from flowbuilder.operating.doctor.findings import Finding, ok, warning, wrong
from flowbuilder.operating.vault_keys import KeyUse

OLD = timedelta(days=365)


def check(own: Settings) -> Iterator[Finding]:
    """Yield what is found about the vault's keys and the file that keeps made-up secrets."""
    yield from _check_uses(own)
    yield from _check_made_up(own)
    path = own.home / kept_secrets.FILE_NAME
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield wrong("secrets", f"Others may read {path}: `chmod 600` it, and rotate what is in it.")


def _check_uses(own: Settings) -> Iterator[Finding]:
    keys = config.vault_keys_now(own)
    engine = db.make_engine(own.database_url, pool_size=1)
    try:
        with engine.connect() as database:
            uses = vault_keys.key_uses(database, keys)
    except SQLAlchemyError:
        return  # The database's own check has said why.
    finally:
        engine.dispose()
    yield from judge_uses(uses, clock.now())


def judge_uses(uses: Sequence[KeyUse], now: datetime) -> Iterator[Finding]:
    """Yield what the keys and what they seal mean at this moment."""
    for use in uses:
        if not use.is_known:
            yield wrong(
                "keys", f"{use.seals} secrets are sealed with {use.id}, which is missing: put it into VAULT_KEYS."
            )
        elif not use.opens:
            yield wrong(
                "keys",
                f"{use.id} opens none of the {use.seals} secrets that are sealed with {use.id}: another key bore that "
                "name. Put that one back into VAULT_KEYS, or enter the secrets again on their connections.",
            )
        elif not use.is_first and not use.seals:
            yield warning("keys", f"{use.id} seals nothing any more: it may be removed.")
        elif not use.is_first:
            yield warning(
                "keys", f"{use.seals} secrets are sealed with the older {use.id}: run `flowbuilder keys rotate`."
            )
    first = uses[0]
    if first.made_on and now.date() - first.made_on > OLD:
        yield warning("keys", f"{first.id} is older than a year: run `flowbuilder keys rotate`.")
    if all(use.is_known and use.opens for use in uses):
        yield ok("keys", f"{first.id} seals what is new, and every stored secret has its key.")


def _check_made_up(own: Settings) -> Iterator[Finding]:
    """Production does not start without keys that were set; what was copied from a home is found by comparing."""
    if not own.is_production:
        return
    kept = kept_secrets.read(own.home)
    made_up = set(setting_values.vault_keys(kept.get("VAULT_KEYS", "")))
    if made_up & set(own.vault_keys) or kept.get("SECRET_KEY") == own.secret_key:
        yield wrong("secrets", "Production uses a secret that was made up for trying it out: set one of your own.")
