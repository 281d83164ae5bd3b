"""Entries of stored lists and values of leads: which meet, and which entries are none."""

import hashlib
from typing import Any

import pytest

from rules.stored_lists import ListForm, lists_named
from tests.support.cases import rows


@pytest.mark.parametrize(("form", "entry", "value", "meets"), rows("stored_lists.json"))
def test_a_value_is_in_a_list_that_has_its_entry(form: list[str], entry: str, value: str, meets: bool) -> None:
    key = ListForm(*form).entry_key(entry)

    assert key is not None
    assert (key in ListForm(*form).keys_for(value)) is meets


@pytest.mark.parametrize("hashed", ["md5", "sha256"])
@pytest.mark.parametrize(
    ("kind", "hashed_text", "value"),
    [
        ("email", "ana@example.com", " Ana@Example.com"),
        ("phone", "+15128675309", "(512) 867-5309"),
        ("phone", "15128675309", "(512) 867-5309"),
        ("phone", "5128675309", "+1 512 867 5309"),
        ("postal_code", "90210", "90210-1234"),
        ("text", "acme solar", "Acme Solar"),
    ],
)
def test_a_hash_is_compared_with_that_of_the_normal_form(hashed: str, kind: str, hashed_text: str, value: str) -> None:
    entry = hashlib.new(hashed, hashed_text.encode()).hexdigest()
    form = ListForm(kind, hashed)

    assert form.entry_key(entry.upper()) in form.keys_for(value)


@pytest.mark.parametrize(
    ("form", "entry"),
    [
        (ListForm("email"), "not an address"),
        (ListForm("email"), "a" * 400 + "@example.com"),
        (ListForm("phone"), "12"),
        (ListForm("postal_code"), "9021"),
        (ListForm("email", "md5"), "ana@example.com"),
        (ListForm("email", "sha256"), hashlib.md5(b"ana@example.com").hexdigest()),
        (ListForm("text"), " "),
        (ListForm("text"), "a\0b"),
    ],
)
def test_what_is_no_value_of_the_lists_kind_is_no_entry(form: ListForm, entry: str) -> None:
    assert form.entry_key(entry) is None


def test_the_lists_that_a_document_names_are_found_wherever_they_stand() -> None:
    asks: Any = {"in_list": [{"var": "lead.email"}, "lst_1"]}
    document = {
        "intake": {"accept_if": {"!": asks}},
        "steps": [
            {"split": {"cases": [{"when": {"or": [True, {"in_list": [1, "lst_2"]}]}, "steps": "?"}]}},
            {"group": {"buyers": [{"areas": [{"list": "lst_3", "priority": 2}, {"list": 7}], "list": "lst_4"}]}},
            {"look_up": {"list": "lst_4", "of": 1, "into": "known"}},
        ],
    }

    assert list(lists_named(document)) == [
        ("intake.accept_if.!.in_list[1]", "lst_1"),
        ("steps[0].split.cases[0].when.or[1].in_list[1]", "lst_2"),
        ("steps[1].group.buyers[0].areas[0].list", "lst_3"),
        ("steps[2].look_up.list", "lst_4"),
    ]
