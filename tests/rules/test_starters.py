"""Categories and starters: ready fields, and flows that are whole but for their buyers."""

from typing import Any

import pytest

from flowbuilder.intake.reading import LeadForm
from rules.categories import CATEGORIES, QUALITY, category_called
from rules.fields import parse_field
from rules.flow import parse_flow
from rules.problems import Problem
from rules.starters import STARTERS, first_document

KEYS = ["", *(category.key for category in CATEGORIES)]
TO_CHOOSE = {"missing_connection", "missing_price"}


def a_document(category: str = "", starter: str = "") -> dict[str, Any]:
    """Return a new flow."""
    return first_document(currency="USD", time_zone="America/Los_Angeles", category=category, starter=starter)


@pytest.mark.parametrize("category", KEYS)
def test_every_category_is_a_flow_without_a_problem(category: str) -> None:
    flow, problems = parse_flow(a_document(category))
    assert problems == []
    assert flow is not None
    assert flow.door.category == next((one.name for one in CATEGORIES if one.key == category), "")


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.key)
@pytest.mark.parametrize("category", KEYS)
def test_every_starter_asks_for_its_buyers_and_for_nothing_else(category: str, starter: Any) -> None:
    document = a_document(category, starter.key)
    _, problems = parse_flow(document)
    assert {problem.code for problem in problems} <= TO_CHOOSE
    assert "missing_connection" in {problem.code for problem in problems}


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.key)
def test_a_starter_with_its_buyers_chosen_can_go_live(starter: Any) -> None:
    document = a_document("solar", starter.key)
    for settings in _without_buyers(document["steps"]):
        settings.update({"connection": "con_a"} | ({} if starter.key == "highest_bid" else {"price": 42}))
    flow, problems = parse_flow(document)
    assert (problems, flow is not None) == ([], True)


def test_medicare_is_the_category_that_posts_and_campaigns_know() -> None:
    medicare = category_called("medicare supplement")
    assert medicare is not None
    fields = [(field["aliases"][0] if "aliases" in field else field["key"]) for field in medicare.fields]
    assert fields == ["firstName", "lastName", "email", "phone", "age"]
    assert [field["type"] for field in medicare.fields] == ["text", "text", "email", "phone", "number"]
    assert all(field["required"] for field in medicare.fields)


def test_a_medicare_lead_is_taken_as_its_suppliers_send_it() -> None:
    flow, _ = parse_flow(a_document("medicare"))
    assert flow is not None
    data = {"firstName": "John", "lastName": "Doe", "email": "john@example.com", "phone": "+1234567890", "age": 45}
    reading = LeadForm(flow.fields, version=1, currency="USD").read({**data, "coverage": "Medicare Supplement"})
    assert reading.problems == []
    assert reading.values["first_name"] == "John"
    assert reading.ignored == ["coverage"]


def test_a_forex_lead_is_taken_as_partners_describe_it() -> None:
    flow, _ = parse_flow(a_document("forex"))
    assert flow is not None
    lead = {"name": "John Smith", "email": "john@example.com", "phone": "+4915123456789", "country": "germany"}
    reading = LeadForm(flow.fields, version=1, currency="USD").read({**lead, "niche": "forex", "lead_type": "premium"})
    assert (reading.problems, reading.ignored) == ([], [])
    assert reading.values["country"] == "DE"


def test_what_a_category_does_not_name_has_no_category() -> None:
    assert category_called("Beekeeping") is None


def test_quality_is_a_field_of_three_words() -> None:
    problems: list[Problem] = []
    field = parse_field(QUALITY, "fields[0]", problems)
    assert field is not None
    assert field.options == ("hot", "warm", "cold")


def _without_buyers(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for step in steps:
        for kind, settings in step.items():
            found += [settings] if kind == "buyer" else settings.get("buyers", [])
            for lane in settings.get("cases", []):
                found += _without_buyers(lane["steps"])
            found += _without_buyers(settings.get("else", []))
    return found
