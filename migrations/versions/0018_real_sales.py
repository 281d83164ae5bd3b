"""Answers of a buyer that sound like a no, and mean real sales."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE connection ADD COLUMN real_words text[] NOT NULL DEFAULT '{}'")
