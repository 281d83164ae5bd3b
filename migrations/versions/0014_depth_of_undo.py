"""How far back undo reaches from each edit of a draft, and the way to the edits that are old."""

from alembic import op

revision = "0014"
down_revision = "0013"

# Of the edits that are there already nobody counted how many can be undone: where they end, undo ends.
DEPTH = """
ALTER TABLE draft_edit ADD COLUMN depth integer NOT NULL DEFAULT 100;
ALTER TABLE draft_edit ALTER COLUMN depth DROP DEFAULT;
"""
BY_AGE = "CREATE INDEX draft_edit_at ON draft_edit (at, flow_id)"


def upgrade() -> None:
    """Add the column, and the index that old edits are found by."""
    op.execute(DEPTH)
    op.execute(BY_AGE)
