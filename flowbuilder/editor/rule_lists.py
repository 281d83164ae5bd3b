"""The values of a row kept as a stored list, which many rules can use."""

from dataclasses import replace

from flowbuilder import ids
from flowbuilder.accounts.access import somebody
from flowbuilder.audit import Actor
from flowbuilder.editor.rule_rooms import RuleDesk
from flowbuilder.lists.lookup import KIND
from flowbuilder.lists.operations import create_list, fill_list
from flowbuilder.web import current
from rules.builder import COMPARISONS, Group, Path, Row, part_at
from rules.builder.editors import text_of
from rules.builder.edits import replace_part
from rules.builder.forms import settled
from rules.builder.places import Places
from rules.builder.shapes import entries_of, is_list
from rules.fields import Field
from rules.stored_lists import KINDS, ListForm

LONGEST_NAME = 80
LISTED = {"any_of": "in_list", "none_of": "not_in_list"}
"""The comparisons whose values can be kept as a list, and what asks that list."""


def with_stored_list(group: Group, path: Path, name: str, desk: RuleDesk, places: Places) -> Group:
    """Return the rule with a row that asks a new stored list in place of its values.

    The list holds those that say a value of its kind; the caller commits. Nothing changes where no list can be made.
    """
    row = part_at(group, path)
    if not isinstance(row, Row) or row.comparison not in LISTED:
        return group
    field = places.field(row.field)
    if not is_list(COMPARISONS[row.comparison], field) or not row.values:
        return group
    person, account_id, now = somebody(), desk.flow.account_id, current.now()
    actor = Actor(account_id=account_id, person_id=person.person.id if person else None)
    called = (name or f"{places.label(row.field)} list")[:LONGEST_NAME]
    made = create_list(session=desk.session, actor=actor, name=called, form=form_for(field), now=now)
    lines = map(text_of, entries_of(row.values))
    fill_list(session=desk.session, actor=actor, row=made, lines=lines, mode="replace", now=now)
    listed = replace(row, comparison=LISTED[row.comparison], values=(ids.show(made.id, KIND),))
    return settled(replace_part(group, path, listed))


def form_for(field: Field | None) -> ListForm:
    """Return what a list of a field's values holds: a kind of its own where there is one, or else texts."""
    kind = field.type if field and field.type in KINDS else "text"
    return ListForm(kind, region=(field.region if field else None) or "US")
