"""What the editor may weigh: bytes and requests of a first visit, nodes of a long flow, and how fast typing is."""

import gzip
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect
from sqlalchemy.orm import Session

from bench.long_flow import forty_steps
from flowbuilder import ids
from flowbuilder.models import Flow
from tests.support.cast import Cast, a_connection, a_flow
from tests.support.documents import solar
from tests.support.looks import WIDE

Visit = Callable[..., Page]
TRIES = 20
SLOW = 200
"""Milliseconds from press to paint."""
WATCH = """
  window.refused = [];
  window.delays = [];
  document.addEventListener("securitypolicyviolation", (event) => refused.push(event.violatedDirective));
  new PerformanceObserver((seen) => {
    for (const one of seen.getEntries()) if (one.interactionId) delays.push(one.duration);
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
"""
"""Notes what the policy of the page refuses, and how long each key took from press to paint, in milliseconds."""


@pytest.fixture
def connections(session: Session, cast: Cast) -> list[str]:
    """Give a service and two buyers of Sara's."""
    names = ("Numverify", "Buyer A", "Buyer B")
    return [ids.show(a_connection(session, cast.sara, name=name).id, "con") for name in names]


@pytest.fixture
def flow(session: Session, cast: Cast, connections: list[str]) -> Flow:
    """Give a flow with a filter and a buyer."""
    made = a_flow(session, cast.sara, document=solar(connections[0]))
    session.commit()
    return made


@pytest.fixture
def long_flow(session: Session, cast: Cast, connections: list[str]) -> Flow:
    """Give a flow of 40 steps of every kind, those in lanes included."""
    made = a_flow(session, cast.sara, name="Forty steps", document=forty_steps(*connections))
    session.commit()
    return made


def editor(flow: Flow, step: str = "") -> str:
    return f"/flows/{ids.show(flow.id, 'flo')}/edit" + (f"?step={step}" if step else "")


@pytest.mark.parametrize("step", ["", "intake", "s1", "s2", "end"])
def test_the_editor_is_light_to_load_for_the_first_time(visit: Visit, cast: Cast, flow: Flow, step: str) -> None:
    page = visit("about:blank", cast.sara, **WIDE)
    came: list[Response] = []
    page.context.on("response", lambda got: came.append(got))  # noqa: PLW0108
    page.context.new_page().goto(editor(flow, step), wait_until="networkidle")
    polled = [each for each in came if "/draft/state" in each.url]
    sizes = {each.url: each.request.sizes() for each in came if each not in polled}
    assert len(sizes) <= 12, [*sizes]
    assert sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes.values()) <= 120_000, sizes


@pytest.mark.parametrize(("step", "most"), [("", 3_000), ("group0", 3_000), ("own0", 3_500)])
def test_forty_steps_are_one_small_page(visit: Visit, cast: Cast, long_flow: Flow, step: str, most: int) -> None:
    page = visit("about:blank", cast.sara, **WIDE)
    answer = page.goto(editor(long_flow, step))
    assert answer
    expect(page.locator("#rail .card")).to_have_count(42)
    assert len(gzip.compress(answer.body(), 6)) <= 45_000
    assert page.evaluate("document.getElementsByTagName('*').length") <= most


def test_nothing_of_the_editor_is_refused_by_its_policy(visit: Visit, cast: Cast, flow: Flow) -> None:
    page = visit("about:blank", cast.sara, **WIDE)
    page.add_init_script(WATCH)
    for step in ("", "intake", "s1", "s2", "end"):
        page.goto(editor(flow, step), wait_until="networkidle")
        assert page.evaluate("refused") == []


@pytest.mark.parametrize("step", ["wanted0", "own0", "group0"])
def test_typing_in_a_panel_answers_at_once(visit: Visit, cast: Cast, long_flow: Flow, step: str) -> None:
    page = visit("about:blank", cast.sara, **WIDE)
    page.add_init_script(WATCH)
    assert slowest_of_a_good_try(page, editor(long_flow, step)) <= SLOW


def test_typing_beside_thousands_of_zip_codes_answers_at_once(
    visit: Visit, session: Session, cast: Cast, flow: Flow
) -> None:
    pasted = [f"{number:05}" for number in range(10_001, 14_981)]
    filter_step = {"id": "s1", "continue_if": {"any_of": [{"var": "lead.zip_code"}, pasted]}}
    zip_code = {"key": "zip_code", "type": "postal_code", "region": "US"}
    fields, rest = [*flow.draft["fields"], zip_code], flow.draft["steps"][1:]
    flow.draft = {**flow.draft, "fields": fields, "steps": [{"filter": filter_step}, *rest]}
    session.commit()
    page = visit("about:blank", cast.sara, **WIDE)
    page.add_init_script(WATCH)
    assert slowest_of_a_good_try(page, editor(flow, "s1")) <= SLOW
    expect(page.get_by_text("4,980 recognised.")).to_be_visible()


def slowest_of_a_good_try(page: Page, address: str) -> float:
    """Try until no key is slow, as other work of the machine makes single ones slow; return the longest delay."""
    tries: list[float] = []
    while len(tries) < TRIES and min(tries, default=SLOW + 1) > SLOW:
        tries.append(slowest_key(page, address))
    return min(tries)


def slowest_key(page: Page, address: str) -> float:
    """Type a note in a panel while it is saved again and again; return the longest delay of a key in milliseconds."""
    page.goto(address, wait_until="networkidle")
    note = page.get_by_label("Note for the team")
    note.press_sequentially("Ask Dana before Friday, please", delay=60, timeout=120_000)
    page.wait_for_load_state("networkidle")
    return float(page.evaluate("Math.max(0, ...delays)"))
