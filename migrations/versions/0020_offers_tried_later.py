"""When the buyer of an offer that has not ended is asked again: a lead may wait for several."""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE offer ADD COLUMN next_at timestamptz")
