"""The review of a draft: its changes in words, what they would have done, what to look at, and publishing."""

import copy
import re

import pytest

from flowbuilder import clock, ids
from flowbuilder.models import Connection, FlowCheck, FlowVersion
from tests.support.cast import a_connection, a_flow, a_lead, a_member, a_source
from tests.support.journals import MadeUp, a_document, a_told_lead
from tests.support.web import HTMX, post, signed_in


@pytest.fixture
def buyer(session, cast):
    made = a_connection(session, cast.sara, tested_at=clock.now())
    session.commit()
    return made


@pytest.fixture
def flow(session, cast, buyer):
    made = a_flow(session, cast.sara, document=a_document(buyer))
    session.commit()
    return made


def change(session, flow, edit):
    """Change the draft as the editor does."""
    draft = copy.deepcopy(flow.draft)
    edit(draft)
    flow.draft, flow.draft_revision = draft, flow.draft_revision + 1
    session.commit()


def at(flow, rest="/review"):
    return f"/flows/{ids.show(flow.id, 'flo')}{rest}"


def words(text):
    """Return the text of a page, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def told(session, flow, many=6):
    source = a_source(session, flow, cost={"fixed": 10})
    for number in range(many):
        fields = {"email": f"ana{number}@example.com", "state": "CA" if number % 2 else "NV", "bill": 180}
        a_told_lead(session, source, flow.draft, fields=fields, answers={"s2": MadeUp("accepted")})
    session.commit()


def sent(flow, **more):
    return {"revision": str(flow.draft_revision), "live": str(flow.live_version or ""), **more}


def test_changes_are_told_by_step_with_both_texts_beside_each_other(sara, session, flow):
    change(session, flow, lambda draft: draft["steps"][1]["buyer"].update(price=45))
    shown = words(sara.get(at(flow)).text)
    assert "Step 2 · Buyer" in shown
    assert "Price: $42.00 → $45.00" in shown
    assert "Before: version 1" in shown
    assert "After: your draft" in shown


@pytest.mark.parametrize(
    ("role", "leads_to", "keeps_editing"),
    [("owner", "/edit?step=s2", True), ("editor", "/edit?step=s2", False), ("publisher", "?show=draft#step-s2", False)],
)
def test_a_change_leads_to_its_step_in_the_draft(app, session, cast, flow, role, leads_to, keeps_editing):
    change(session, flow, lambda draft: draft["steps"][1]["buyer"].update(price=45))
    client = signed_in(app, session, a_member(session, cast.sara.account, role=role))
    shown = client.get(at(flow, "/review?impact=now")).text
    assert f'<h3><a href="{at(flow, leads_to)}">Step 2 · Buyer' in shown
    assert (f'href="{at(flow, "/edit")}">Keep editing' in shown) is keeps_editing


def test_a_draft_that_is_what_is_live_has_nothing_to_publish(sara, flow):
    shown = sara.get(at(flow, "/review?impact=now")).text
    assert "There is nothing to publish" in shown
    assert 'id="publish-form"' not in shown


def test_the_impact_comes_by_itself_or_on_a_page_of_its_own(sara, session, flow):
    told(session, flow)
    change(session, flow, lambda draft: draft["steps"].pop(0))
    assert "Trying it on your last 1,000 leads" in sara.get(at(flow)).text
    alone = sara.get(at(flow, "/review?impact=now")).text
    part = sara.get(at(flow, "/review/impact"), headers=HTMX).text
    for shown in (words(alone), words(part)):
        assert "What it would have done to your last 6 leads" in shown
        assert "Sold 3 6 +3" in shown
        assert "3 were rejected and would now be sold" in shown
    assert part.lstrip().startswith('<div id="rest"')


def test_new_buyers_can_be_assumed_to_decline(sara, session, flow):
    told(session, flow)
    change(session, flow, lambda draft: draft["steps"].pop(0))
    shown = words(sara.get(at(flow, "/review?impact=now&new_buyers=decline")).text)
    assert "Sold 3 3 the same" in shown
    assert "are assumed to decline it" in shown


def test_publishing_keeps_the_note_and_says_the_number(sara, session, flow):
    change(session, flow, lambda draft: draft["steps"][1]["buyer"].update(price=45))
    assert "Publish version 2" in sara.get(at(flow, "/review?impact=now")).text
    done = post(sara, at(flow), **sent(flow, note="  Pays   more now "))
    assert done.status_code == 303
    version = session.get_one(FlowVersion, (flow.id, 2))
    assert (version.note, version.document["steps"][1]["buyer"]["price"]) == ("Pays more now", 45)


def test_what_bites_has_to_be_ticked(sara, session, cast, flow):
    second = a_connection(session, cast.sara, name="Brightroof", tested_at=None)
    row = {"buyer": {"id": "s3", "connection": ids.show(second.id, "con"), "price": 38}}
    change(session, flow, lambda draft: (draft["steps"].append(row), draft["steps"][1]["buyer"].update(price=40)))
    shown = sara.get(at(flow, "/review?impact=now")).text
    assert "Brightroof has not received a test lead yet." in shown
    assert "Sunrise Energy pays less: $42.00 before, $40.00 now." in shown
    refused = post(sara, at(flow), **sent(flow, tick="cheaper-s2"))
    assert refused.status_code == 422
    assert "Tick what you have looked at" in refused.text
    assert re.search(r'value="cheaper-s2" required checked', refused.text)
    assert post(sara, at(flow), **sent(flow, tick=["cheaper-s2", "untested-s3"])).status_code == 303


def test_a_harmless_edit_asks_for_nothing(sara, session, flow):
    a_lead(session, a_source(session, flow), state="waiting", outcome=None, waiting_for="retry")
    change(session, flow, lambda draft: draft["steps"][0]["filter"].update(reason="Wrong state"))
    assert "Things to check" not in sara.get(at(flow, "/review?impact=now")).text
    assert post(sara, at(flow), **sent(flow)).status_code == 303


def test_a_filter_that_rejects_many_more_is_worth_a_look(sara, session, flow):
    told(session, flow, many=20)
    change(session, flow, lambda draft: draft["steps"][0]["filter"].update(continue_if=False))
    shown = sara.get(at(flow, "/review?impact=now")).text
    assert "10 more of the last 20 leads would be rejected." in shown


def test_a_buyer_that_goes_while_leads_wait_is_worth_a_look(sara, session, flow):
    a_lead(session, a_source(session, flow), state="waiting", outcome=None, waiting_for="retry")
    change(session, flow, lambda draft: draft["steps"].pop(1))
    shown = sara.get(at(flow, "/review?impact=now")).text
    assert "Sunrise Energy is removed while 1 lead waits and may still be offered to it." in shown


def test_a_draft_with_errors_cannot_be_published_and_says_why(sara, session, flow):
    change(session, flow, lambda draft: draft.pop("fallback"))
    shown = sara.get(at(flow)).text
    assert "1 thing to put right" in shown
    assert 'id="publish-form"' not in shown
    refused = post(sara, at(flow), **sent(flow))
    assert (refused.status_code, "It cannot go live like this" in refused.text) == (422, True)


def test_a_version_that_went_live_meanwhile_is_looked_at_first(sara, session, flow):
    form = sent(flow)
    change(session, flow, lambda draft: draft["steps"][1]["buyer"].update(price=45))
    assert post(sara, at(flow), **sent(flow)).status_code == 303
    change(session, flow, lambda draft: draft["steps"][1]["buyer"].update(price=46))
    late = post(sara, at(flow), **form)
    assert late.status_code == 409
    assert "Version 2 went live since you opened the review." in late.text


def test_a_review_that_is_sent_twice_goes_live_once(sara, session, flow):
    change(session, flow, lambda draft: draft["steps"][1]["buyer"].update(price=45))
    form = sent(flow)
    answers = [post(sara, at(flow), **form) for _ in range(2)]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, at(flow, "?done=published"))}
    session.refresh(flow)
    assert flow.live_version == 2


def test_an_editor_asks_a_publisher(app, session, cast, flow):
    a_member(session, cast.sara.account, role="publisher", person="Dana Park")
    ed = signed_in(app, session, a_member(session, cast.sara.account, role="editor", person="Ed Editor"))
    change(session, flow, lambda draft: draft["steps"][1]["buyer"].update(price=45))
    shown = ed.get(at(flow, "/review?impact=now")).text
    assert "Ask a publisher" in shown
    assert "Dana Park, Sara Seller may make version 2 live" in words(shown)
    assert 'id="publish-form"' not in shown
    assert post(ed, at(flow), **sent(flow)).status_code == 403


def test_strangers_see_nothing(app, session, cast, flow):
    stranger = signed_in(app, session, cast.zoe)
    for rest in ("/review", "/review/impact"):
        assert stranger.get(at(flow, rest)).status_code == 404
    assert post(stranger, at(flow), **sent(flow)).status_code == 404


def test_a_revoked_buyer_is_told_and_never_hidden(sara, session, flow, buyer):
    session.get_one(Connection, buyer.id).state = "revoked"
    session.commit()
    assert "revoked" in sara.get(at(flow)).text


@pytest.fixture
def check(session, flow):
    """Give a function that keeps a check: a lead from Nevada is rejected."""

    def keep(must_pass=False):
        inputs = {"lead": {"email": "ana@example.com", "state": "NV", "bill": 180}}
        row = FlowCheck(id=ids.new_id(), account_id=flow.account_id, flow_id=flow.id, name="NV is rejected")
        row.inputs, row.status, row.buyers, row.reason = inputs, "rejected", [], "Not CA solar"
        row.must_pass, row.created_at = must_pass, clock.now()
        session.add(row)
        session.commit()
        return row

    return keep


def test_a_failing_check_has_to_be_ticked(sara, session, flow, check):
    row = check()
    change(session, flow, lambda draft: draft["steps"][1]["buyer"].update(price=45))
    assert "Checks: 1 of 1 pass" in sara.get(at(flow, "/review?impact=now")).text
    change(session, flow, lambda draft: draft["steps"].pop(0))
    shown = words(sara.get(at(flow, "/review?impact=now")).text)
    assert "Checks: 0 of 1 pass" in shown
    assert "NV is rejected: expected rejected: Not CA solar, now sold to Sunrise Energy" in shown
    assert post(sara, at(flow), **sent(flow)).status_code == 422
    assert post(sara, at(flow), **sent(flow, tick=f"check-{row.id}")).status_code == 303


def test_a_check_that_must_pass_stands_in_the_way(sara, session, flow, check):
    row = check(must_pass=True)
    change(session, flow, lambda draft: draft["steps"].pop(0))
    assert 'id="publish-form"' not in sara.get(at(flow, "/review?impact=now")).text
    assert post(sara, at(flow), **sent(flow, tick=f"check-{row.id}")).status_code == 422
    session.refresh(flow)
    assert flow.live_version == 1
