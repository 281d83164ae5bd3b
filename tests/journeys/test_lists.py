"""A stored list in a browser: made from a pasted column, asked about a number, changed without a reload, and named."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from flowbuilder import ids
from tests.support.cast import Cast, a_connection, a_flow, a_list
from tests.support.journals import asks_much
from tests.support.looks import NARROW, WIDE, look_closely


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_list_is_made_asked_changed_and_deleted(visit, cast: Cast, tmp_path: Path, size: Any, scheme: str) -> None:  # type: ignore[no-untyped-def]
    page = visit("/lists", cast.sara, color_scheme=scheme, **size)
    page.get_by_role("link", name="Make the first list").click()
    page.get_by_label("Name", exact=True).fill("Do not contact")
    page.get_by_label("Type or paste them").fill("phone\n(512) 867-5309\n512-867-5310")
    page.get_by_role("button", name="Make the list").click()
    expect(page.locator("#list-entries")).to_contain_text("2 recognised, 1 not.")
    page.get_by_text("What could not be read").click()
    expect(page.locator("#list-entries")).to_contain_text("Line 1: phone")
    look_closely(page)
    page.get_by_label("Value").fill("+1 512 867 5309")
    page.get_by_role("button", name="Look").click()
    expect(page.locator("#list-match")).to_contain_text("It is on the list. It was looked for as +15128675309.")
    look_closely(page)
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("\n".join(f"512{number:07}" for number in range(2_000_000, 2_005_000)) + "\nnobody\n")
    page.get_by_text("Add entries, take some out, or replace them all").click()
    page.get_by_label("Or choose a text or CSV file").set_input_files(numbers)
    page.get_by_label("Put them in the place of all that is there").check()
    look_closely(page)
    page.get_by_role("button", name="Change the list").click()
    expect(page.locator("#list-entries")).to_contain_text("5,000 recognised, 1 not.")
    expect(page.locator("#list-entries")).to_contain_text("5,000 entries")
    page.get_by_role("link", name="Delete this list").click()
    expect(page.get_by_role("button", name="Delete for good")).to_be_visible()
    look_closely(page)
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("No stored lists yet")).to_be_visible()


def test_without_scripts_everything_works_too(visit, cast: Cast, session: Session) -> None:  # type: ignore[no-untyped-def]
    row = a_list(session, cast.sara, kind="phone")
    session.commit()
    page = visit(f"/lists/{ids.show(row.id, 'lst')}", cast.sara, java_script_enabled=False)
    page.get_by_label("Type or paste them").fill("512 867 5309, nobody")
    page.get_by_role("button", name="Change the list").click()
    expect(page.locator("#list-entries")).to_contain_text("1 recognised, 1 not.")
    page.get_by_label("Value").fill("5128675310")
    page.get_by_role("button", name="Look").click()
    expect(page.locator("#list-match")).to_contain_text("It is not on the list.")


def test_cards_words_and_findings_call_a_list_by_its_name(visit, cast: Cast, session: Session) -> None:  # type: ignore[no-untyped-def]
    row = a_list(session, cast.sara, name="Never call", kind="phone")
    shown = ids.show(row.id, "lst")
    flow = a_flow(session, cast.sara, document=asks_much(a_connection(session, cast.sara), shown))
    session.commit()
    page = visit(f"/flows/{ids.show(flow.id, 'flo')}", cast.sara)
    expect(page.locator("#step-f h3")).to_contain_text("Phone is in the list “Never call”")
    expect(page.locator("#step-s1 .conditions")).to_contain_text("Takes nobody on “Never call” (by Phone)")
    expect(page.locator(".plain")).to_contain_text("takes nobody on “Never call” (by Phone)")
    told = page.locator("#main").inner_text()
    assert shown not in told.partition("Show as JSON")[0]
