"""By which method each attempt went, leads in inboxes, and the copies of leads that were taken."""

from alembic import op

revision = "0006"
down_revision = "0005"

# What was delivered stands in its attempt, so that a person is erased in one place; these rows hold none of it.
DELIVERY = """
ALTER TABLE attempt ADD COLUMN method text NOT NULL DEFAULT 'webhook';
CREATE TABLE inbox_lead (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    connection_id uuid NOT NULL REFERENCES connection,
    lead_id uuid,
    offer_no integer,
    attempt_no integer,
    at timestamptz NOT NULL,
    read_at timestamptz
);
CREATE INDEX inbox_lead_connection ON inbox_lead (connection_id, id);
CREATE TABLE delivery_copy (
    lead_id uuid NOT NULL,
    offer_no integer NOT NULL,
    method text NOT NULL,
    account_id uuid NOT NULL REFERENCES account,
    connection_id uuid NOT NULL REFERENCES connection,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'ok', 'failed')),
    due_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (lead_id, offer_no, method)
);
CREATE INDEX delivery_copy_due ON delivery_copy (due_at) WHERE finished_at IS NULL;
CREATE INDEX delivery_copy_failed ON delivery_copy (connection_id, lead_id) WHERE state = 'failed';
"""


def upgrade() -> None:
    """Add the column and create both tables."""
    op.execute(DELIVERY)
