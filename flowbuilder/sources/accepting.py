"""The rule of a source in its form: built from rows as in the editor, kept in the form until the source is saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from flowbuilder.editor import rules
from flowbuilder.editor.rule_views import RuleView
from flowbuilder.models import Flow
from rules import json_text
from rules.draft_cards import fields_of
from rules.fields import Field
from rules.places import DOOR

NAME = "accept_if"
WAS = "accept_if_was"
"""The input with the rule that the rows were drawn from: nothing of it is stored before the source is."""
AS_IT_IS = f"{rules.DO}={NAME}:draw:"
"""What asks for the form again with the rule as it is typed, beside the address."""
TRY = f"{NAME}:try:"
"""The button that shows the form again with what the last leads make of the rule."""


@dataclass(frozen=True)
class SourceDesk:
    """What the rule builder knows of a source: the rule is asked at the door of its flow."""

    session: Session
    flow: Flow
    typed: MultiDict[str, str] | None = None
    step: str = DOOR

    @property
    def document(self) -> Mapping[str, Any]:
        """Return the flow's draft."""
        return self.flow.draft

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Return the flow's fields by key."""
        return fields_of(self.document)


def is_built(sent: Mapping[str, str]) -> bool:
    """Return whether a form was sent by its rule builder: to be shown again, and not to be saved yet."""
    return sent.get(rules.DO, "").startswith(f"{NAME}:")


def is_tried(sent: Mapping[str, str]) -> bool:
    """Return whether a form asks what the last leads make of its rule."""
    return sent.get(rules.DO) == TRY


def read_rule(posted: MultiDict[str, str], stored: object, desk: SourceDesk) -> tuple[Any, dict[str, str]]:
    """Return the rule that a form says, None for none, and by input what could not be read of it."""
    rule, problems = rules.read(posted, NAME, _drawn_from(posted, stored), desk)
    return (None if rules.is_no_rule(rule) else rule), problems


def rule_view(rule: object, refused: Mapping[str, str], desk: SourceDesk, address: str) -> RuleView:
    """Return what the form shows of its rule; `address` is where the form goes, `refused` what could not be read."""
    return rules.view(rule, NAME, desk, refused, redraws=address, asks_lists=False)


def _drawn_from(posted: MultiDict[str, str], stored: object) -> object:
    if WAS not in posted:
        return stored
    try:
        return json_text.read(posted[WAS])
    except json_text.JsonProblem:
        return stored


__all__ = ["AS_IT_IS", "TRY", "SourceDesk", "is_built", "is_tried", "read_rule", "rule_view"]
