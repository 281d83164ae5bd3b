"""What a destination says of a lead means the same as in the lead's flow, though a connection belongs to none."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from rules.delivery.destination import Destination
from rules.delivery.expressions import MOST_KEPT, read_rule, read_value
from rules.delivery.request import build_request
from rules.delivery.sample import fields_kept, kept_fields, sample_offer, sample_view
from rules.fields import Field
from rules.reading import Document
from rules.seen_values import Parts
from tests.support.a_lead import FIELDS, seen_of
from tests.support.cases import rows

NOW = datetime(2026, 11, 20, 18, 41, 58, tzinfo=UTC)
STATE = {"state": Field("state", "state")}


@pytest.mark.parametrize(("expression", "posted", "expected"), rows("expressions.json"))
def test_a_value_is_the_one_that_a_step_would_make(expression: Any, posted: dict[str, Any], expected: Any) -> None:
    value = read_value(Document(), expression, "mapping[0][1]")

    assert value is not None
    assert value(seen_of(posted)) == expected


@pytest.mark.parametrize(("key", "operator", "beside", "posted", "expected"), rows("operators.json"))
def test_an_operator_decides_as_in_a_flow(
    key: str, operator: str, beside: list[Any], posted: Any, expected: bool
) -> None:
    rule = read_rule(Document(), {operator: [{"var": f"lead.{key}"}, *beside]}, "mapping[0][2].when")

    if (
        rule is None
    ):  # Refused when it is saved: without a flow nobody knows what is valid, nor what several choices are.
        assert operator in ("valid", "not_valid", "is", "is_not")
    else:
        assert rule(seen_of({key: posted})) is expected


def test_each_flow_has_its_own_fields_and_a_lead_of_unknown_ones_is_read_as_it_is() -> None:
    rule = read_rule(Document(), {"is": [{"var": "lead.state"}, "California"]}, "")
    texts = {"state": Field("state", "text")}

    assert rule is not None
    assert rule({"lead": {"state": "CA"}, "parts": Parts({}, STATE)})
    assert not rule({"lead": {"state": "CA"}, "parts": Parts({}, texts)})
    assert not rule({"lead": {"state": "CA"}})
    assert all(rule({"lead": {"state": "CA"}, "parts": Parts({}, {**STATE})}) for _ in range(MOST_KEPT + 2))


def test_a_value_that_only_another_flow_has_is_none_here_and_the_other_fields_keep_their_types() -> None:
    boats, narnia = {"is": [{"var": "lead.product"}, "boats"]}, {"is": [{"var": "lead.country"}, "Narnia"]}
    rule = read_rule(Document(), {"or": [{"is": [{"var": "lead.state"}, "California"]}, boats]}, "")
    odd = read_rule(Document(), {"or": [narnia, boats]}, "")
    here = {**STATE, "product": Field("product", "choice", options=("solar",)), "country": Field("country", "country")}
    lead = {"state": "CA", "product": "solar", "country": "DE"}

    assert rule is not None
    assert odd is not None
    assert rule({"lead": lead, "parts": Parts(lead, here)})
    assert not rule({"lead": {**lead, "state": "NV"}, "parts": Parts(lead, here)})
    assert not odd({"lead": lead, "parts": Parts(lead, here)})


def test_a_field_of_the_lead_comes_before_what_a_name_in_braces_stands_for_elsewhere() -> None:
    value = read_value(Document(), "{{lead.source}}", "")
    own = {"source": Field("source", "text")}
    view = {"lead": {"source": "radio"}, "source": {"name": "ACME Leads"}}

    assert value is not None
    assert value({**view, "parts": Parts({}, own)}) == "radio"
    assert value({**view, "parts": Parts({}, STATE)}) == "ACME Leads"


def test_a_made_up_lead_has_parts_and_an_age(a_destination: Callable[..., Destination]) -> None:
    known = fields_kept(kept_fields([Field("born", "dob"), Field("phone_1", "phone", region="US")]))
    lead = {"born": "1985-01-31", "phone_1": "+15125550148"}
    destination = a_destination(
        format="form", mapping=[["area", {"var": "parts.phone_1.area"}], ["age", {"var": "parts.born.age"}]]
    )

    request = build_request(destination, sample_view(lead, known, NOW), sample_offer("01J", "Sunrise", NOW), {})

    assert request.body == b"area=512&age=41"


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: field.key)
def test_fields_of_a_test_call_are_kept_with_all_that_their_types_read(field: Field) -> None:
    [kept] = fields_kept(kept_fields([field]))

    assert (kept.key, kept.type, kept.options) == (field.key, field.type, field.options)
    assert (kept.region, kept.country_field) == (field.region, field.country_field)
