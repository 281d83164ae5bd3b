"""Claims at buyers: which lead had one before, so that it can go back to it."""

from alembic import op

revision = "0007"
down_revision = "0006"

BEFORE = """
ALTER TABLE claim ADD COLUMN before_lead_id uuid, ADD COLUMN before_at timestamptz
"""


def upgrade() -> None:
    """Add the columns."""
    op.execute(BEFORE)
