"""The sentences of a lead's events, and the fields of the version it runs on."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from flowbuilder.flows.checks import connection_names
from flowbuilder.leads import people, queries
from flowbuilder.leads.queries import History
from flowbuilder.lists.queries import list_names
from flowbuilder.models import Lead
from rules import timeline
from rules.fields import Field
from rules.flow import parse_flow
from rules.flow_wording import Names
from rules.timeline import Entry

Story = Mapping[tuple[int, int], Entry]


def story_of(session: Session, lead: Lead, history: History) -> tuple[Story, tuple[Field, ...]]:
    """Return each event in words, by (run, seq), and the fields to mask the lead's values by."""
    document = queries.documents_of(session, [lead]).get((lead.flow_id, lead.version))
    flow, _ = parse_flow(document) if document else (None, [])
    lists, named = list_names(session, lead.account_id), queries.people_named(session, history.events)
    names = Names(connection_names(session, lead.account_id), lists=lists, people=named)
    earlier = queries.flows_left(session, lead, history.events)
    entries = timeline.entries(flow, lead, history.events, names, earlier=earlier)
    return {(entry.run, entry.seq): entry for entry in entries}, people.fields_of(document)
