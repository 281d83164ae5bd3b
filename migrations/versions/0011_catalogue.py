"""A catalogue of fields for each account, names that nobody wants as fields; flows that are put away."""

from alembic import op

revision = "0011"
down_revision = "0010"

CATALOGUE = """
CREATE TABLE catalogue_field (
    account_id uuid NOT NULL REFERENCES account (id),
    key text NOT NULL,
    settings json NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE TABLE passed_over_name (
    account_id uuid NOT NULL REFERENCES account (id),
    name text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (account_id, name)
);
ALTER TABLE flow ADD COLUMN archived_at timestamptz;
"""


def upgrade() -> None:
    """Create the tables, and the moment at which a flow was put away."""
    op.execute(CATALOGUE)
