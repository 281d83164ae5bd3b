"""New flows from starters and copies; flows that are duplicated, put away, and deleted while nothing tells of them."""

import pytest
from sqlalchemy import select

from flowbuilder import ids
from flowbuilder.flows.checks import document_problems
from flowbuilder.flows.recent import traffic_of
from flowbuilder.flows.shelf import listed
from flowbuilder.models import Audit, Flow, FlowCheck, Lead
from rules.categories import CATEGORIES
from rules.flow import parse_flow
from rules.starters import STARTERS
from tests.support.cast import a_connection, a_flow, a_lead, a_member, a_source, now
from tests.support.documents import solar
from tests.support.web import post, signed_in


@pytest.fixture
def draft(session, cast):
    made = a_flow(session, cast.sara, document=solar(), live_version=None)
    session.commit()
    return made


def address_of(flow, rest=""):
    return f"/flows/{ids.show(flow.id, 'flo')}{rest}"


def flows_of(session, member):
    session.rollback()
    session.expire_all()
    return session.scalars(select(Flow).where(Flow.account_id == member.account.id).order_by(Flow.id)).all()


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.key)
def test_a_flow_begins_with_a_starter_in_the_account_s_currency_and_zone(sara, session, cast, starter):
    made = post(sara, "/flows/new", name="Solar", category="solar", start=starter.key)
    [flow] = flows_of(session, cast.sara)
    assert made.status_code == 303
    assert (flow.draft["currency"], flow.draft["time_zone"]) == ("USD", "America/Los_Angeles")
    assert flow.draft["steps"] == starter.make()
    assert flow.draft["intake"] == {"category": "Solar"}


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category.key)
def test_a_flow_has_the_fields_of_its_category(sara, session, cast, category):
    post(sara, "/flows/new", name=category.name, category=category.key, start="nothing")
    [flow] = flows_of(session, cast.sara)
    rules, _ = parse_flow(flow.draft)
    assert [field.key for field in rules.fields] == [field["key"] for field in category.fields]


def test_a_flow_is_a_copy_of_another_s_draft(sara, session, cast, draft):
    post(sara, "/flows/new", name="Nevada", start="copy", copied=ids.show(draft.id, "flo"))
    *_, copied = flows_of(session, cast.sara)
    assert (copied.name, copied.draft, copied.live_version) == ("Nevada", solar(), None)


def test_a_stranger_s_flow_cannot_be_copied(app, session, cast, draft):
    a_flow(session, cast.zoe)
    session.commit()
    zoe = signed_in(app, session, cast.zoe)
    refused = post(zoe, "/flows/new", name="Nevada", start="copy", copied=ids.show(draft.id, "flo"))
    assert (refused.status_code, "Choose the flow to copy." in refused.text) == (422, True)
    assert len(flows_of(session, cast.zoe)) == 1


def test_a_starter_is_chosen_by_the_address(sara):
    shown = sara.get("/flows/new?start=highest_bid").text
    assert 'checked id="start-3" name="start" type="radio" value="highest_bid"' in shown


def test_a_duplicate_has_the_draft_and_nothing_live(sara, session, cast, draft):
    assert post(sara, address_of(draft, "/duplicate")).status_code == 303
    *_, copied = flows_of(session, cast.sara)
    assert (copied.name, copied.draft, copied.live_version) == ("Copy of California solar", solar(), None)


def test_copies_of_one_flow_have_names_of_their_own(sara, session, cast, draft):
    for _ in range(3):
        post(sara, address_of(draft, "/duplicate"))
    names = [flow.name for flow in flows_of(session, cast.sara)]
    solar_s = "California solar"
    assert names == [solar_s, f"Copy of {solar_s}", f"Copy 2 of {solar_s}", f"Copy 3 of {solar_s}"]


def test_a_flow_is_renamed_and_stays_what_it_is(sara, session, cast):
    flow = a_flow(session, cast.sara)
    session.commit()
    before = (flow.key, flow.draft_revision, flow.live_version)
    renamed = post(sara, address_of(flow, "/rename"), name="  Solar\t für\0  Köln ☀️ ")
    [kept] = flows_of(session, cast.sara)
    assert (renamed.status_code, renamed.location) == (303, address_of(flow))
    assert (kept.name, (kept.key, kept.draft_revision, kept.live_version)) == ("Solar für Köln ☀️", before)
    written = session.scalars(select(Audit).where(Audit.account_id == flow.account_id)).one()
    assert written.detail == {"before": "California solar", "name": "Solar für Köln ☀️"}


@pytest.mark.parametrize(("name", "words"), [("  ", "Give the flow a name."), ("x" * 121, "at most 120 characters")])
def test_a_flow_keeps_its_name_where_another_cannot_be_used(sara, session, cast, draft, name, words):
    refused = post(sara, address_of(draft, "/rename"), name=name)
    assert (refused.status_code, words in refused.text) == (422, True)
    assert flows_of(session, cast.sara)[0].name == "California solar"


def test_renaming_leads_back_to_where_it_was_asked_for_and_to_no_other_site(sara, draft):
    assert post(sara, address_of(draft, "/rename?next=/flows"), name="Solar").location == "/flows"
    assert post(sara, address_of(draft, "/rename?next=//evil.example"), name="Sun").location == address_of(draft)


def test_only_who_may_edit_renames_a_flow(app, session, cast, draft):
    for member, status in ((cast.tom, 403), (cast.zoe, 404)):
        client = signed_in(app, session, member)
        assert client.get(address_of(draft, "/rename")).status_code == status
        assert post(client, address_of(draft, "/rename"), name="Mine").status_code == status


def test_a_name_is_typed_as_it_is_shown_to_delete_its_flow(sara, session, cast, draft):
    draft.name = "Two  blanks"
    session.commit()
    assert post(sara, address_of(draft, "/delete"), name="Two blanks").status_code == 303
    assert flows_of(session, cast.sara) == []


def test_a_flow_that_nothing_tells_of_is_deleted_once_its_name_is_typed(sara, session, cast, draft):
    check = FlowCheck(id=ids.new_id(), account_id=draft.account_id, flow_id=draft.id, name="A", created_at=now())
    check.inputs, check.status, check.buyers = {}, "sold", []
    session.add(check)
    session.commit()
    assert "type its name: California solar" in sara.get(address_of(draft, "/remove")).text
    mistyped = post(sara, address_of(draft, "/delete"), name="california")
    assert (mistyped.status_code, "This is not the name of the flow." in mistyped.text) == (422, True)
    assert post(sara, address_of(draft, "/delete"), name="California solar").status_code == 303
    assert flows_of(session, cast.sara) == []
    account_id = cast.sara.account.id
    assert "flow.deleted" in session.scalars(select(Audit.action).where(Audit.account_id == account_id)).all()


@pytest.mark.parametrize("told_of_by", ["a version", "a supplier"])
def test_a_flow_with_a_history_is_put_away_and_its_leads_stay(sara, session, cast, told_of_by):
    flow = a_flow(session, cast.sara, **({} if told_of_by == "a version" else {"live_version": None}))
    lead = a_lead(session, a_source(session, flow)) if told_of_by == "a supplier" else None
    session.commit()
    assert post(sara, address_of(flow, "/delete"), name=flow.name).status_code == 409
    assert "It is put away, not deleted" in sara.get(address_of(flow, "/remove")).text
    assert post(sara, address_of(flow, "/archive")).status_code == 303
    shown = sara.get("/flows").text
    assert "1 archived flow" in shown
    [kept] = flows_of(session, cast.sara)
    assert (kept.state, kept.archived_at is None) == ("paused", False)
    assert lead is None or session.get(Lead, lead.id) is not None


def test_what_was_put_away_comes_back_paused(sara, session, cast):
    flow = a_flow(session, cast.sara)
    session.commit()
    post(sara, address_of(flow, "/archive"))
    post(sara, address_of(flow, "/restore"))
    [kept] = flows_of(session, cast.sara)
    assert (kept.state, kept.archived_at) == ("paused", None)
    assert "archived flow" not in sara.get("/flows").text


def test_the_page_of_a_flow_that_was_put_away_offers_to_restore_it(app, sara, session, cast):
    flow = a_flow(session, cast.sara)
    session.commit()
    post(sara, address_of(flow, "/archive"))
    shown = sara.get(address_of(flow)).text
    assert "Archived: suppliers are told that it is paused" in shown
    assert ">Restore</button>" in shown
    assert ">Resume</button>" not in shown
    assert "Ask an owner to restore it." in signed_in(app, session, cast.tom).get(address_of(flow)).text


def test_a_flow_that_takes_leads_again_is_listed(sara, session, cast):
    flow = a_flow(session, cast.sara)
    session.commit()
    post(sara, address_of(flow, "/archive"))
    post(sara, address_of(flow, "/resume"))
    [kept] = flows_of(session, cast.sara)
    assert (kept.state, kept.archived_at) == ("active", None)


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        ("owner", ["New flow", "Duplicate", "Rename", "Pause", "Export JSON", "Archive…"], []),
        ("editor", ["New flow", "Duplicate", "Rename", "Export JSON"], ["Pause", "Archive…"]),
        ("publisher", ["Pause", "Export JSON"], ["New flow", "Duplicate", "Archive…"]),
        ("analyst", ["Export JSON"], ["New flow", "Duplicate", "Rename", "Pause", "Archive…"]),
    ],
)
def test_the_menu_has_what_a_role_may_do(app, session, cast, role, shown, hidden):
    member = a_member(session, cast.sara.account, role=role)
    flow = a_flow(session, cast.sara)
    client = signed_in(app, session, member)
    page = client.get("/flows").text
    assert all(word in page for word in shown)
    assert not any(word in page for word in hidden)
    allowed = post(client, address_of(flow, "/archive")).status_code == 303
    assert allowed == (role == "owner")


def test_the_hours_of_a_day_are_counted_with_what_they_earned(session, cast):
    flow = a_flow(session, cast.sara)
    source, at = a_source(session, flow), now()
    a_lead(session, source, received_at=at, revenue=4200)
    a_lead(session, source, received_at=at, outcome="rejected", revenue=0)
    a_lead(session, source, received_at=at, is_test=True)
    traffic = traffic_of(session, flow.account_id, at)[flow.id]
    assert (traffic.received, traffic.sold, traffic.sold_share, traffic.last_hour) == (2, 1, "50%", 2)
    assert traffic.say_revenue("USD") == "$42.00"


def test_a_longer_list_asks_the_database_no_oftener(sara, session, cast, statements):
    asked = []
    for _ in range(2):
        a_flow(session, cast.sara, document=solar(ids.show(a_connection(session, cast.sara).id, "con")))
        session.commit()
        statements.clear()
        assert sara.get("/flows").status_code == 200
        asked.append(len(statements))
    assert asked[0] == asked[1], statements


def test_what_stands_in_the_way_is_counted_also_where_only_lint_finds_it(sara, session, cast):
    both = {"and": [{"is": [{"var": "lead.state"}, "CA"]}, {"is": [{"var": "lead.state"}, "NV"]}]}
    steps = [
        {"filter": {"id": "s1", "continue_if": both}},
        {"buyer": {"id": "s2", "connection": "con_gone", "price": 1}},
    ]
    a_flow(session, cast.sara, document=solar(steps=steps))
    session.commit()
    [one] = listed(session, cast.sara.account, now())
    shown = document_problems(session=session, account_id=one.flow.account_id, document=one.flow.draft)
    assert one.problems == sum(problem.severity == "error" for problem in shown) == 2
