from copy import deepcopy
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.editor.panels.base import Reading
from flowbuilder.editor.panels.kinds import PANELS
from tests.support import cast as casting
from tests.support.cases import rows
from tests.support.cast import Cast
from tests.support.panels import desk_for, drawn, read, seen

FIELDS = [
    {"key": "email", "type": "email"},
    {"key": "phone_1", "type": "phone", "label": "Phone", "region": "US"},
    {"key": "state", "type": "state"},
    {"key": "grade", "type": "choice", "options": ["premium", "raw"]},
]
FILTER: dict[str, Any] = {"id": "s1", "continue_if": {"is": [{"var": "lead.state"}, "CA"]}, "reason": "Not CA"}
CAP: dict[str, Any] = {"id": "s1", "limit": 500, "per": "day"}
BUYER: dict[str, Any] = {"id": "s1", "connection": "con_a", "price": 42}
LATER = [{"buyer": {"id": "s2", "connection": "con_b", "price": 38}}, {"cap": {"id": "s3", "limit": 1, "per": "day"}}]
END: dict[str, Any] = {"id": "end", "do": "reject", "reason": "No buyer available"}
OTHER = {"id": "b2", "connection": "con_b"}


def reading_of(app: Flask, session: Session, cast: Cast, kind: str, settings: dict[str, Any], **typed: Any) -> Reading:
    """Return what a panel reads once some of its fields were typed into, or a button was pressed (`do`)."""
    group = {"group": {"id": "g", "mode": "highest_bid", "buyers": [settings, OTHER]}}
    step = group if kind == "row" else {kind: settings}
    document = {"fields": FIELDS, "steps": [step, *LATER], "fallback": END}
    desk = desk_for(session, cast.sara.account, document, settings["id"])
    before = deepcopy(settings)
    reading = read(app, PANELS[kind], settings, desk, **typed)
    assert settings == before
    return reading


@pytest.mark.parametrize(("what", "kind", "settings", "typed", "expected"), rows("panels.json"))
def test_what_is_typed_changes_its_setting_and_nothing_else(
    app: Flask,
    session: Session,
    cast: Cast,
    what: str,
    kind: str,
    settings: dict[str, Any],
    typed: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    reading = reading_of(app, session, cast, kind, settings, **typed)
    assert (reading.settings, reading.problems) == (expected, {})


@pytest.mark.parametrize(("kind", "settings", "typed", "sentences"), rows("panels_refused.json"))
def test_what_cannot_be_read_stays_as_it_was_with_a_sentence_beside_it(
    app: Flask,
    session: Session,
    cast: Cast,
    kind: str,
    settings: dict[str, Any],
    typed: dict[str, Any],
    sentences: dict[str, str],
) -> None:
    reading = reading_of(app, session, cast, kind, settings, **typed)
    assert (reading.settings, reading.problems) == (settings, sentences)


def test_typed_text_that_cannot_be_read_is_shown_again_with_its_sentence(
    app: Flask, session: Session, cast: Cast
) -> None:
    settings = {**BUYER, "caps": [{"limit": 5, "per": "day"}, {"limit": 9, "per": "hour"}]}
    reading = reading_of(app, session, cast, "buyer", settings, do="caps:remove:0", **{"caps.1.limit": "a few"})
    assert reading.settings["caps"] == [{"limit": 9, "per": "hour"}]
    assert list(reading.problems) == ["caps.0.limit"]
    assert reading.typed is not None
    desk = desk_for(session, cast.sara.account, {"fields": FIELDS}, "s1", typed=reading.typed, refused=reading.problems)
    page = drawn(app, PANELS["buyer"], reading.settings, desk)
    assert 'value="a few"' in page
    assert "Enter a whole number from 0 to 1,000,000,000." in page


def test_problems_of_the_draft_stand_beside_their_fields(app: Flask, session: Session, cast: Cast) -> None:
    problems = {"caps[0].limit": ["Too small."], "price": ["A buyer needs a price."], "odd": ["What is this?"]}
    settings = {**BUYER, "caps": [{"limit": 0, "per": "day"}], "odd": {"a": 1}}
    desk = desk_for(session, cast.sara.account, {"fields": FIELDS}, "s1", problems=problems)
    view = seen(app, PANELS["buyer"], settings, desk)
    assert view["others"] == ("What is this?",)
    assert view["rest"] == [("odd", '{"a":1}')]
    page = drawn(app, PANELS["buyer"], settings, desk)
    assert page.index("Too small.") > page.index("How much it takes")
    assert 'aria-invalid="true" aria-describedby="panel-price-hint panel-price-problem"' in page


def test_a_step_is_offered_to_later_ones_and_to_buyers_by_their_names(app: Flask, session: Session, cast: Cast) -> None:
    sunrise = ids.show(casting.a_connection(session, cast.sara, name="Sunrise Energy").id, "con")
    steps = [
        {"filter": FILTER},
        {"buyer": {"id": "s2", "connection": sunrise, "price": 1}},
        {"cap": {**CAP, "id": "s3"}},
    ]
    desk = desk_for(session, cast.sara.account, {"fields": FIELDS, "steps": steps}, "s1")
    page = drawn(app, PANELS["filter"], FILTER, desk)
    assert '<option value="go_to:s2">Jump to Sunrise Energy, step 2</option>' in page
    assert '<option value="go_to:s3">Jump to Cap, step 3</option>' in page
    own = desk_for(session, cast.sara.account, {"fields": FIELDS, "steps": steps}, "s3")
    assert "go_to:s2" not in drawn(app, PANELS["cap"], {**CAP, "id": "s3"}, own)


def test_changes_are_tried_on_a_made_up_lead(app: Flask, session: Session, cast: Cast) -> None:
    made = [
        ["full_name", "{{lead.state}} {{lead.grade}}"],
        ["state", "Nevada"],
        ["grade", {"upper": [{"var": "lead.state"}]}],
    ]
    settings = {"id": "s1", "set": made}
    desk = desk_for(session, cast.sara.account, {"fields": FIELDS, "steps": [{"transform": settings}]}, "s1")
    sheet = seen(app, PANELS["transform"], settings, desk)["sheets"][0]
    changes = next(part for part in sheet.parts if part.macro == "sample").told["changes"]
    assert [(one.label, one.before, one.after, one.is_right) for one in changes] == [
        ("Full name", "blank", "CA premium", True),
        ("State", "CA", "NV", True),
        ("Grade", "Premium", "“NV”, which is not valid", False),
    ]


def test_a_group_says_that_buyers_of_a_campaign_join(app: Flask, session: Session, cast: Cast) -> None:
    settings: dict[str, Any] = {"id": "g", "mode": "waterfall", "buyers_from": {"campaign": "cmp_1"}}
    document = {"fields": FIELDS, "steps": [{"group": settings}], "fallback": END}
    page = drawn(app, PANELS["group"], settings, desk_for(session, cast.sara.account, document, "g"))
    assert "The buyers of a campaign join" in page
    assert "cmp_1" not in page
    without = {key: value for key, value in settings.items() if key != "buyers_from"}
    assert "a campaign" not in drawn(app, PANELS["group"], without, desk_for(session, cast.sara.account, document, "g"))
