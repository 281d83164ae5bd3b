"""“Leads arrive”: fields from an example, a category, the catalogue; their order; duplicates, caps, named values."""

import json
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder.audit import Actor
from flowbuilder.catalogue import operations
from flowbuilder.editor.panels.base import Reading
from flowbuilder.editor.panels.intake import IntakePanel
from rules.categories import BY_KEY
from rules.editing.tree import FIXED
from tests.support.cast import Cast, now
from tests.support.documents import solar
from tests.support.panels import desk_for, drawn, read

PANEL = IntakePanel()
EXAMPLE = json.dumps({"firstName": "Ana", "email": "a@b.example", "loan": "$2,000", "isTest": True})


@pytest.fixture
def typed(app: Flask, session: Session, cast: Cast) -> Any:
    """Give a function that types into the panel of a document, and returns what is read."""

    def type_in(document: dict[str, Any] | None = None, **fields: Any) -> Reading:
        document = document or solar("con_a")
        desk = desk_for(session, cast.sara.account, document, "intake")
        return read(app, PANEL, settings_of(document), desk, **fields)

    return type_in


def settings_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the first card."""
    return {key: value for key, value in document.items() if key not in FIXED}


def keys(reading: Reading) -> list[str]:
    """Return the keys of the fields, in their order."""
    return [field["key"] for field in reading.settings["fields"]]


def test_an_example_becomes_fields_once(typed: Any) -> None:
    reading = typed(example=EXAMPLE, do="example:add")
    assert keys(reading) == ["email", "phone_1", "state", "first_name", "loan"]
    assert reading.settings["fields"][3:] == [{"key": "first_name", "type": "name"}, {"key": "loan", "type": "money"}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "The text is not JSON: Expecting property name"),
        ("", "Paste a lead"),
        ('{"email": "a@b.example"}', "has every field of this"),
    ],
)
def test_what_is_no_example_says_so_and_changes_nothing(typed: Any, text: str, words: str) -> None:
    reading = typed(example=text, do="example:add")
    assert words in reading.problems["example"]
    assert reading.settings == settings_of(solar("con_a"))


def test_an_example_that_no_button_was_pressed_for_adds_nothing(typed: Any) -> None:
    assert typed(example=EXAMPLE).settings == settings_of(solar("con_a"))


def test_a_category_adds_the_fields_that_are_missing(typed: Any) -> None:
    reading = typed(**{"new.category": "solar", "do": "field:category"})
    assert set(keys(reading)) == {"phone_1", *(field["key"] for field in BY_KEY["solar"].fields)}


def test_a_field_comes_from_the_catalogue_as_it_is_there(typed: Any, session: Session, cast: Cast) -> None:
    shade = {"key": "shade", "type": "choice", "options": ["none", "some"]}
    actor = Actor(account_id=cast.sara.account.id, person_id=None)
    operations.put_field(session=session, actor=actor, settings=shade, now=now())
    session.commit()
    assert typed(**{"new.known": "shade", "do": "field:known"}).settings["fields"][-1] == shade


def test_a_new_field_has_the_key_that_its_name_says(typed: Any) -> None:
    reading = typed(**{"new.label": "Roof shade", "new.type": "text", "do": "field:add"})
    assert reading.settings["fields"][-1] == {"key": "roof_shade", "type": "text"}
    assert typed(**{"new.label": "E-Mail", "new.type": "text", "do": "field:add"}).settings["fields"][-1] == {
        "key": "e_mail", "type": "text", "label": "E-Mail",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"), [("", "Say what"), ("!!", "Say what"), ("State", "There is a field “state”")]
)
def test_a_new_field_needs_a_name_of_its_own(typed: Any, name: str, words: str) -> None:
    reading = typed(**{"new.label": name, "do": "field:add"})
    assert words in reading.problems["new.label"]
    assert len(reading.settings["fields"]) == 3


@pytest.mark.parametrize(
    ("do", "order"),
    [
        ("field:up:1", ["phone_1", "email", "state"]),
        ("field:up:0", ["email", "phone_1", "state"]),
        ("field:down:0", ["phone_1", "email", "state"]),
        ("field:down:2", ["email", "phone_1", "state"]),
        ("field:remove:1", ["email", "state"]),
        ("field:remove:9", ["email", "phone_1", "state"]),
    ],
)
def test_fields_change_places_and_go(typed: Any, do: str, order: list[str]) -> None:
    assert keys(typed(do=do)) == order


def test_a_field_that_rules_read_warns_before_it_goes(app: Flask, session: Session, cast: Cast) -> None:
    document = solar("con_a", intake={"duplicates": {"by": ["email"]}})
    shown = drawn(app, PANEL, settings_of(document), desk_for(session, cast.sara.account, document, "intake"))
    assert "Removing it leaves step 1 to put right." in shown
    assert "Removing it leaves “Leads arrive” to put right." in shown
    assert shown.count("Removing it leaves") == 2


def test_a_type_takes_what_only_it_had_with_it(typed: Any) -> None:
    reading = typed(**{"fields.1.type": "text"})
    assert reading.settings["fields"][1] == {"key": "phone_1", "type": "text", "required": True}


def test_what_is_typed_into_a_field_is_kept(typed: Any) -> None:
    reading = typed(**{"fields.0.label": "E-mail", "fields.0.aliases": "mail, e mail", "fields.1.region": "gb"})
    assert reading.settings["fields"][0] == {
        "key": "email", "type": "email", "required": True, "label": "E-mail", "aliases": ["mail", "e mail"],
    }  # fmt: skip
    assert reading.settings["fields"][1]["region"] == "GB"


def test_what_cannot_be_read_keeps_its_old_value_and_says_so(typed: Any) -> None:
    reading = typed(**{"fields.1.region": "England", "currency": "dollars", "time_zone": "Mars", "pings_last": "soon"})
    assert reading.settings == settings_of(solar("con_a"))
    assert set(reading.problems) == {"fields.1.region", "currency", "time_zone", "pings_last"}


def test_duplicates_are_told_by_what_is_ticked(typed: Any) -> None:
    by = {"duplicates.by": ["email", "phone_1"]}
    assert typed(**by).settings["intake"] == {"duplicates": {"by": ["email", "phone_1"]}}
    document = solar("con_a", intake={"duplicates": {"by": ["phone_1"], "within": "7d"}})
    more = typed(document, **by, **{"duplicates.within": "12h", "duplicates.match": "all"})
    assert more.settings["intake"]["duplicates"] == {"by": ["phone_1", "email"], "within": "12h", "match": "all"}
    assert "intake" not in typed(document, **{"duplicates.by": []}).settings


def test_caps_are_added_changed_and_removed(typed: Any) -> None:
    assert typed(do="cap:add").settings["intake"] == {"caps": [{"limit": 1000, "per": "day"}]}
    document = solar("con_a", intake={"caps": [{"limit": 1000, "per": "day", "count_by": {"var": "source.name"}}]})
    changed = typed(document, **{"caps.0.limit": "2,500", "caps.0.per": "week", "caps.0.when_full": "hold"})
    assert changed.settings["intake"]["caps"] == [
        {"limit": 2500, "per": "week", "count_by": {"var": "source.name"}, "when_full": "hold"}
    ]
    assert typed(document, **{"caps.0.limit": "many"}).problems == {"caps.0.limit": "Enter a whole number."}
    assert "intake" not in typed(document, do="cap:remove:0").settings


def test_values_are_named_changed_and_removed(typed: Any) -> None:
    added = typed(**{"new.value.name": "Min bill", "new.value.text": "120.50", "do": "value:add"})
    assert added.settings["values"] == {"min_bill": Decimal("120.50")}
    document = solar("con_a", values={"min_bill": 120, "area": "CA"})
    assert typed(document, **{"values.1.value": "NV"}).settings["values"] == {"min_bill": 120, "area": "NV"}
    assert typed(document, do="value:remove:0").settings["values"] == {"area": "CA"}
    again = typed(document, **{"new.value.name": "area", "new.value.text": "x", "do": "value:add"})
    assert again.problems == {"new.value.name": "There is a value “area” already."}
