"""Documents that go live at a time: what was reviewed then, whatever becomes of the draft."""

from alembic import op

revision = "0013"
down_revision = "0012"

PLANNED = """
CREATE TABLE planned_publication (
    flow_id uuid PRIMARY KEY REFERENCES flow (id),
    document json NOT NULL,
    instead_of integer,
    note text NOT NULL DEFAULT '',
    person_id uuid REFERENCES person (id),
    at timestamptz NOT NULL,
    problem text NOT NULL DEFAULT ''
);
CREATE INDEX planned_publication_at ON planned_publication (at) WHERE problem = '';
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(PLANNED)
