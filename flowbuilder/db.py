"""The database: engine, sessions and migrations; usable without Flask, so that workers need no web."""

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, text

from rules.json_text import write

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

STANDS_STILL = "5s"
"""For how long a transaction may stand still that has locked what loops wait for."""
LET_GO_SOON = text(f"SET LOCAL idle_in_transaction_session_timeout = '{STANDS_STILL}'")
"""What a page runs before it locks such a row."""
_KEPT_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000}
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"

# Made once: json.loads makes a decoder anew for every document that it reads with a setting.
_decoder = json.JSONDecoder(parse_float=Decimal)


def read_json(text: str | bytes) -> Any:
    """Return a document of our own, numbers with a point as Decimal; raises JSONDecodeError for what is no JSON."""
    written = (text if isinstance(text, str) else text.decode()).strip(" \t\n\r")
    document, end = _decoder.raw_decode(written)
    if end < len(written):
        raise json.JSONDecodeError("Extra data", written, end)
    return document


def write_json(value: Any) -> str:
    """Return a document of our own as text; Decimals are written exactly."""
    return write(value).decode()


def engine_options(
    *, pool_size: int = 8, stands_still: str = "60s", lock_timeout: str = "0", called: str = "flowbuilder"
) -> dict[str, Any]:
    """Return how every engine of ours talks to PostgreSQL, which ends a transaction that `stands_still` for so long.

    It waits for a lock without end, unless `lock_timeout` says for how long. A server that cannot be reached any more
    is noticed within half a minute. The server knows it by what it is `called`, unless the address has a name in it.

    What a statement was given never stands in an error, because it may be about people. Plans are made for each
    statement's own values: a plan kept from when a table was empty scans it for ever.
    """
    return {
        "pool_size": pool_size,
        "max_overflow": 8,
        "pool_timeout": 5,
        "pool_pre_ping": True,
        "hide_parameters": True,
        "json_serializer": write_json,
        "json_deserializer": read_json,
        "connect_args": {
            "prepare_threshold": None,
            "connect_timeout": 5,
            "options": "-c plan_cache_mode=force_custom_plan -c timezone=UTC "
            f"-c idle_in_transaction_session_timeout={stands_still} -c lock_timeout={lock_timeout}",
            "fallback_application_name": called,
            **_KEPT_ALIVE,
        },
    }


def make_engine(database_url: str, **options: Any) -> Engine:
    """Return an engine for PostgreSQL; see `engine_options`."""
    return create_engine(database_url, **engine_options(**options))


def make_sessions(engine: Engine) -> "sessionmaker[Session]":
    """Return the session factory of an engine; rows stay readable after a commit."""
    # Imported here: workers write SQL, and shall not load what maps tables to objects.
    from sqlalchemy.orm import sessionmaker  # noqa: PLC0415

    return sessionmaker(engine, expire_on_commit=False)


def migrate(database_url: str, revision: str = "head") -> None:
    """Bring the database's tables to a revision, the newest by default; raises SQLAlchemyError when it cannot."""
    # Imported here, because only migrating needs it, and every process would wait for it at its start.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = database_url
    command.upgrade(config, revision)
