"""The names under which the windows of caps are stored: whose cap it is, and the cap's own key."""

from uuid import UUID


def flow_cap_name(flow_id: UUID, key: str) -> str:
    """Return the name of a cap that a flow's document describes."""
    return f"{flow_id}/{key}"


def source_cap_name(source_id: UUID, key: str) -> str:
    """Return the name of a cap that a source describes."""
    return f"{source_id}/{key}"
