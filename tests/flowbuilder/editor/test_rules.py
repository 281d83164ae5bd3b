"""The rule builder on a page: what it shows of a rule, what it reads, what the last leads make of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, render_template_string
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from flowbuilder import ids
from flowbuilder.editor import rules
from flowbuilder.editor.rule_views import RuleView
from flowbuilder.lists.operations import form_of
from flowbuilder.models import Flow, StoredList, StoredListEntry
from rules.fields import Field
from rules.json_text import write as write_json
from tests.support.cast import Cast, a_flow, a_lead, a_list, a_source
from tests.support.posting import posted_of
from tests.support.web import HTMX, signed_in

FIELDS = {
    field.key: field
    for field in (
        Field("email", "email"),
        Field("phone_1", "phone", region="US"),
        Field("state", "state"),
        Field("zip_code", "postal_code", region="US"),
        Field("product", "choice", options=("solar", "roofing")),
        Field("monthly_bill", "money"),
        Field("dob", "dob"),
        Field("score", "number"),
    )
}
WRITTEN = [
    {"key": "email", "type": "email"},
    {"key": "phone_1", "type": "phone", "region": "US"},
    {"key": "state", "type": "state"},
    {"key": "zip_code", "type": "postal_code", "region": "US"},
    {"key": "product", "type": "choice", "options": ["solar", "roofing"]},
    {"key": "monthly_bill", "type": "money"},
    {"key": "dob", "type": "dob"},
]
CA, NV = {"is": [{"var": "lead.state"}, "CA"]}, {"is": [{"var": "lead.state"}, "NV"]}
SOLAR = {"is": [{"var": "lead.product"}, "solar"]}
PAGE = '{% from "editor/_rule.html" import rule_builder %}{{ rule_builder(view) }}'


@dataclass
class Desk:
    """What a panel gives the builder."""

    session: Session
    flow: Flow
    document: Mapping[str, Any]
    step: str
    fields: Mapping[str, Field]
    typed: MultiDict[str, str] | None = None


def a_document(rule: Any = CA) -> dict[str, Any]:
    """Return a flow whose second step is a filter with a rule."""
    steps = [
        {"look_up": {"id": "l", "score": 1, "into": "score"}},
        {"filter": {"id": "f", "continue_if": rule}},
        {"buyer": {"id": "b", "connection": "con_a", "price": 42}},
    ]
    return {
        "schema": 1,
        "currency": "USD",
        "time_zone": "America/Los_Angeles",
        "fields": WRITTEN,
        "values": {"min_bill": 120},
        "steps": steps,
        "fallback": {"id": "end", "do": "reject"},
    }


@pytest.fixture
def flow(session: Session, cast: Cast) -> Flow:
    """Give Sara's flow."""
    row = a_flow(session, cast.sara, document=a_document())
    session.commit()
    return row


@pytest.fixture
def desk(app: Flask, session: Session, flow: Flow, cast: Cast) -> Any:
    """Give the desk of the filter's panel, inside a request of Sara's."""
    with app.test_request_context():
        yield Desk(session, flow, flow.draft, "f", FIELDS)


def shown(view: RuleView) -> str:
    """Return a rule as the page has it."""
    return render_template_string(PAGE, view=view)


def press(rule: Any, button: str, desk: Desk, **typed: str) -> Any:
    """Return the rule after a button of its builder, as it stands on the page, was pressed."""
    posted = posted_of(shown(rules.view(rule, "continue_if", desk)))
    for name, text in typed.items():
        posted[name] = text
    posted["do"] = f"continue_if:{button}"
    found, problems = rules.read(posted, "continue_if", rule, desk)
    assert not problems
    return found


NO_CODES = [f"x{number}" for number in range(20)]
RULES = [
    CA,
    {"and": [CA, {"or": [SOLAR, {"at_least": [{"var": "lead.monthly_bill"}, 120]}]}]},
    {"!": {"or": [{"any_of": [{"var": "lead.state"}, ["CA", "NV"]]}, {"or": [NV, {"and": [False, SOLAR]}]}]}},
    {"and": [{"==": [1, 1]}, {"or": [True, CA]}, {"day_is": [{"var": "run.now"}, ["mon", "tue"]]}]},
    {
        "and": [
            {"time_between": [{"var": "run.now"}, "08:00", "18:00"]},
            {"near": [{"var": "lead.zip_code"}, "94105", 25]},
        ]
    },
    {"between": [{"var": "lead.monthly_bill"}, {"var": "flow.min_bill"}, 500]},
    {"!": {"in_list": [{"var": "lead.email"}, "lst_GONE"]}},
    {"within_next": [{"var": "lead.dob"}, "30d"]},
    {"filled": [{"var": ""}]},
    {"is": [{"var": "lead.nowhere"}, "x"]},
    {"if": [CA, True, NV]},
    {"is": [{"var": "step.l.outcome"}, "passed"]},
]


@pytest.mark.parametrize("rule", RULES, ids=range(len(RULES)))
def test_a_page_that_nobody_touched_posts_the_rule_as_it_was(desk: Desk, rule: Any) -> None:
    posted = posted_of(shown(rules.view(rule, "continue_if", desk)))

    assert rules.read(posted, "continue_if", rule, desk) == (rule, {})


def test_only_what_exists_at_the_step_can_be_asked_about(desk: Desk) -> None:
    view = rules.view(None, "continue_if", desk)

    assert [shelf.title for shelf in view.shelves] == [
        "Lead fields",
        "Worked out",
        "Added by earlier steps",
        "This lead's journey",
        "Flow values",
    ]
    places = {place.path: place.label for shelf in view.shelves for place in shelf.places}
    assert places["lead.score"] == "Score"
    assert places["parts.dob.age"] == "Age by Date of birth"
    assert places["step.l.outcome"] == "Outcome of step 1"
    assert places["flow.min_bill"] == "Min bill"
    assert "step.b.outcome" not in places
    desk.step = "l"
    earlier = rules.view(CA, "continue_if", desk)
    assert "lead.score" not in [place.path for shelf in earlier.shelves for place in shelf.places]


def test_a_rule_says_how_it_reads_and_what_is_wrong_where(desk: Desk) -> None:
    html = shown(rules.view({"and": [CA, NV, {"is": [{"var": "lead.product"}, "windows"]}]}, "continue_if", desk))

    assert "This can never be true: State would have to be two things at once." in html
    assert "“windows” is not a value of Product." in html
    assert 'aria-label="Rule 1: State is CA"' in html


def test_a_negative_offers_to_ask_that_the_field_is_there(desk: Desk) -> None:
    rule = {"is_not": [{"var": "lead.state"}, "CA"]}

    assert "Also matches leads with no State." in shown(rules.view(rule, "continue_if", desk))
    assert press(rule, "filled:0", desk) == {"and": [rule, {"filled": [{"var": "lead.state"}]}]}


def test_a_rule_that_cannot_be_drawn_is_shown_in_words_and_as_json(desk: Desk) -> None:
    rule = {"if": [CA, True, NV]}
    html = shown(rules.view(rule, "continue_if", desk))

    assert "Reads as: <b>Always if State is CA, otherwise State is NV</b>" in html
    assert "more than the builder can draw" in html.partition("<details")[0]
    posted = posted_of(html)
    posted["continue_if.json"] = '{"is": [{"var": "lead.state"}, "TX"]}'
    assert rules.read(posted, "continue_if", rule, desk)[0] == {"is": [{"var": "lead.state"}, "TX"]}
    posted["continue_if.json"] = "{"
    kept, problems = rules.read(posted, "continue_if", rule, desk)
    assert kept == rule
    assert "not JSON" in problems["continue_if.json"]
    desk.typed = posted
    again = shown(rules.view(rule, "continue_if", desk, problems))
    assert "not JSON" in again
    assert posted_of(again)["continue_if.json"] == "{"


def test_at_the_deepest_group_no_other_can_be_added(desk: Desk) -> None:
    html = shown(rules.view({"and": [CA, {"or": [NV, {"and": [SOLAR]}]}]}, "continue_if", desk))

    assert html.count(">Add group<") == 2
    assert html.count("Groups can stand two levels deep") == 1


def test_a_pasted_column_is_counted_and_what_is_no_value_can_be_left_out(desk: Desk) -> None:
    posted = posted_of(shown(rules.view({"any_of": [{"var": "lead.zip_code"}, []]}, "continue_if", desk)))
    posted["continue_if.0.value"] = "\n".join([*(f"{number:05}" for number in range(10_001, 14_981)), *NO_CODES])
    rule, _ = rules.read(posted, "continue_if", {"any_of": [{"var": "lead.zip_code"}, []]}, desk)
    html = shown(rules.view(rule, "continue_if", desk))

    assert "4,980 recognised, 20 not." in html
    assert "and 4,976 more" in html
    assert len(press(rule, "drop-unread:0", desk)["any_of"][1]) == 4980


def test_values_are_kept_as_a_stored_list(desk: Desk, session: Session) -> None:
    rule = {"none_of": [{"var": "lead.zip_code"}, ["94105", "94107", "soon"]]}

    made = press(rule, "save-list:0", desk, **{"continue_if.0.list-name": "LA metro"})

    row = session.scalars(select(StoredList).where(StoredList.account_id == desk.flow.account_id)).one()
    assert made == {"!": {"in_list": [{"var": "lead.zip_code"}, ids.show(row.id, "lst")]}}
    assert (row.name, form_of(row).kind, row.size) == ("LA metro", "postal_code", 2)
    kept = session.scalars(select(StoredListEntry.key).where(StoredListEntry.list_id == row.id))
    assert sorted(kept) == ["94105", "94107"]


def test_a_form_without_the_builder_leaves_the_rule_as_it_is(desk: Desk) -> None:
    assert rules.read(MultiDict({"reason": "Not CA"}), "continue_if", CA, desk) == (CA, {})


@pytest.mark.parametrize(("rule", "is_none"), [(None, True), ({"and": []}, True), (CA, False), (True, False)])
def test_what_is_no_rule(rule: Any, is_none: bool) -> None:
    assert rules.is_no_rule(rule) is is_none


def test_the_last_lead_gives_an_example_without_personal_data(desk: Desk, session: Session) -> None:
    a_lead(session, a_source(session, desk.flow), fields={"state": "CA", "email": "ana@example.com"})
    session.commit()
    html = shown(rules.view({"and": [CA, {"valid": [{"var": "lead.email"}]}]}, "continue_if", desk))

    assert "Last lead: CA" in html
    assert "ana@example.com" not in html


@pytest.fixture
def leads(session: Session, flow: Flow) -> list[str]:
    """Give four leads of the flow and one test lead."""
    source = a_source(session, flow)
    states = ("CA", "CA", "NV", None)
    made = [a_lead(session, source, fields={"state": state, "email": "ana@example.com"}) for state in states]
    a_lead(session, source, fields={"state": "CA"}, is_test=True)
    session.commit()
    return [ids.show(lead.id) for lead in made]


def tried(app: Flask, session: Session, cast: Cast, flow: Flow, rest: str = "", **how: Any) -> Any:
    """Return what Sara sees of a rule tried on her leads."""
    address = f"/flows/{ids.show(flow.id, 'flo')}/draft/tried{rest}"
    return signed_in(app, session, cast.sara).get(address, **how)


def set_rule(session: Session, flow: Flow, rule: Any) -> None:
    """Let the draft have another rule."""
    flow.draft = a_document(rule)
    session.commit()


def test_a_rule_is_tried_on_the_newest_leads(app: Flask, session: Session, cast: Cast, flow: Flow, leads: Any) -> None:
    page = tried(app, session, cast, flow, "?step=f&name=continue_if")

    assert "Tried on your last 4 leads" in page.text
    assert "<b>2</b> continue (50%), <b>2</b> are stopped" in page.text
    assert "State is CA: lead has nothing" in page.text
    assert "ana@example.com" not in page.text
    assert tried(app, session, cast, flow, "?step=f&name=rule&lead=nobody").status_code == 404
    part = tried(app, session, cast, flow, f"?step=f&name=rule&lead={leads[0]}", headers=HTMX)
    assert "<title>" not in part.text
    assert "State is CA: lead has CA" in part.text


@pytest.mark.parametrize(
    ("polarity", "said"),
    [
        ("continue_if", "<b>3</b> continue (75%), <b>1</b> is stopped"),
        ("stop_if", "<b>1</b> continues (25%), <b>3</b> are stopped"),
    ],
)
def test_of_a_filter_it_is_said_who_carries_on(
    app: Flask, session: Session, cast: Cast, flow: Flow, leads: Any, polarity: str, said: str
) -> None:
    document = a_document()
    document["steps"][1]["filter"] = {"id": "f", polarity: {"any_of": [{"var": "lead.state"}, ["CA", "NV"]]}}
    document["steps"][2]["buyer"]["when"] = CA
    flow.draft = document
    session.commit()

    assert said in tried(app, session, cast, flow, "?step=f&name=rule").text
    assert "<b>2</b> match (50%), <b>2</b> do not" in tried(app, session, cast, flow, "?step=b&name=when").text


def test_which_leads_a_rule_is_true_for(app: Flask, session: Session, cast: Cast, flow: Flow, leads: Any) -> None:
    yes = tried(app, session, cast, flow, "/leads?step=f&name=continue_if&which=yes").text
    no = tried(app, session, cast, flow, "/leads?step=f&name=continue_if&which=no").text

    assert [lead in yes for lead in leads] == [True, True, False, False]
    assert [lead in no for lead in leads] == [False, False, True, True]


def test_stored_lists_are_asked_for_all_leads_at_once(
    app: Flask, session: Session, cast: Cast, flow: Flow, leads: Any
) -> None:
    row = a_list(session, cast.sara, kind="text", name="Not sold")
    session.add(StoredListEntry(list_id=row.id, key="ca"))
    set_rule(session, flow, {"!": {"in_list": [{"var": "lead.state"}, ids.show(row.id, "lst")]}})

    page = tried(app, session, cast, flow, "?step=f&name=continue_if").text
    assert "<b>2</b> continue (50%)" in page
    assert "State is not in the list “Not sold”" in page


def test_what_a_rule_saw_of_a_person_is_not_shown(
    app: Flask, session: Session, cast: Cast, flow: Flow, leads: Any
) -> None:
    set_rule(session, flow, {"and": [{"ends_with": [{"var": "lead.email"}, "@example.com"]}, CA]})

    page = tried(app, session, cast, flow, f"?step=f&name=continue_if&lead={leads[0]}").text
    assert "lead has ••••" in page
    assert "lead has CA" in page
    assert "ana@example.com" not in page


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"and": []}, "There is no rule to try yet."),
        ({"filled": [{"var": ""}]}, "There is no rule to try yet."),
        ({"and": [CA, {"filled": [{"var": ""}]}]}, "<b>2</b> continue"),
        ({"matches": [{"var": "lead.state"}, "("]}, "as soon as there is nothing to put right in it"),
        ({"throw": "no"}, "for <b>4</b> it cannot be decided"),
    ],
)
def test_what_is_not_whole_is_tried_as_far_as_it_is(
    app: Flask, session: Session, cast: Cast, flow: Flow, leads: Any, rule: Any, said: str
) -> None:
    set_rule(session, flow, rule)

    assert said in tried(app, session, cast, flow, "?step=f&name=continue_if").text


def test_a_flow_without_leads_and_a_step_that_is_not_there(
    app: Flask, session: Session, cast: Cast, flow: Flow
) -> None:
    assert "No lead has come to this flow yet." in tried(app, session, cast, flow, "?step=f&name=continue_if").text
    assert "There is no rule to try yet." in tried(app, session, cast, flow, "?step=zz&name=when").text


def test_the_json_of_a_page_is_the_rule(desk: Desk) -> None:
    assert rules.view(CA, "continue_if", desk).json == write_json(CA).decode()
