"""Every problem leads to its field: its link in the editor opens the panel of the step, and focuses the setting."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Flow
from tests.rules.flows import document
from tests.support.cases import FOLDER
from tests.support.cast import Cast, a_connection, a_flow, a_source
from tests.support.looks import WIDE

Visit = Callable[..., Page]

FOCUSED = """() => {
  const ids = [document.getElementById("panel-body").dataset.step];
  for (let at = document.activeElement; at && at.id !== "panel-form"; at = at.parentElement) ids.push(at.id);
  return ids;
}"""
NAMED = ("con_a", "con_b", "con_c", "con_d", "con_e")


def table(name: str) -> Iterator[list[Any]]:
    """Give the rows of a table of findings."""
    yield from (row for row in json.loads((FOLDER / name).read_text()) if len(row) > 1)


def fixtures() -> Iterator[tuple[str, dict[str, Any], dict[str, Any], list[str], str]]:
    """Give each finding, and what is often wrong: its code, a document that has it, what is around it, where, what."""
    for code, steps, settings, around, place, sentence in table("findings.json"):
        yield code, document(*steps, **settings), around, place, sentence
    for code, steps, settings, place, sentence in table("often_wrong.json"):
        yield code, document(*steps, **settings), {}, place, sentence


def a_flow_with(session: Session, cast: Cast, written: dict[str, Any], around: dict[str, Any]) -> Flow:
    """Make a flow with a document, the connections that it names, and its suppliers."""
    text = json.dumps(written, default=float)
    for shown in NAMED:
        one = around.get("connections", {}).get(shown, {})
        values: dict[str, Any] = {"state": one.get("state", "active"), "name": one.get("name", shown)}
        if values["state"] == "untested":
            values |= {"state": "active", "tested_at": None}
        if "to" in one:
            values["destination"] = {"url": "https://buyer.example/leads", **one["to"]}
        text = text.replace(f'"{shown}"', f'"{ids.show(a_connection(session, cast.sara, **values).id, "con")}"')
    flow = a_flow(session, cast.sara, document=json.loads(text), live_version=None)
    for name, cost in around.get("costs", {}).items():
        a_source(session, flow, name=name, cost={"fixed": cost})
    session.commit()
    return flow


def setting_of(place: list[str], written: dict[str, Any]) -> tuple[str, str]:
    """Return the step whose panel has a setting, and the setting there: buyers of groups have panels of their own."""
    step, setting = place
    if setting.startswith("buyers["):
        [group] = [one["group"] for one in written["steps"] if one.get("group", {}).get("id") == step]
        position, _, rest = setting.removeprefix("buyers[").partition("].")
        return group["buyers"][int(position)]["id"], rest
    return step, setting


def test_every_problem_leads_to_its_field(visit: Visit, session: Session, cast: Cast) -> None:
    page, astray = visit("/flows", cast.sara, **WIDE), {}
    for code, written, around, place, sentence in fixtures():
        flow = a_flow_with(session, cast, written, around)
        page.goto(f"/flows/{ids.show(flow.id, 'flo')}/edit")
        told = page.locator("#problems li", has_text=sentence)
        assert told.count(), f"{code}: {sentence}"
        step, setting = setting_of(place, written)
        if not step:
            assert not told.first.get_by_role("link").count(), code
            continue
        told.first.evaluate("one => { one.closest('details').open = true; }")
        told.first.get_by_role("link").click()
        with suppress(AssertionError):
            expect(page.locator("#panel :focus")).to_have_count(1)
        shown, *focused = page.evaluate(FOCUSED)
        first = setting.split(".")[0].split("[")[0]
        wanted = f"panel-{first}" if first else "panel-title"
        if shown != step or not any(one.startswith(wanted) for one in focused):
            astray[code] = (place, shown, focused)
    assert astray == {}
