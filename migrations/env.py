"""Runs the migrations of this folder on the database that the command was given."""

from alembic import context
from sqlalchemy import create_engine, pool, text


def run() -> None:
    """Apply the revisions under one advisory lock, so that two machines starting at once do not both migrate."""
    engine = create_engine(context.config.attributes["database_url"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '4s'"))
        connection.commit()
        context.configure(connection=connection, transactional_ddl=True)
        with context.begin_transaction():
            connection.execute(text("SELECT pg_advisory_xact_lock(4207001)"))
            context.run_migrations()
    engine.dispose()


run()
