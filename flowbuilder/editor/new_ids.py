"""Ids of what an editor adds to a document."""

from collections.abc import Iterator, Mapping
from typing import Any

from flowbuilder import ids
from rules.editing.tree import ids_of

ID_LENGTH = 6


def fresh_ids() -> Iterator[str]:
    """Yield ids drawn at random, so that none of a deleted step comes back."""
    while True:
        yield f"s{ids.new_key(ID_LENGTH)}"


def new_id(document: Mapping[str, Any]) -> str:
    """Return an id that the document does not have."""
    taken = ids_of(document)
    return next(one for one in fresh_ids() if one not in taken)
