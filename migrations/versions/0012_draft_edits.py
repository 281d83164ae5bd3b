"""The history of drafts: every change of one, with the document before and after it."""

from alembic import op

revision = "0012"
down_revision = "0011"

# `next_undo` and `next_redo` are what the two buttons would take back and do again once this edit was made; `under` is
# what can be undone after it, `over` what can be done again after it. `starts` is the first of the edits that are
# undone with it, as typing in one field is.
EDITS = """
CREATE TABLE draft_edit (
    flow_id uuid NOT NULL REFERENCES flow (id),
    revision integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('edit', 'undo', 'redo')),
    name text NOT NULL,
    step text NOT NULL DEFAULT '',
    said text NOT NULL DEFAULT '',
    remark jsonb,
    before json NOT NULL,
    after json NOT NULL,
    starts integer NOT NULL,
    joins text NOT NULL DEFAULT '',
    under integer,
    over integer,
    next_undo integer,
    next_redo integer,
    made_in text NOT NULL DEFAULT '',
    person_id uuid REFERENCES person (id),
    at timestamptz NOT NULL,
    PRIMARY KEY (flow_id, revision)
);
"""
LOOKERS = """
CREATE TABLE draft_looker (
    flow_id uuid NOT NULL REFERENCES flow (id),
    person_id uuid NOT NULL REFERENCES person (id),
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (flow_id, person_id)
);
"""


def upgrade() -> None:
    """Create the tables."""
    op.execute(EDITS)
    op.execute(LOOKERS)
