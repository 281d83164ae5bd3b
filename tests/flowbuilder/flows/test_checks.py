"""What is wrong with a flow, or worth a look, in the account that it is in."""

import pytest

from flowbuilder import ids
from flowbuilder.flows.checks import document_problems
from tests.support.cast import a_connection, a_flow, a_source
from tests.support.documents import solar


@pytest.mark.parametrize(
    ("state", "code"),
    [("active", "untested_connection"), ("paused", "paused_connection"), ("revoked", "revoked_connection")],
)
def test_a_buyer_that_gets_no_leads_or_was_never_tried_is_worth_a_look(session, cast, state, code):
    connection = a_connection(session, cast.sara, state=state, tested_at=None)
    document = solar(ids.show(connection.id, "con"))
    [problem] = document_problems(session=session, account_id=cast.sara.account.id, document=document)
    assert (problem.path, problem.code, problem.severity) == ("steps[1].buyer.connection", code, "warning")
    assert problem.message.startswith("Sunrise Energy ")


@pytest.mark.parametrize(("cost", "found"), [({"fixed": 45}, True), ({"fixed": 42}, False), ({"share": 75}, False)])
def test_a_price_below_what_a_supplier_of_this_flow_is_paid_is_worth_a_look(session, cast, cost, found):
    connection = a_connection(session, cast.sara)
    flow = a_flow(session, cast.sara, document=solar(ids.show(connection.id, "con")))
    a_source(session, flow, cost=cost)
    a_source(session, a_flow(session, cast.sara), cost={"fixed": 90})
    told = document_problems(session=session, account_id=flow.account_id, document=flow.draft, flow_id=flow.id)
    assert [problem.code for problem in told] == (["below_the_cost"] if found else [])


def test_a_buyer_that_is_not_chosen_yet_is_one_problem(session, cast):
    document = solar("con_nobody")
    document["steps"][1]["buyer"]["connection"] = ""
    told = document_problems(session=session, account_id=cast.sara.account.id, document=document)
    assert [problem.code for problem in told] == ["missing_connection"]


def test_a_connection_of_another_account_is_none_of_this_one(session, cast):
    document = solar(ids.show(a_connection(session, cast.zoe).id, "con"))
    told = document_problems(session=session, account_id=cast.sara.account.id, document=document)
    assert [problem.code for problem in told] == ["unknown_connection"]
