"""From what somebody typed to a lead: its whole id, or the short form that pages show."""

from uuid import UUID

from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.leads import queries

SHORT_LENGTH = 8
"""Characters of the short form: the last eight, five random bits each."""


def short_form(lead_id: UUID) -> str:
    """Return the short form of an id, as 8F2K-41QD: enough to recognise a lead by."""
    shown = ids.show(lead_id)
    return f"{shown[-8:-4]}-{shown[-4:]}"


def lead_called(session: Session, account_id: UUID, text: str) -> UUID | None:
    """Return the account's lead that a text names, or None; a short form that fits two leads names neither."""
    bare = text.strip().replace("-", "").replace(" ", "")
    if len(bare) == SHORT_LENGTH:
        matches = _ending_in(session, account_id, bare)
        return matches[0] if len(matches) == 1 else None
    try:
        lead = queries.lead_of(session, account_id, ids.read(bare))
    except ids.NotAnId:
        return None
    return lead.id if lead else None


def _ending_in(session: Session, account_id: UUID, short: str) -> list[UUID]:
    try:
        number = ids.read(short.rjust(26, "0")).int
    except ids.NotAnId:
        return []
    return queries.leads_ending_in(session, account_id, f"{number:010x}")
