"""The same document is not read twice, and what was read of one never turns up in another."""

import copy
from decimal import Decimal

import pytest

from rules.differences import differences
from rules.flow import parse_flow
from rules.flow_wording import Names
from rules.lint import lint
from rules.remembering import Remembering
from tests.rules.flows import CA_SOLAR, buyer, document, group, split

IN_CA = {"is": [{"var": "lead.state"}, "CA"]}
SELLING = document(CA_SOLAR, buyer("b"), group(buyer("c"), buyer("d")), split(("big", IN_CA, [buyer("e")])))


@pytest.fixture
def asked():
    """Give what the function was asked about."""
    return []


@pytest.fixture
def length(asked):
    """Give a function of a document that keeps what it made of the last two."""

    def make(document):
        asked.append(document)
        return len(document)

    return Remembering(make, most=2)


def test_the_same_again_is_made_once(length, asked):
    assert [length([1, "a"]), length([1, "a"])] == [2, 2]
    assert asked == [[1, "a"]]


def test_numbers_that_are_written_otherwise_are_something_else(length, asked):
    length([Decimal("1.0")])
    length([Decimal("1.00")])
    length([1])
    assert [str(one[0]) for one in asked] == ["1.0", "1.00", "1"]


def test_a_document_that_is_changed_is_another(length):
    changing = [1]
    assert length(changing) == 1
    changing.append(2)
    assert length(changing) == 2


def test_only_the_last_ones_are_kept(length, asked):
    for one in ([1], [2], [3], [1]):
        length(one)
    assert len(asked) == 4


def test_what_is_no_json_is_made_each_time(length, asked):
    odd = [object()]
    length(odd)
    length(odd)
    assert len(asked) == 2


def test_a_flow_does_not_change_with_the_document_that_it_was_read_from():
    written = copy.deepcopy(SELLING)
    flow, _ = parse_flow(written)
    written["steps"][1]["buyer"]["price"] = 99
    assert flow.step("b").price_written == 42
    assert parse_flow(written)[0].step("b").price_written == 99
    assert parse_flow(SELLING)[0] is flow


def test_a_list_of_problems_belongs_to_whoever_asked():
    written = {**SELLING, "currency": "dollars"}
    parse_flow(written)[1].clear()
    assert [problem.code for problem in parse_flow(written)[1]] == ["unknown_currency"]
    lint(parse_flow(SELLING)[0]).append("mine")
    assert "mine" not in lint(parse_flow(SELLING)[0])


def test_a_step_is_read_again_when_a_field_is_another():
    assert not parse_flow(SELLING)[1]
    fields = [field | {"type": "number"} if field["key"] == "state" else field for field in SELLING["fields"]]
    flow, problems = parse_flow({**SELLING, "fields": fields})
    assert flow is None
    assert {problem.code for problem in problems} == {"bad_value"}
    without = [field for field in SELLING["fields"] if field["key"] != "state"]
    assert {problem.code for problem in parse_flow({**SELLING, "fields": without})[1]} == {"unknown_name"}


def test_a_step_is_read_again_when_the_currency_is_another():
    whole_yen = {**SELLING, "currency": "JPY"}
    cents = copy.deepcopy(SELLING)
    cents["steps"][1]["buyer"]["caps"] = [{"spend": Decimal("10.50"), "per": "day"}]
    assert not parse_flow(cents)[1]
    assert parse_flow({**whole_yen, "steps": cents["steps"]})[1]


@pytest.mark.parametrize(("twice", "there"), [("b", "steps[1].buyer"), ("c", "steps[2].group.buyers[0]")])
def test_an_id_that_is_used_twice_is_found_although_both_steps_were_read_before(twice, there):
    written = copy.deepcopy(SELLING)
    written["steps"].append(buyer(twice))
    for _ in range(2):
        written["steps"][-1]["buyer"]["note"] = "read anew"
        _, problems = parse_flow(written)
        assert [(one.path, one.code) for one in problems] == [("steps[4].buyer.id", "id_used_twice")]
        assert there in problems[0].message


def test_problems_stand_where_a_step_stands_now():
    broken = {"buyer": {"id": "x"}}
    first = parse_flow(document(broken, buyer("b")))[1]
    last = parse_flow(document(buyer("b"), broken))[1]
    assert {problem.path.partition(".")[0] for problem in first} == {"steps[0]"}
    assert {problem.path.partition(".")[0] for problem in last} == {"steps[1]"}


def test_differences_are_those_of_the_documents_that_are_asked_about():
    dearer = copy.deepcopy(SELLING)
    dearer["steps"][1]["buyer"]["price"] = 50
    names = Names({})
    assert differences(SELLING, SELLING, names) == ()
    assert [one.words for one in differences(SELLING, dearer, names)] == ["Price: $42.00 → $50.00"]
    assert [one.words for one in differences(dearer, SELLING, names)] == ["Price: $50.00 → $42.00"]
