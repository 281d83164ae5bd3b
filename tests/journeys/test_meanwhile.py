"""What is typed, chosen or pressed while an answer is on its way is never lost to that answer."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from flowbuilder import ids
from flowbuilder.leads.finding import short_form
from flowbuilder.models import Flow, Source
from tests.support.cast import Cast, a_connection, a_flow, a_lead, a_source
from tests.support.documents import solar
from tests.support.looks import WIDE

Visit = Callable[..., Page]
NOT_CA = {"is_not": [{"var": "lead.state"}, "CA"]}
ANA = {"is": [{"var": "lead.email"}, "ana@example.com"]}
TWO_RULES = {"and": [NOT_CA, {"is": [{"var": "lead.state"}, "TX"]}]}

AT_ONCE = """
  ([label, value]) => document.addEventListener("htmx:afterRequest", () => {
    const control = document.querySelector(`[aria-label="${label}"]`);
    control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
    control.dispatchEvent(new Event("change", { bubbles: true }));
  }, { once: true })
"""
"""Chooses something the moment that the next answer is there, before the page has settled."""
COUNT = "() => { window.settled = 0; document.addEventListener('htmx:afterSettle', () => { window.settled += 1; }); }"


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give a flow with a filter and a buyer."""
    made = a_flow(session, cast.sara, document=solar(ids.show(a_connection(session, cast.sara).id, "con")))
    session.commit()
    return made


@pytest.fixture
def source(session: Session, flow: Flow) -> Source:
    """Give a source that takes every lead."""
    made = a_source(session, flow)
    session.commit()
    return made


def form_of(source: Source) -> str:
    return f"/sources/{ids.show(source.id, 'src')}/edit"


class Held:
    """The requests to an address, each of which waits until it is let go; others pass.

    They are posts, told by what they send, or asked for with another method, told by the whole address.
    """

    def __init__(
        self, page: Page, address: str, when: Callable[[str], bool] = lambda _: True, method: str = "POST"
    ) -> None:
        self.page, self.routes, self.when, self.method = page, [], when, method
        page.route(address, self._hold)

    def _hold(self, route: Route) -> None:
        request = route.request
        if request.method == self.method and self.when(request.post_data or request.url):
            self.routes.append(route)
        else:
            route.continue_()

    def nth(self, number: int) -> Route:
        """Return a held post by its number, once it is there."""
        for _ in range(600):
            if len(self.routes) > number:
                break
            self.page.wait_for_timeout(50)
        return self.routes[number]

    def go(self, number: int = 0) -> None:
        """Let a held post go."""
        self.nth(number).continue_()


def test_an_answer_that_comes_late_takes_nothing_back(
    visit: Visit, session: Session, cast: Cast, source: Source
) -> None:
    page = visit(form_of(source), cast.sara, **WIDE)
    page.get_by_role("button", name="Add rule", exact=True).click()
    expect(page.get_by_label("Field of rule 1")).to_be_focused()
    late = Held(page, "**/edit*", lambda sent: "is_not" in sent and "value=CA" not in sent)
    page.evaluate(AT_ONCE, ["Comparison of rule 1", "is_not"])
    page.get_by_label("Field of rule 1").select_option(label="State")
    expect(page.get_by_label("Comparison of rule 1")).to_have_value("is_not")
    late.nth(0)
    page.get_by_label("Value of rule 1").select_option("CA")
    expect(page.locator(".reads-as")).to_have_text("Reads as: State is not CA.")
    late.go()
    assert late.nth(0).request.response() is None
    expect(page.locator(".reads-as")).to_have_text("Reads as: State is not CA.")


def delete_first(page: Page, held: Held) -> None:
    """Press the button that deletes the first rule; what that sends is held."""
    page.get_by_label("More for rule 1").click()
    page.get_by_role("button", name="Delete").locator("visible=true").click()
    held.nth(0)


def choose_and_type(page: Page, held: Held) -> None:
    """Choose a comparison whose values are shown otherwise, and type before that is shown."""
    page.get_by_label("Comparison of rule 1").select_option(label="is any of")
    held.nth(0)
    page.get_by_label("Value of rule 1").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("benita@example.com")
    held.go()


def test_what_is_typed_while_the_row_is_drawn_anew_stays(
    visit: Visit, session: Session, cast: Cast, source: Source
) -> None:
    source.accept_if = ANA
    session.commit()
    page = visit(form_of(source), cast.sara, **WIDE)
    choose_and_type(page, Held(page, "**/edit*", lambda sent: "benita" not in sent))
    expect(page.locator(".reads-as")).to_contain_text("benita@example.com")


def test_a_rule_is_deleted_by_whoever_saves_at_once(visit: Visit, session: Session, cast: Cast, source: Source) -> None:
    source.accept_if = NOT_CA
    session.commit()
    page = visit(form_of(source), cast.sara, **WIDE)
    held = Held(page, "**/edit*", lambda sent: "delete" in sent)
    delete_first(page, held)
    page.get_by_role("button", name="Save", exact=True).last.click()
    held.go()
    page.wait_for_url(f"**/sources/{ids.show(source.id, 'src')}")
    session.refresh(source)
    assert source.accept_if is None


def test_nothing_is_changed_in_rows_that_are_about_to_move(
    visit: Visit, session: Session, cast: Cast, source: Source
) -> None:
    source.accept_if = TWO_RULES
    session.commit()
    page = visit(form_of(source), cast.sara, **WIDE)
    held = Held(page, "**/edit*", lambda sent: "delete" in sent)
    delete_first(page, held)
    expect(page.locator("#accept-rule")).to_have_js_property("inert", True)
    held.go()
    expect(page.locator(".reads-as")).to_have_text("Reads as: State is TX.")
    expect(page.locator("#accept-rule")).to_have_js_property("inert", False)
    expect(page.get_by_label("More for rule 1")).to_be_focused()


@pytest.fixture
def panel(visit: Visit, session: Session, cast: Cast, flow: Flow) -> Callable[..., tuple[Page, Held]]:
    """Give a function that opens the panel of the filter with a rule; what the panel sends is held."""

    def opened(rule: Any, when: Callable[[str], bool] = lambda _: True) -> tuple[Page, Held]:
        flow.draft["steps"][0]["filter"]["continue_if"] = rule
        flag_modified(flow, "draft")
        session.commit()
        page = visit(f"/flows/{ids.show(flow.id, 'flo')}/edit?step=s1", cast.sara, **WIDE)
        return page, Held(page, "**/draft/steps/s1", when)

    return opened


def rule_of(session: Session, flow: Flow) -> Any:
    session.rollback()
    session.refresh(flow)
    return flow.draft["steps"][0]["filter"].get("continue_if")


def test_what_is_pressed_behind_two_changes_has_its_turn(panel: Any) -> None:
    page, held = panel(NOT_CA)
    page.evaluate(COUNT)
    page.locator("#panel details:has([name=name])").evaluate_all("all => all.forEach((one) => { one.open = true; })")
    page.get_by_label("Name", exact=True).fill("California")
    page.evaluate("() => htmx.trigger('#panel-form', 'save')")
    held.nth(0)
    page.get_by_label("Reason", exact=True).fill("Elsewhere")
    page.evaluate("() => htmx.trigger('#panel-form', 'save')")
    page.get_by_role("button", name="Add rule", exact=True).click()
    held.go(0)
    held.nth(1)
    page.wait_for_function("() => window.settled > 0")
    held.go(1)
    held.go(2)
    expect(page.get_by_label("Field of rule 2")).to_be_visible()


def test_nothing_of_a_panel_is_changed_that_is_about_to_move(panel: Any, session: Session, flow: Flow) -> None:
    page, held = panel(TWO_RULES)
    delete_first(page, held)
    expect(page.locator("#panel")).to_have_js_property("inert", True)
    held.go()
    expect(page.locator(".reads-as")).to_have_text("Reads as: State is TX.")
    expect(page.locator("#panel")).to_have_js_property("inert", False)
    assert rule_of(session, flow) == TWO_RULES["and"][1]


def test_a_button_leads_to_what_it_adds_whatever_else_is_answered_meanwhile(panel: Any) -> None:
    page, held = panel(NOT_CA)
    page.get_by_role("button", name="Add: State is filled in").focus()
    page.keyboard.press("Enter")
    held.nth(0)
    with page.expect_response("**/draft/state*"):
        pass
    held.go()
    expect(page.get_by_label("Field of rule 2")).to_be_focused()


def test_what_is_typed_in_a_panel_while_it_is_drawn_anew_stays(panel: Any, session: Session, flow: Flow) -> None:
    page, held = panel(ANA, lambda sent: "benita" not in sent)
    choose_and_type(page, held)
    expect(page.locator(".reads-as")).to_contain_text("benita@example.com")
    [(_, operands)] = rule_of(session, flow).items()
    assert operands == [{"var": "lead.email"}, ["benita@example.com"]]


def test_nothing_is_typed_about_leads_that_are_being_listed_anew(
    visit: Visit, cast: Cast, saras: dict[str, str]
) -> None:
    page = visit("/waiting", cast.sara, **WIDE)
    held: list[Route] = []
    page.route("**/waiting?*", lambda route: held.append(route), times=1)  # noqa: PLW0108
    page.locator("#filter-flow").select_option(index=1)
    expect(page.get_by_label("Reason for the supplier")).to_be_disabled()
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    expect(page.locator("#deciding[disabled]")).to_have_count(0)
    assert "flow=" in page.url


@pytest.mark.parametrize("what", ["mark=", "more=1"], ids=["the poll", "more leads"])
def test_leads_asked_for_before_the_filter_do_not_come_after_it(
    visit: Visit, session: Session, cast: Cast, source: Source, what: str
) -> None:
    sold, *_, rejected = [*(a_lead(session, source) for _ in range(60)), a_lead(session, source, outcome="rejected")]
    session.commit()
    page = visit("/leads", cast.sara, **WIDE)
    late = Held(page, "**/leads?*", lambda address: what in address and "status=&" in address, method="GET")
    if what == "more=1":
        page.get_by_role("link", name="Load 50 more").click()
    late.nth(0)
    page.get_by_label("Outcome").select_option("Rejected")
    expect(page.get_by_role("status").filter(has_text="1 lead shown")).to_be_visible()
    a_lead(session, source)
    session.commit()
    late.go()
    assert late.nth(0).request.response() is None
    expect(page.get_by_role("link", name=short_form(rejected.id))).to_be_visible()
    expect(page.get_by_role("link", name=short_form(sold.id))).to_have_count(0)
