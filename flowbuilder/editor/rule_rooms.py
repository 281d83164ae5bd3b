"""What a rule is built in: what exists at a step, the account's stored lists, and what the last lead had."""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from flowbuilder import ids
from flowbuilder.editor.rule_views import Room, StoredListChoice
from flowbuilder.lists.lookup import KIND
from flowbuilder.lists.queries import lists_of
from flowbuilder.models import Flow, Lead
from rules.builder.places import Places, places_at, steps_before
from rules.fields import TYPES, Field
from rules.saying import say_literal

LONGEST_SAMPLE = 40


class RuleDesk(Protocol):
    """What the builder needs to know of the panel that it stands in."""

    @property
    def session(self) -> Session:
        """Return the session to read with."""

    @property
    def flow(self) -> Flow:
        """Return the flow's row."""

    @property
    def document(self) -> Mapping[str, Any]:
        """Return the draft."""

    @property
    def step(self) -> str:
        """Return the id of the step whose panel it is."""

    @property
    def typed(self) -> MultiDict[str, str] | None:
        """Return what was posted and could not all be read."""

    @property
    def fields(self) -> Mapping[str, Field]:
        """Return the flow's fields with those that its steps make, by key."""


def places_of(desk: RuleDesk) -> Places:
    """Return what a rule can ask about at the desk's step."""
    written = desk.document.get("fields")
    keys = [one.get("key") for one in written if isinstance(one, dict)] if isinstance(written, list) else []
    values = desk.document.get("values")
    return places_at(
        desk.fields,
        own=[key for key in keys if isinstance(key, str)],
        steps=steps_before(desk.document, desk.step),
        values=values if isinstance(values, dict) else {},
    )


def room_of(desk: RuleDesk, *, asks_lists: bool = True) -> Room:
    """Return what a rule at the desk's step is built in."""
    places = places_of(desk)
    lists = [
        StoredListChoice(ids.show(row.id, KIND), row.name, row.kind)
        for row in lists_of(desk.session, desk.flow.account_id)
    ]
    currency = desk.document.get("currency")
    return Room(
        places=places,
        currency=currency if isinstance(currency, str) else "USD",
        lists=lists,
        samples=_samples(desk, places),
        asks_lists=asks_lists,
    )


def _samples(desk: RuleDesk, places: Places) -> dict[str, str]:
    """Return what the flow's last lead has of its fields, personal data masked."""
    newest = (
        select(Lead.fields)
        .where(Lead.account_id == desk.flow.account_id, Lead.flow_id == desk.flow.id)
        .order_by(Lead.id.desc())
        .limit(1)
    )
    values = desk.session.scalar(newest) or {}
    found = ((f"lead.{key}", _sample(value, desk.fields.get(key))) for key, value in values.items())
    return {path: text for path, text in found if text and places.knows(path)}


def _sample(value: object, field: Field | None) -> str:
    if field is None or value is None:
        return ""
    kind = TYPES[field.type]
    text = kind.mask(value) if kind.personal or field.sensitive else say_literal(value, field)
    return text[:LONGEST_SAMPLE]
