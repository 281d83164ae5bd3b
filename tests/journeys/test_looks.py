"""Every page, light and dark, wide and narrow, full and empty: accessible, inside its frame, without a fault."""

from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect
from sqlalchemy.orm import Session

from flowbuilder import ids
from flowbuilder.models import Membership
from tests.support.cast import (
    Cast,
    a_check,
    a_connection,
    a_flow,
    a_lead,
    a_list,
    a_source,
    an_attempt,
    an_inbox_lead,
    an_offer,
    now,
)
from tests.support.journals import ANA, MadeUp, a_document, a_told_lead, asks_much, its_bids, with_bids, with_lanes
from tests.support.looks import BIG_TEXT, NARROW, SMALL, WIDE, look_closely, seen_from_afar

PAGES = [
    *("/", "/leads", "/leads/{lead}", "/leads/{rejected}", "/leads/{shared}", "/leads/{auctioned}", "/account"),
    *("/waiting", "/leads/{held}", "/leads/{silent}"),
    *("/flows", "/flows/{flow}", "/flows/{lanes}", "/flows/{bids}", "/flows/new"),
    *("/flows/{flow}/test", "/flows/{lanes}/test", "/flows/{bids}/test", "/flows/{flow}/test?lead={lead}"),
    *("/flows/{flow}/checks", "/flows/{asks}/checks"),
    *("/connections", "/connections/{connection}", "/connections/new"),
    *("/connections/{mailed}", "/connections/{mailed}/edit", "/connections/{mailed}/inbox", "/leads/{inboxed}"),
    *("/connections/{mailed}/inbox/{row}", "/connections/{connection}/inbox"),
    *("/sources", "/sources/{source}", "/sources/{source}/edit", "/sources/new"),
    *("/lists", "/lists/{list}", "/lists/{list}/delete", "/lists/new", "/flows/{asks}"),
    *("/fields", "/fields/new", "/flows/{flow}/remove"),
]
EDITOR = [
    *(
        "/flows/{flow}/edit",
        "/flows/{flow}/edit?step=intake",
        "/flows/{flow}/edit?step=s1",
        "/flows/{flow}/edit?step=s2",
    ),
    *("/flows/{flow}/edit?step=end", "/flows/{flow}/edit?add=s1", "/flows/{flow}/edit?step=s2&do=move"),
    *("/flows/{flow}/edit?step=s2&do=copy", "/flows/{lanes}/edit", "/flows/{lanes}/edit?step=g1"),
    *("/flows/{lanes}/edit?step=b1", "/flows/{bids}/edit?step=b0", "/flows/{asks}/edit", "/flows/{new}/edit"),
    *("/flows/{wrong}/edit", "/flows/{wrong}/edit?step=s3", "/flows/{wrong}/review", "/flows/{changed}/edit"),
    *("/flows/{changed}/review", "/flows/{changed}/review?impact=now", "/flows/{flow}/versions"),
    *("/flows/{flow}/versions/1", "/flows/{changed}"),
]
"""The editor with its panels, its questions and its problems; reviews, and versions."""
EMPTY = [
    *("/", "/leads", "/waiting", "/waiting?for=cap", "/flows", "/connections", "/sources", "/lists", "/fields"),
    "/leads?status=sold",
]
BY_INBOX = {
    "deliver_by": ["inbox", "email"], "inbox": {"notice": "ana@helio.example"},
    "email": {"to": "leads@helio.example", "subject": "Lead from {{lead.state}}", "body": "Hello,\nplease call."},
    "mapping": [["Name", {"var": "lead.first_name"}], ["Email", {"var": "lead.email"}]],
}  # fmt: skip


@pytest.fixture
def saras(session: Session, cast: Cast) -> dict[str, str]:
    """Give Sara a market with all kinds of leads; return the ids in addresses."""
    brightroof, sunrise = (a_connection(session, cast.sara, name=name) for name in ("Brightroof", "Sunrise Energy"))
    document = a_document(brightroof, sunrise)
    flow = a_flow(session, cast.sara, document=document)
    source = a_source(session, flow)
    every: list[dict[str, Any]] = [
        {"outcome": "duplicate", "reason": "Seen 3 days ago"},
        {"outcome": "error", "reason": "The rule reads what is not a number", "reason_code": "quarantined"},
        {"state": "waiting", "outcome": None, "waiting_for": "person"},
        {"state": "working", "outcome": None},
        {"is_test": True},
    ]
    for values in every:
        a_lead(session, source, **values)
    for _ in range(6):
        failed = an_offer(session, a_lead(session, source), brightroof, state="error", is_winner=False)
        an_attempt(session, failed, state="error")
    session.add(Membership(account_id=cast.zoe.account.id, person_id=cast.sara.person.id, role="analyst"))
    sold = a_told_lead(session, source, document, answers={"s2": MadeUp("declined", reason="Outside area")})
    rejected = a_told_lead(session, source, document, fields={**ANA, "state": "NV"})
    holds = a_document(brightroof, sunrise, fallback={"id": "end", "do": "hold"})
    on_hold = a_source(session, a_flow(session, cast.sara, document=holds))
    failing = {"s2": MadeUp("error", reason="error"), "s3": MadeUp("error", reason="error")}
    held = a_told_lead(session, on_hold, holds, answers=failing)
    silent = a_lead(session, source, state="waiting", outcome=None, waiting_for="person", finished_at=None)
    an_offer(session, silent, sunrise, step="s3", buyer="s3", state="sending", finished_at=None)
    lanes = a_flow(session, cast.sara, document=with_lanes(brightroof, sunrise))
    bids = a_flow(session, cast.sara, document=with_bids(brightroof, sunrise))
    auctioned = a_told_lead(session, a_source(session, bids), bids.draft, answers={"b0": MadeUp(bid=3600)})
    its_bids(session, auctioned, (brightroof, 3600), (sunrise, 0))
    shared = a_told_lead(session, a_source(session, lanes), lanes.draft, fields={**ANA, "bill": 90})
    mailed = a_connection(session, cast.sara, name="Helio Home", destination=BY_INBOX)
    rows = [an_inbox_lead(session, a_lead(session, source), mailed, read_at=read) for read in (None, now(), None)]
    listed = ids.show(a_list(session, cast.sara, kind="phone", size=4_980).id, "lst")
    a_check(session, flow, lead=ANA)
    a_check(session, flow, lead={**ANA, "state": "NV"}, name="NV is sold")
    asking = a_flow(session, cast.sara, name="Asks much", document=asks_much(brightroof, listed))
    new = a_flow(session, cast.sara, name="New today", live_version=None)
    wrong = a_document(brightroof, sunrise)
    del wrong["steps"][2]["buyer"]["price"]
    broken = a_flow(session, cast.sara, name="Not yet right", document=wrong, live_version=None)
    changed = a_flow(session, cast.sara, name="Changed since", document=document)
    a_told_lead(session, a_source(session, changed), document)
    changed.draft, changed.draft_revision = a_document(sunrise, brightroof), 2
    session.commit()
    return {
        "new": ids.show(new.id, "flo"),
        "wrong": ids.show(broken.id, "flo"),
        "changed": ids.show(changed.id, "flo"),
        "mailed": ids.show(mailed.id, "con"),
        "row": ids.show(rows[0].id),
        "inboxed": ids.show(rows[0].lead_id),
        "lead": ids.show(sold.id),
        "rejected": ids.show(rejected.id),
        "shared": ids.show(shared.id),
        "held": ids.show(held.id),
        "silent": ids.show(silent.id),
        "flow": ids.show(flow.id, "flo"),
        "bids": ids.show(bids.id, "flo"),
        "auctioned": ids.show(auctioned.id),
        "lanes": ids.show(lanes.id, "flo"),
        "source": ids.show(source.id, "src"),
        "connection": ids.show(brightroof.id, "con"),
        "list": listed,
        "asks": ids.show(asking.id, "flo"),
    }


@pytest.mark.timeout(360)
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_with_something_on_it(visit, cast: Cast, saras: dict[str, str], size: Any, scheme: str) -> None:  # type: ignore[no-untyped-def]
    page = visit("/", cast.sara, color_scheme=scheme, **size)
    for path in PAGES:
        page.goto(path.format(**saras))
        expect(page.locator("h1")).to_have_count(1)
        look_closely(page)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_editor_with_whatever_is_open(visit, cast: Cast, saras: dict[str, str], size: Any, scheme: str) -> None:  # type: ignore[no-untyped-def]
    page = visit("/", cast.sara, color_scheme=scheme, **size)
    for path in EDITOR:
        page.goto(path.format(**saras), wait_until="networkidle")
        expect(page.locator("h1")).to_have_count(1)
        look_closely(page)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_opens_over_the_editor(visit, cast: Cast, saras: dict[str, str], size: Any, scheme: str) -> None:  # type: ignore[no-untyped-def]
    page = visit(f"/flows/{saras['wrong']}/edit", cast.sara, color_scheme=scheme, **size)
    page.get_by_text("1 thing to put right").click()
    look_closely(page)
    page.get_by_role("link", name="Add a step below “Leads arrive”").click()
    expect(page.get_by_label("Which kind of step?")).to_be_focused()
    look_closely(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More for Brightroof").click()
    look_closely(page)
    page.keyboard.press("Escape")
    page.goto(f"/flows/{saras['wrong']}/edit?step=s1", wait_until="networkidle")
    page.get_by_label("More for rule 1").click()
    look_closely(page)
    page.goto(f"/flows/{saras['changed']}/edit?step=s1", wait_until="networkidle")
    page.get_by_role("button", name="Remove CA").click()
    expect(page.locator("#problems")).to_contain_text("to put right")
    look_closely(page)


def test_nothing_sticks_out_of_the_smallest_screens(visit, cast: Cast, saras: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    faults = faults_from_afar(visit("/", cast.sara, **SMALL), saras)
    assert faults == {}, faults


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_letters_twice_as_big_hide_nothing(visit, cast: Cast, saras: dict[str, str], size: Any) -> None:  # type: ignore[no-untyped-def]
    faults = faults_from_afar(visit("/", cast.sara, **size), saras, with_=BIG_TEXT)
    assert faults == {}, faults


def test_colours_that_the_system_forces_change_no_place(visit, cast: Cast, saras: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    page = visit("/", cast.sara, forced_colors="active", **WIDE)
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    assert faults_from_afar(page, saras) == {}


def faults_from_afar(page: Page, saras: dict[str, str], with_: str = "0") -> dict[str, list[str]]:
    """Return what is wrong on each page when it is looked at from afar, after a script has run in it."""
    faults = {}
    for path in (*PAGES, *EDITOR):
        page.goto(path.format(**saras))
        page.evaluate(with_)
        if seen := seen_from_afar(page):
            faults[path] = seen
    return faults


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_with_nothing_on_it(visit, cast: Cast, size: Any, scheme: str) -> None:  # type: ignore[no-untyped-def]
    page = visit("/", cast.zoe, color_scheme=scheme, **size)
    for path in EMPTY:
        page.goto(path)
        look_closely(page)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_in_page(visit, size: Any, scheme: str) -> None:  # type: ignore[no-untyped-def]
    page = visit("/sign-in", color_scheme=scheme, **size)
    look_closely(page)


def test_a_lead_whose_person_is_shown_with_all_its_calls(visit, cast: Cast, saras: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    page = visit(f"/leads/{saras['lead']}", cast.sara, **NARROW)
    page.get_by_role("button", name="Show personal data").click()
    expect(page.get_by_text("ana@example.com").first).to_be_attached()
    page.locator("details > summary").evaluate_all("all => all.forEach(one => one.click())")
    expect(page.get_by_text("We sent").first).to_be_visible()
    look_closely(page)


@pytest.mark.parametrize(("look", "paper"), [("dark", "rgb(17, 24, 25)"), ("light", "rgb(246, 244, 238)")])
def test_the_look_that_was_chosen_wins_over_the_computers(visit, cast: Cast, look: str, paper: str) -> None:  # type: ignore[no-untyped-def]
    page = visit("/account", cast.sara, color_scheme="light" if look == "dark" else "dark")
    page.get_by_label(look.capitalize(), exact=True).check()
    page.get_by_role("button", name="Keep this look").click()
    expect(page.locator("body")).to_have_css("background-color", paper)


def test_a_page_is_light_to_load(visit, cast: Cast, saras: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    page = visit("about:blank", cast.sara)
    came: list[Response] = []
    page.context.on("response", lambda got: came.append(got))  # noqa: PLW0108
    page.context.new_page().goto("/leads", wait_until="networkidle")
    assert len(came) <= 12
    assert sum(each.request.sizes()["responseBodySize"] for each in came) <= 120_000
