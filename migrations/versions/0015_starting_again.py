"""Whether leads that wait are started again when what was planned goes live."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE planned_publication ADD COLUMN start_again boolean NOT NULL DEFAULT false")
