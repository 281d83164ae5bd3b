"""What changes of fields make of a made-up lead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flowbuilder.editor.panels.base import Desk
from flowbuilder.sources.samples import sample_lead
from flowbuilder.web import current
from rules.bounds import RuleError
from rules.delivery.sample import sample_view
from rules.fields import Field, in_country_of, normalise
from rules.logic import truthy
from rules.problems import shorten
from rules.reading import Document
from rules.saying import say_literal

UNKNOWN = "cannot be worked out with a made-up lead"


@dataclass(frozen=True)
class Change:
    """One field of a made-up lead before and after, as people write it; `is_right` where the new value is one."""

    label: str
    before: str
    after: str
    is_right: bool = True


def changes_of(entries: Iterable[Mapping[str, Any]], desk: Desk, currency: str) -> list[Change]:
    """Return what entries with `field`, `value` and `when` do to a made-up lead, one after the other."""
    known = dict(desk.fields)
    document = Document(known, currency)
    posted = sample_lead(known[key] for key in _posted_keys(desk) if key in known)
    lead: dict[str, Any] = {key: normalise(value, known[key]).value for key, value in posted.items()}
    changes = []
    for entry in entries:
        field = known.get(entry["field"], Field(entry["field"] or "text", "text"))
        value = document.value(entry["value"], "")
        when = document.rule(entry["when"], "") if "when" in entry else None
        if value is None or (when is None and "when" in entry):
            continue
        view = _view(lead, known, desk)
        try:
            if when is not None and not truthy(when(view)):
                continue
            made = value(view)
        except RuleError:
            changes.append(Change(field.label, _say(lead.get(field.key), field), UNKNOWN, is_right=False))
            continue
        normal = normalise(made, in_country_of(field, lead))
        after = _say(normal.value, field) if normal.valid else f"“{shorten(made)}”, which is not valid"
        changes.append(Change(field.label, _say(lead.get(field.key), field), after, normal.valid))
        lead = {**lead, field.key: normal.value}
    return changes


def _posted_keys(desk: Desk) -> list[str]:
    """Return the fields that suppliers post; those that only steps make are blank until then."""
    written = desk.document.get("fields")
    return (
        [one["key"] for one in written if isinstance(one, dict) and "key" in one] if isinstance(written, list) else []
    )


def _view(lead: Mapping[str, Any], known: Mapping[str, Field], desk: Desk) -> dict[str, Any]:
    named = desk.document.get("values")
    view = sample_view(lead, known.values(), current.now())
    return view | {"flow": named if isinstance(named, dict) else {}}


def _say(value: object, field: Field) -> str:
    return "blank" if value is None else say_literal(value, field)
