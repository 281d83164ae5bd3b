"""The panel of the first card: which fields leads have, and what is asked of every lead before the first step."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from flask import request, url_for
from werkzeug.datastructures import MultiDict

from flowbuilder import ids
from flowbuilder.catalogue.queries import known_fields
from flowbuilder.editor import rules as rule_forms
from flowbuilder.editor.panels import intake_door as door_parts
from flowbuilder.editor.panels import intake_fields as field_parts
from flowbuilder.editor.panels.base import Desk, Reading
from flowbuilder.editor.panels.cap_fields import PER
from flowbuilder.editor.panels.typed import Form, Unreadable, as_map, shown_in
from flowbuilder.editor.rule_inputs import ZONES
from rules.categories import CATEGORIES, QUALITY
from rules.fields import TYPES
from rules.places import DOOR
from rules.windows import is_zone

NO_REASON = "Not accepted"
SHOWN = ("fields", "values", "currency", "time_zone", "schema", DOOR)
SHOWN_AT_THE_DOOR = ("accept_if", "reason", "category", "duplicates", "caps", "pings_last")


WORDS = {
    "MATCH_WORDS": tuple(door_parts.MATCH_WORDS.items()),
    "SCOPE_WORDS": tuple(door_parts.SCOPE_WORDS.items()),
    "PER_WORDS": tuple(PER.items()),
    "COUNT_WORDS": tuple(door_parts.COUNT_WORDS.items()),
    "FULL_WORDS": tuple(door_parts.FULL_WORDS.items()),
}


class IntakePanel:
    """“Leads arrive”: the fields with their checks, a rule, duplicates, caps, and what the whole flow goes by."""

    kind: ClassVar[str] = DOOR
    template: ClassVar[str] = "editor/panels/intake.html"

    def view(self, settings: Mapping[str, Any], desk: Desk) -> Mapping[str, Any]:
        """Return what the template shows."""
        door, typed = as_map(settings.get(DOOR)), desk.typed
        rows = field_parts.field_rows(settings, desk.document, desk.problems, typed)
        known = known_fields(desk.session, desk.flow.account_id)
        had = {row.key for row in rows}
        return {
            "rows": rows,
            "types": TYPES,
            "checks": tuple(field_parts.CHECKS.items()),
            "countries": [("", "No"), *((row.key, row.called) for row in rows if row.type == "country")],
            "categories": CATEGORIES,
            "known": [field for field in (*known, QUALITY) if field["key"] not in had],
            "accept_if": rule_forms.view(door.get("accept_if"), "accept_if", desk, desk.refused),
            "reason": shown_in(typed, "reason", str(door.get("reason", ""))),
            "no_reason": NO_REASON,
            "category": shown_in(typed, "category", str(door.get("category", ""))),
            "duplicates": door_parts.duplicate_view(door, typed),
            "caps": door_parts.cap_rows(door, typed),
            "values": door_parts.value_rows(settings, typed),
            "pings_last": shown_in(typed, "pings_last", str(door.get("pings_last", ""))),
            "currency": shown_in(typed, "currency", str(settings.get("currency", ""))),
            "time_zone": shown_in(typed, "time_zone", str(settings.get("time_zone", ""))),
            "words": WORDS,
            "begun": typed if typed is not None else _begun(),
            "sources": desk.around.sources,
            "suppliers": url_for("sources.index", flow=ids.show(desk.flow.id, "flo")),
            "refused": desk.refused,
            "zones": ZONES,
            "others": _others(desk.problems, len(rows)),
            "beside": {
                address: sentences for address, sentences in desk.problems.items() if not address.startswith("fields[")
            },
            "kept": [
                *(key for key in settings if key not in SHOWN),
                *(f"{DOOR}.{key}" for key in door if key not in SHOWN_AT_THE_DOOR),
            ],
        }

    def read(self, posted: MultiDict[str, str], settings: Mapping[str, Any], desk: Desk) -> Reading:
        """Return the settings that the form says; what it does not show, and what was not changed, stays as it is."""
        form, changed = Form(posted), dict(settings)
        door = as_map(changed.get(DOOR))
        self._read_flow(form, changed)
        self._read_door(form, door, desk)
        if door != as_map(settings.get(DOOR)):
            changed[DOOR] = door
            if not door:
                del changed[DOOR]
        fields = field_parts.read_fields(form, settings, known_fields(desk.session, desk.flow.account_id))
        if fields != field_parts.written_fields(settings):
            changed["fields"] = fields
        return Reading(changed, form.problems)

    def _read_flow(self, form: Form, changed: dict[str, Any]) -> None:
        form.put(changed, "currency", "currency", str(changed.get("currency", "")), _currency)
        form.put(changed, "time_zone", "time_zone", str(changed.get("time_zone", "")), _zone)
        door_parts.read_values(form, changed)

    def _read_door(self, form: Form, door: dict[str, Any], desk: Desk) -> None:
        rule, problems = rule_forms.read(form.posted, "accept_if", door.get("accept_if"), desk)
        form.problems.update(problems)
        if rule_forms.is_no_rule(rule):
            door.pop("accept_if", None)
        else:
            door["accept_if"] = rule
        form.put(door, "reason", "reason", str(door.get("reason", "")))
        form.put(door, "category", "category", str(door.get("category", "")))
        form.put(door, "pings_last", "pings_last", str(door.get("pings_last", "")), door_parts.duration)
        door_parts.read_duplicates(form, door)
        door_parts.read_caps(form, door)


def _begun() -> MultiDict[str, str]:
    """Return what was typed of something new that no button has added yet: it stays on the page while others save."""
    return MultiDict() if request.form.get("do") else MultiDict(request.form)


def _others(problems: Mapping[str, Sequence[str]], rows: int) -> list[str]:
    """Return what is wrong with nothing that the form shows."""
    shown = ("fields[", "intake.accept_if", "intake.caps", "intake.duplicates", "values", "currency", "time_zone")
    return [
        sentence
        for address, sentences in problems.items()
        if not address.startswith(shown) or (address.startswith("fields[") and not rows)
        for sentence in sentences
    ]


def _currency(typed: str) -> str:
    if len(typed) == len("USD") and typed.isascii() and typed.isalpha():
        return typed.upper()
    raise Unreadable("A currency is three letters, such as USD.")


def _zone(typed: str) -> str:
    if is_zone(typed):
        return typed
    raise Unreadable("This is not a time zone such as America/Los_Angeles.")
