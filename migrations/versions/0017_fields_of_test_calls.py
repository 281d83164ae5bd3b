"""Of which types the fields are that a test call to a buyer is made with."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE connection_test ADD COLUMN known jsonb NOT NULL DEFAULT '{}'")
