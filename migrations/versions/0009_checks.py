"""Checks of flows: test runs that are kept, each with the end that is expected."""

from alembic import op

revision = "0009"
down_revision = "0008"

# The inputs are kept as text, so that amounts stay as they were written.
CHECKS = """
CREATE TABLE flow_check (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (id),
    flow_id uuid NOT NULL REFERENCES flow (id),
    name text NOT NULL,
    inputs json NOT NULL,
    status text NOT NULL,
    buyers text[] NOT NULL DEFAULT '{}',
    reason text,
    must_pass boolean NOT NULL DEFAULT false,
    created_by uuid REFERENCES person (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX flow_check_of_flow ON flow_check (flow_id, id);
"""


def upgrade() -> None:
    """Create the table, and the index that a flow's checks are listed by."""
    op.execute(CHECKS)
