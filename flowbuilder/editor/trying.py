"""A rule tried on the newest leads of its flow: how many it is true for, which, and what one lead makes of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from flowbuilder.leads import people
from flowbuilder.lists.lookup import Wanted, look_up
from flowbuilder.lists.queries import list_names
from flowbuilder.models import Flow, Lead, Source
from rules.builder import draw, write
from rules.builder.judging import complete_part
from rules.conditions import Condition
from rules.draft_cards import fields_of
from rules.logic import Rule, RuleError, compile_rule, truthy
from rules.operators.stored import ANSWERS, answer_key
from rules.running import Lead as LeadAsRulesSee
from rules.running import Run
from rules.windows import is_zone
from rules.wording import say_condition, say_seen

OF_ONE = {
    "match": "matches", "do not": "does not", "continue": "continues", "are stopped": "is stopped",
    "are taken": "is taken", "are rejected": "is rejected",
}  # fmt: skip
"""What leads do, said of a single one."""
MOST_LEADS = 500
MOST_LOOKED_AT = 20_000
"""How many of the account's newest leads are looked through for those of the flow."""


@dataclass(frozen=True)
class Asked:
    """One condition of a rule and what it saw of a lead, unless that is personal; None when it was not looked at."""

    line: str
    verdict: bool | None


@dataclass(frozen=True)
class OneLead:
    """What one lead makes of a rule: its verdict, or why there is none, and each condition."""

    lead_id: UUID
    verdict: bool | None
    problem: str = ""
    asked: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class Side:
    """Some of the leads that a rule was tried on: what they do, under which answer they are listed, and their share."""

    word: str
    which: str
    leads: tuple[UUID, ...]
    percent: int

    @property
    def said(self) -> str:
        """Return what so many leads do: one continues, two continue."""
        return OF_ONE[self.word] if len(self.leads) == 1 else self.word


@dataclass(frozen=True)
class Tried:
    """What the newest leads make of a rule; those it cannot be decided for are neither."""

    matching: tuple[UUID, ...]
    other: tuple[UUID, ...]
    undecided: tuple[UUID, ...]

    @property
    def total(self) -> int:
        """Return how many leads were tried."""
        return len(self.matching) + len(self.other) + len(self.undecided)

    def sides(self, stops: bool | None, *, words: tuple[str, str] | None = None) -> tuple[Side, Side]:
        """Return the leads that the rule is true for and the others; of a filter those first that carry on.

        `stops` is whether it stops the leads that its rule is true for, None where the rule is not one of a filter;
        `words` are what both do, where that is said otherwise.
        """
        words = words or (("match", "do not") if stops is None else ("continue", "are stopped"))
        parts = [("yes", self.matching), ("no", self.other)]
        first, second = (
            Side(word, which, leads, round(100 * len(leads) / self.total) if self.total else 0)
            for word, (which, leads) in zip(words, reversed(parts) if stops else parts, strict=True)
        )
        return first, second

    @property
    def newest(self) -> tuple[UUID, ...]:
        """Return the leads, newest first."""
        return tuple(sorted((*self.matching, *self.other, *self.undecided), reverse=True))


class Trial:
    """A rule and the data of the leads that it is tried on, as they arrived at the flow."""

    def __init__(self, session: Session, flow: Flow, document: Mapping[str, Any], rule: object) -> None:
        """Compile the rule for the fields of a document; raises a RuleError when it cannot be decided at all."""
        self.session = session
        self.flow = flow
        self.fields = fields_of(document)
        self.rule = compile_rule(rule, self.fields)
        self.values = document.get("values") if isinstance(document.get("values"), dict) else {}
        zone, currency = document.get("time_zone"), document.get("currency")
        self.zone = zone if isinstance(zone, str) and is_zone(zone) else "UTC"
        self.currency = currency if isinstance(currency, str) else "USD"

    def on_newest(self, *, source: Source | None = None) -> Tried:
        """Return what the newest leads of the flow make of the rule, or those of one source."""
        found: dict[bool | None, list[UUID]] = {True: [], False: [], None: []}
        for lead_id, view in self._views(self._newest(source)):
            found[verdict_of(self.rule, view)].append(lead_id)
        return Tried(tuple(found[True]), tuple(found[False]), tuple(found[None]))

    def on_one(self, lead_id: UUID) -> OneLead | None:
        """Return what one lead of the flow makes of the rule; None when the flow has no such lead."""
        rows = self._one(lead_id)
        for row, (found, view) in zip(rows, self._views(rows), strict=True):
            fields = tuple(self.fields.values())
            try:
                trace = self.rule.trace(view)
            except RuleError as error:
                return OneLead(found, None, people.hide_people(error.message, row.fields, fields))
            harmless = people.harmless_words(row.fields, fields, self.currency)
            names = list_names(self.session, self.flow.account_id)
            return OneLead(
                found, truthy(trace.value), asked=tuple(self._asked(one, names, harmless) for one in trace.conditions)
            )
        return None

    def _asked(self, condition: Condition, names: Mapping[str, str], harmless: frozenset[str]) -> Asked:
        said = say_condition(condition, names=names, currency=self.currency)
        line = f"{said}: {say_seen(condition, currency=self.currency)}"
        return Asked(people.hide_seen(line, harmless), condition.verdict)

    def _newest(self, source: Source | None) -> Sequence[Any]:
        newest = (
            select(Lead).where(Lead.account_id == self.flow.account_id).order_by(Lead.id.desc()).limit(MOST_LOOKED_AT)
        )
        lead = aliased(Lead, newest.subquery())
        wanted = select(*self._columns(lead)).where(lead.flow_id == self.flow.id, lead.kind == "post", ~lead.is_test)
        if source is not None:
            wanted = wanted.where(lead.source_id == source.id)
        return self.session.execute(wanted.limit(MOST_LEADS)).all()

    def _one(self, lead_id: UUID) -> Sequence[Any]:
        wanted = select(*self._columns(Lead)).where(Lead.account_id == self.flow.account_id)
        return self.session.execute(wanted.where(Lead.flow_id == self.flow.id, Lead.id == lead_id)).all()

    def _columns(self, lead: Any) -> list[Any]:
        """Return what has to be read of leads; what was posted only where the rule asks for it."""
        columns = [lead.id, lead.fields, lead.invalid, lead.received_at, lead.source_id]
        reads_posted = any(path.startswith("raw") for path in self.rule.variables)
        return [*columns, lead.posted] if reads_posted else columns

    def _views(self, rows: Iterable[Any]) -> list[tuple[UUID, Mapping[str, Any]]]:
        sources = self._sources()
        views = [(row.id, self._view(row, sources)) for row in rows]
        if self.rule.questions:
            self._answer(views)
        return views

    def _view(self, row: Any, sources: Mapping[UUID, Mapping[str, Any]]) -> Mapping[str, Any]:
        lead = LeadAsRulesSee(
            id=str(row.id),
            fields=row.fields,
            posted=getattr(row, "posted", {}),
            source=sources.get(row.source_id, {}),
            received_at=row.received_at,
            invalid=frozenset(row.invalid),
        )
        run = Run(lead, row.received_at, self.zone, self.currency, self.fields, self.values or {}, {})
        return run.at("")

    def _sources(self) -> dict[UUID, Mapping[str, Any]]:
        if not any(path.startswith("source") for path in self.rule.variables):
            return {}
        wanted = select(Source.id, Source.name, Source.cost).where(Source.flow_id == self.flow.id)
        return {
            row.id: {"id": str(row.id), "name": row.name, "cost": row.cost, "is_test": False}
            for row in self.session.execute(wanted)
        }

    def _answer(self, views: Sequence[tuple[UUID, Mapping[str, Any]]]) -> None:
        """Look up what the rule asks of stored lists, for all leads at once."""
        asked = {
            Wanted(self.flow.account_id, question.list_id, text)
            for _, view in views
            for question in self.rule.questions
            if (text := question.value_in(view)) is not None
        }
        found = look_up(self.session.connection(), asked, {})
        answers = {answer_key(wanted.list_id, wanted.text): is_in for wanted, is_in in found.items()}
        for _, view in views:
            view[ANSWERS].update(answers)


def what_counts(rule: object, document: Mapping[str, Any]) -> object:
    """Return what of a rule is complete and not turned off; None when nothing is."""
    group = None if rule is None else draw(rule, fields_of(document))
    if group is None:
        return rule
    counting = complete_part(group)
    return write(counting) if counting.parts else None


def verdict_of(rule: Rule, view: Mapping[str, Any]) -> bool | None:
    """Return whether a rule is true of a lead, None when it cannot be decided."""
    try:
        return truthy(rule(view))
    except RuleError:
        return None
