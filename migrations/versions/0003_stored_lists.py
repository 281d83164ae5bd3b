"""Stored lists and their entries."""

from alembic import op

revision = "0003"
down_revision = "0002"

# Entries come by the million: no foreign key looks the list up for each of them, and deleting a list deletes both.
LISTS = """
CREATE TABLE stored_list (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('text', 'email', 'phone', 'postal_code')),
    hashed text NOT NULL CHECK (hashed IN ('plain', 'md5', 'sha256')),
    region text NOT NULL,
    size bigint NOT NULL DEFAULT 0 CHECK (size BETWEEN 0 AND 1000000),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX stored_list_account ON stored_list (account_id, id);
CREATE TABLE stored_list_entry (
    list_id uuid NOT NULL,
    key text NOT NULL,
    PRIMARY KEY (list_id, key)
);
"""


def upgrade() -> None:
    """Create both tables."""
    op.execute(LISTS)
