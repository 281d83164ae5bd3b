"""States that pages come into while somebody works: open lists, refusals, conflicts; in every light and width."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Flow, PlannedPublication
from tests.support.cast import Cast, a_check, a_connection, a_flow, a_member, now
from tests.support.documents import solar
from tests.support.looks import NARROW, WIDE, look_closely

Visit = Callable[..., Page]
CA = {"is": [{"var": "lead.state"}, "CA"]}


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow with a filter, a buyer, a group of two and a buyer without a price; the last two are not live."""
    first, second = (ids.show(a_connection(session, cast.sara, name=name).id, "con") for name in ("Buyer A", "Buyer B"))
    document = solar(first)
    document["steps"] += [
        {
            "group": {
                "id": "s3",
                "mode": "highest_bid",
                "buyers": [{"id": "r1", "connection": first}, {"id": "r2", "connection": second}],
            }
        },
        {"buyer": {"id": "s4", "connection": second}},
    ]
    made = a_flow(session, cast.sara, document=solar(first))
    made.draft = document
    session.commit()
    return made


def editor(flow: Flow, step: str = "") -> str:
    """Return the address of a flow's editor."""
    return f"{home_of(flow)}/edit" + (f"?step={step}" if step else "")


def home_of(flow: Flow) -> str:
    """Return the address of a flow's page."""
    return f"/flows/{ids.show(flow.id, 'flo')}"


def look_in_both_lights(page: Page) -> None:
    """Look at a state light and dark, without leaving it."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    look_closely(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    look_closely(page)


def look_from_all_sides(page: Page) -> None:
    """Look at a state light and dark, and on a phone, without leaving it."""
    look_in_both_lights(page)
    page.set_viewport_size(NARROW["viewport"])  # type: ignore[arg-type]
    look_closely(page)
    page.set_viewport_size(WIDE["viewport"])  # type: ignore[arg-type]


def test_open_lists(visit: Visit, cast: Cast, flow: Flow) -> None:
    page = visit(editor(flow), cast.sara, **WIDE)
    page.get_by_text("1 thing to put right").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    look_from_all_sides(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More for Buyer A").first.click()
    expect(page.get_by_role("button", name="Duplicate").first).to_be_visible()
    look_in_both_lights(page)
    page.keyboard.press("Escape")
    page.locator("#add-s1").click()
    page.get_by_label("Which kind of step?").fill("nothing of that kind")
    expect(page.get_by_text("No kind of step is called that.")).to_be_visible()
    look_from_all_sides(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keys").click()
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    look_from_all_sides(page)


def test_what_was_deleted_and_what_was_moved(visit: Visit, cast: Cast, flow: Flow) -> None:
    page = visit(editor(flow), cast.sara, **WIDE)
    page.locator("#up-s2").click()
    expect(page.locator("#step-s2")).to_contain_text("Now runs before the filter")
    page.locator("#more-s4").click()
    page.locator("#delete-s4").click()
    expect(page.locator("#toasts")).to_contain_text("Step 4 deleted.")
    look_from_all_sides(page)
    page.goto(editor(flow, "s2") + "&do=move")
    look_from_all_sides(page)
    page.goto(editor(flow, "s2") + "&do=copy")
    look_from_all_sides(page)
    page.goto(editor(flow) + "?add=s1")
    look_from_all_sides(page)


def test_rules_that_are_not_whole(visit: Visit, cast: Cast, flow: Flow) -> None:
    page = visit(editor(flow, "s1"), cast.sara, **WIDE)
    page.get_by_role("button", name="Add group").click()
    group = page.get_by_role("group", name="Group 2")
    expect(group).to_be_visible()
    look_from_all_sides(page)
    group.get_by_label("More for rule 1").click()
    expect(group.get_by_role("button", name="Delete")).to_be_visible()
    look_in_both_lights(page)
    group.get_by_role("button", name="Turn off").click()
    expect(group.get_by_text("Kept, and not asked.")).to_be_visible()
    page.get_by_text("Add a ready-made rule").click()
    look_in_both_lights(page)


def test_what_cannot_be_read(visit_refused: Visit, cast: Cast, flow: Flow) -> None:
    page = visit_refused(editor(flow, "s2"), cast.sara, **WIDE)
    page.get_by_label("Price", exact=True).fill("a lot")
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#panel-refused")).to_be_visible()
    expect(page.get_by_label("Price", exact=True)).to_be_focused()
    look_from_all_sides(page)
    page.goto(editor(flow, "intake"))
    page.get_by_text("Paste an example lead").click()
    page.locator("#panel-example").fill("{not json")
    page.get_by_role("button", name="Add its fields").first.click()
    expect(page.locator("#panel-example-problem")).to_be_visible()
    look_from_all_sides(page)


def test_two_people_at_one_step(visit_refused: Visit, session: Session, cast: Cast, flow: Flow) -> None:
    dana = a_member(session, cast.sara.account, role="editor", person="Dana Deputy")
    session.commit()
    hers, page = (visit_refused(editor(flow, "s2"), who, **WIDE) for who in (dana, cast.sara))
    hers.get_by_label("Price", exact=True).fill("45")
    expect(hers.locator("#rail")).to_contain_text("$45")
    page.get_by_label("Price", exact=True).fill("47")
    expect(page.get_by_role("button", name="Use mine")).to_be_visible()
    look_from_all_sides(page)
    hers.goto(editor(flow, "s1"))
    page.goto(editor(flow, "s1"))
    hers.locator("#more-s1").click()
    hers.locator("#delete-s1").click()
    expect(hers.locator("#toasts")).to_contain_text("Step 1 deleted.")
    page.get_by_label("Reason").fill("Not here")
    expect(page.get_by_role("alert")).to_contain_text("Dana Deputy deleted this step")
    look_from_all_sides(page)


def test_nothing_can_be_saved(visit_refused: Visit, cast: Cast, flow: Flow) -> None:
    page = visit_refused(editor(flow, "s2"), cast.sara, **WIDE)
    page.route("**/draft/steps/**", lambda route: route.fulfill(status=500, body="Something went wrong on our side."))
    page.get_by_label("Price", exact=True).fill("45")
    retry = page.get_by_role("button", name="Retry")
    with page.expect_request_finished(lambda asked: "/draft/steps/" in asked.url):
        retry.click()
    expect(retry).to_be_visible()
    expect(page.locator("#toasts .toast")).to_have_count(1)
    page.evaluate("dispatchEvent(new Event('offline'))")
    look_from_all_sides(page)


def test_who_may_only_look(visit: Visit, session: Session, cast: Cast, flow: Flow) -> None:
    analyst = a_member(session, cast.sara.account)
    worker = a_member(session, cast.sara.account, role="editor", person="Dana Deputy")
    flow.draft = solar(flow.draft["steps"][1]["buyer"]["connection"], currency="EUR")
    session.commit()
    page = visit(editor(flow), analyst, **WIDE)
    expect(page.get_by_text("You can look at this draft.")).to_be_visible()
    look_from_all_sides(page)
    page = visit(f"{home_of(flow)}/review", worker, **WIDE)
    expect(page.get_by_role("heading", name="Ask a publisher")).to_be_visible()
    look_from_all_sides(page)


def test_what_cannot_go_live(visit_refused: Visit, session: Session, cast: Cast, flow: Flow) -> None:
    page = visit_refused(f"{home_of(flow)}/review", cast.sara, **WIDE)
    expect(page.get_by_role("heading", name="It cannot go live yet")).to_be_visible()
    look_from_all_sides(page)
    connection = flow.draft["steps"][1]["buyer"]["connection"]
    flow.draft = solar(connection, steps=[{"buyer": {"id": "s2", "connection": connection, "price": 38}}])
    check = a_check(session, flow, lead={"email": "ana@example.com", "phone_1": "2135550148", "state": "NV"})
    check.status = "rejected"
    session.commit()
    page.reload()
    expect(page.get_by_role("heading", name="Checks: 0 of 1 pass")).to_be_visible()
    look_from_all_sides(page)
    page.locator("#publish-form").evaluate("form => { form.noValidate = true; }")
    page.get_by_role("button", name="Publish version 2").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look_from_all_sides(page)
    check.must_pass = True
    session.commit()
    page.goto(f"{home_of(flow)}/review")
    expect(page.get_by_text("A check fails that must pass.")).to_be_visible()
    look_from_all_sides(page)
    page.goto(f"{home_of(flow)}/checks")
    look_from_all_sides(page)


@pytest.mark.parametrize("problem", ["", "Version 2 went live meanwhile."])
def test_what_goes_live_at_a_time(visit: Visit, session: Session, cast: Cast, flow: Flow, problem: str) -> None:
    plan: dict[str, Any] = {"document": flow.draft, "instead_of": 1, "person_id": cast.sara.person.id, "note": ""}
    planned = PlannedPublication(flow_id=flow.id, at=now() + timedelta(hours=3), problem=problem, **plan)
    session.add(planned)
    session.commit()
    page = visit(home_of(flow), cast.sara, **WIDE)
    look_from_all_sides(page)


def test_a_new_flow_that_is_refused(visit_refused: Visit, cast: Cast, flow: Flow) -> None:
    page = visit_refused("/flows/new", cast.sara, **WIDE)
    page.get_by_role("radio", name="A document").check()
    page.get_by_role("button", name="Make the flow").click()
    expect(page.locator(".problem").first).to_be_visible()
    look_from_all_sides(page)
    for rest in (
        "/import",
        "/versions",
        "/versions/1",
        "/versions/1/compare?with=draft",
        "/versions/1/go-back",
        "?show=draft",
    ):
        page.goto(home_of(flow) + rest)
        look_from_all_sides(page)
