"""Looking values up in stored lists: one statement for as many as there are."""

from collections.abc import Iterable, MutableMapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, text

from flowbuilder import ids
from flowbuilder.db import write_json
from rules.stored_lists import ListForm

KIND = "lst"
Forms = MutableMapping[UUID, ListForm]
"""What lists hold, by their ids; it never changes, so that it is read once."""

FORMS = text("SELECT id, kind, hashed, region FROM stored_list WHERE id = ANY(:ids)")
# One look into the index for each key, however large the planner believes a list to be that was filled a moment ago.
LOOK_UP = text("""
    SELECT w.n, l.id IS NOT NULL AS is_there,
           (SELECT true FROM stored_list_entry e WHERE e.list_id = l.id AND e.key = w.key) AS is_in
      FROM json_to_recordset(CAST(:wanted AS json)) AS w(n int, list uuid, account uuid, key text)
      LEFT JOIN stored_list l ON l.id = w.list AND l.account_id = w.account
""")


class Wanted(NamedTuple):
    """A value to look up: in a list as documents name it, which has to be the account's own."""

    account_id: UUID
    list_id: str
    text: str


def look_up(database: Connection, wanted: Iterable[Wanted], forms: Forms) -> dict[Wanted, bool | None]:
    """Return of each value whether it is in its list; None when the account has no such list.

    `forms` is what is known of lists already; what is read is added to it.
    """
    found: dict[Wanted, bool | None] = dict.fromkeys(wanted)
    named = {one: identifier for one in found if (identifier := read_id(one.list_id))}
    _read_forms(database, set(named.values()) - forms.keys(), forms)
    asked = [
        (one, identifier, key)
        for one, identifier in named.items()
        if identifier in forms
        for key in forms[identifier].keys_for(one.text) or (None,)
    ]
    if not asked:
        return found
    rows = [
        {"n": n, "list": identifier, "account": one.account_id, "key": key}
        for n, (one, identifier, key) in enumerate(asked)
    ]
    for n, is_there, is_in in database.execute(LOOK_UP, {"wanted": write_json(rows)}):
        one = asked[n][0]
        found[one] = bool(found[one] or is_in) if is_there else None
    return found


def read_id(shown: str) -> UUID | None:
    """Return the id of a list as documents name it, None for what is none."""
    try:
        return ids.read(shown, KIND)
    except ids.NotAnId:
        return None


def _read_forms(database: Connection, identifiers: Iterable[UUID], forms: Forms) -> None:
    unknown = list(identifiers)
    if unknown:
        for row in database.execute(FORMS, {"ids": unknown}):
            forms[row.id] = ListForm(row.kind, row.hashed, row.region)
