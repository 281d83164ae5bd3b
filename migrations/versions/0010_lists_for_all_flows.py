"""Stored lists that hold for all flows of a seller: nobody on them comes in."""

from alembic import op

revision = "0010"
down_revision = "0009"

SUPPRESSES = """
ALTER TABLE stored_list ADD COLUMN suppresses boolean NOT NULL DEFAULT false;
CREATE INDEX stored_list_suppresses ON stored_list (account_id) WHERE suppresses;
"""


def upgrade() -> None:
    """Add the column, with an index that finds the few that have it set."""
    op.execute(SUPPRESSES)
