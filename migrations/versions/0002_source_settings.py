"""What a source may send leads about, and which pages its forms may send people on to."""

from alembic import op

revision = "0002"
down_revision = "0001"

SETTINGS = """
ALTER TABLE source
    ADD COLUMN categories text[] NOT NULL DEFAULT '{}',
    ADD COLUMN redirect_hosts text[] NOT NULL DEFAULT '{}';
"""


def upgrade() -> None:
    """Add the two settings; a source without them takes every category and sends nobody anywhere."""
    op.execute(SETTINGS)
