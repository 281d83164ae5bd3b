"""Fields proposed from an example lead."""

from typing import Any

import pytest

from rules.fields import Field, parse_field
from rules.problems import Problem
from rules.proposing import guess_type, key_of, propose
from tests.support.cases import rows

KNOWN = {"key": "phone_1", "type": "phone", "label": "Main phone", "region": "GB", "aliases": ["tel", "mobile"]}


@pytest.mark.parametrize(("text", "fields", "problem"), rows("proposals.json"))
def test_each_example_becomes_fields(text: str, fields: list[Any], problem: str) -> None:
    proposal = propose(text)
    assert [[one.posted, one.document] for one in proposal.fields] == fields
    assert proposal.problem == problem


@pytest.mark.parametrize(("text", "fields", "problem"), rows("proposals.json"))
def test_every_proposed_field_can_be_added(text: str, fields: list[Any], problem: str) -> None:
    assert bool(fields) != bool(problem)
    for number, one in enumerate(propose(text).fields):
        problems: list[Problem] = []
        assert parse_field(one.document, f"fields[{number}]", problems), problems


@pytest.mark.parametrize(
    ("posted", "key"),
    [
        *[
            ("firstName", "first_name"),
            ("First name", "first_name"),
            ("first-name", "first_name"),
            ("ZIPCode", "zip_code"),
        ],
        *[("2nd phone", "field_2nd_phone"), ("Größe", "gr_sse"), ("!!", "field"), ("x" * 90, "x" * 64)],
    ],
)
def test_a_posted_name_becomes_a_key(posted: str, key: str) -> None:
    assert key_of(posted) == key


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        *[("utility", "PG&E", "text"), ("bill", "$180.50", "money"), ("bill", "150-200", "range")],
        *[("x", "$100 - $200", "range"), ("x", "1,200 EUR", "money"), ("x", True, "boolean"), ("x", 7, "number")],
        *[
            ("x", "007", "text"),
            ("x", ["a", "b"], "multi"),
            ("state", "California", "state"),
            ("state", "Bavaria", "text"),
        ],
        *[("country", "germany", "country"), ("phone", "n/a", "text"), ("moved", "2020-04-01", "date")],
        *[("birthday", "04/01/1980", "dob"), ("seen", "2020-04-01 10:00", "datetime"), ("x", None, "text")],
    ],
)
def test_a_type_is_guessed_from_name_and_value(name: str, value: object, key: str) -> None:
    assert guess_type(name, value) == key


def test_what_the_catalogue_knows_is_proposed_as_it_is_there() -> None:
    [one] = propose('{"mobile": "020 7946 0018"}', known=[KNOWN]).fields
    assert (one.document, one.is_known) == (KNOWN, True)


def test_what_the_flow_has_is_not_proposed_again() -> None:
    proposal = propose('{"Email": "a@b.example", "age": 4}', taken=[Field("email", "email")])
    assert [one.key for one in proposal.fields] == ["age"]
    assert proposal.taken == ("Email",)
