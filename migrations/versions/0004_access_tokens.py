"""Access tokens, sealed, by what was asked for them."""

from alembic import op

revision = "0004"
down_revision = "0003"

TOKENS = """
CREATE TABLE access_token (
    grant_hash bytea PRIMARY KEY,
    sealed text NOT NULL,
    ends_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(TOKENS)
