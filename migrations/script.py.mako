"""${message}

Each migration works with the code before it too: add first, use later, drop in a release of its own.
It never imports the app's models, which change when it must not.
"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Apply this change."""
    ${upgrades if upgrades else ""}
