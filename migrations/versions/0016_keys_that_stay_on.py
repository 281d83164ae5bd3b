"""Whether a person uses the keys of the editor that are more than Tab and Enter."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE person ADD COLUMN uses_keys boolean NOT NULL DEFAULT false")
