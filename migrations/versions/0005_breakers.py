"""The breakers of connections, and what a person has the workers do with a lead that waits."""

from alembic import op

revision = "0005"
down_revision = "0004"

# Nothing points from a breaker to its connection: a worker that notes a failure must not wait for a page that has
# locked the connection.
BREAKERS = """
CREATE TABLE breaker (
    connection_id uuid PRIMARY KEY,
    failures jsonb NOT NULL DEFAULT '[]',
    opened_at timestamptz,
    recover_at timestamptz,
    probe text,
    probe_until timestamptz,
    CHECK ((opened_at IS NULL) = (recover_at IS NULL)),
    CHECK ((probe IS NULL) = (probe_until IS NULL))
);
"""
INSTRUCTIONS = """
ALTER TABLE lead ADD COLUMN instruction jsonb;
CREATE INDEX lead_waiting ON lead (account_id, id) WHERE state = 'waiting';
"""


def upgrade() -> None:
    """Create the table; give leads the column, and an index of those that wait."""
    op.execute(BREAKERS)
    op.execute(INSTRUCTIONS)
