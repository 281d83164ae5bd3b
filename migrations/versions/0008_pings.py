"""What a lead was pinged with, kept beside what it was posted with, so that its run can be told again."""

from alembic import op

revision = "0008"
down_revision = "0007"

PINGED = "ALTER TABLE lead ADD COLUMN pinged jsonb"


def upgrade() -> None:
    """Add the column; it is null for leads that were not pinged, and for pings."""
    op.execute(PINGED)
