from copy import deepcopy
from decimal import Decimal
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from flowbuilder.editor.panels.kinds import PANELS
from tests.support.cast import Cast
from tests.support.every_flow import every_step
from tests.support.panels import desk_for, read

ODD: tuple[Any, ...] = (
    7,
    Decimal("1.5"),
    "odd",
    "",
    True,
    None,
    [],
    [7],
    ["odd"],
    [["odd"]],
    {},
    {"odd": 7},
    [{"odd": 7}],
)


def test_posting_a_panel_that_nobody_touched_changes_nothing(app: Flask, session: Session, cast: Cast) -> None:
    steps = every_step()
    assert {kind for kind, _, _ in steps} == set(PANELS)
    for kind, settings, document in steps:
        desk = desk_for(session, cast.sara.account, document, settings.get("id", ""))
        panel, before = PANELS[kind], deepcopy(settings)
        reading = read(app, panel, settings, desk)
        assert (reading.settings, reading.problems) == (before, {}), kind
        assert settings == before


def test_nor_where_a_setting_is_not_at_all_what_it_should_be(app: Flask, session: Session, cast: Cast) -> None:
    desk = desk_for(session, cast.sara.account, {"fields": [{"key": "email", "type": "email"}]}, "s1")
    session.commit()  # Nothing more is asked of the database, for longer than a transaction may stand idle.
    for kind, panel in PANELS.items():
        keys = {key for one, settings, _ in every_step() if one == kind for key in settings}
        for key in sorted(keys):
            for value in ODD:
                settings = {"id": "s1", key: value}
                reading = read(app, panel, settings, desk)
                assert (reading.settings, reading.problems) == ({"id": "s1", key: value}, {}), kind
