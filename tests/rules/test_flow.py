"""A document is read into a flow, or refused with every problem at its address."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import json_text
from rules.flow import parse_flow
from tests.rules.flows import CA_SOLAR, buyer, document

CAP = {"cap": {"id": "c", "limit": 5, "per": "day"}}


def problems(written: Any) -> list[tuple[str, str]]:
    flow, found = parse_flow(written)
    assert (flow is None) == bool(found)
    assert all(problem.message.endswith((".", "?")) for problem in found)
    return [(problem.path, problem.code) for problem in found]


def cap(**changes: Any) -> dict[str, Any]:
    return {"cap": CAP["cap"] | changes}


@pytest.mark.parametrize(
    ("written", "path", "code"),
    [
        ([], "", "not_an_object"),
        (document() | {"schema": 2}, "schema", "unknown_schema"),
        (document() | {"colour": 1}, "colour", "unknown_setting"),
        (document(time_zone="Mars/North"), "time_zone", "unknown_time_zone"),
        (document(currency="dollars"), "currency", "unknown_currency"),
        (document(fields={}), "fields", "not_a_list"),
        (
            document(fields=[{"key": "a", "type": "text"}, {"key": "a", "type": "text"}]),
            "fields[1].key",
            "key_used_twice",
        ),
        (document(values={"a": {"b": 1}}), "values", "not_values"),
        (document(steps={}), "steps", "not_a_list"),
        (document({"filter": {}, "cap": {}}), "steps[0]", "not_a_step"),
        (document({"teleport": {"id": "x"}}), "steps[0].teleport", "unknown_kind"),
        (document({"filter": []}), "steps[0].filter", "not_an_object"),
        (document({"filter": {"id": "f"}}), "steps[0].filter.continue_if", "polarity"),
        (
            document({"filter": {"id": "f", "continue_if": True, "stop_if": True}}),
            "steps[0].filter.continue_if",
            "polarity",
        ),
        (document(CA_SOLAR, CA_SOLAR), "steps[1].filter.id", "id_used_twice"),
        (document(cap(id="")), "steps[0].cap.id", "missing_id"),
        (document(cap(limit=-1)), "steps[0].cap.limit", "not_a_whole_number"),
        (document(cap(limit=True)), "steps[0].cap.limit", "not_a_whole_number"),
        (document(cap(per="fortnight")), "steps[0].cap.per", "not_an_option"),
        (document(cap(when_full="explode")), "steps[0].cap.when_full", "not_a_way"),
        (document(cap(when_full={"go_to": "a"}), buyer("b")), "steps[0].cap.when_full", "not_a_later_step"),
        (document(buyer("b"), cap(when_full={"go_to": "b"})), "steps[1].cap.when_full", "not_a_later_step"),
        (document(buyer(on_declined={"buyer": "z"})), "steps[0].buyer.on_declined", "unknown_buyer"),
        (document({"buyer": {"id": "a", "connection": "c"}}), "steps[0].buyer.price", "missing_price"),
        (document({"buyer": {"id": "a", "price": 1}}), "steps[0].buyer.connection", "missing_connection"),
        (document(buyer(on_error={"hold": "soon"})), "steps[0].buyer.on_error", "not_a_duration"),
        (document(buyer(on_error={"hold": "8d"})), "steps[0].buyer.on_error", "out_of_bounds"),
        (document(buyer(on_error={"next": "x"})), "steps[0].buyer.on_error", "not_a_way"),
        (document(buyer(when_no_funds="reject")), "steps[0].buyer.when_no_funds", "not_a_way"),
        (document(buyer(requires=["ssn"])), "steps[0].buyer.requires[0]", "unknown_word"),
        (document(buyer(timeout="90s")), "steps[0].buyer.timeout", "out_of_bounds"),
        (document(buyer(on_ambiguous="shrug")), "steps[0].buyer.on_ambiguous", "not_an_option"),
        (document(buyer(retry={"after": "soon"})), "steps[0].buyer.retry.after", "not_a_duration"),
        (document(buyer(retry={"forever": True})), "steps[0].buyer.retry.forever", "unknown_setting"),
        (document(buyer(caps=[{"spend": 500.001, "per": "day"}])), "steps[0].buyer.caps[0].spend", "too_many_decimals"),
        (
            document(buyer(caps=[{"limit": 1, "per": "day"}, {"limit": 2, "per": "day"}])),
            "steps[0].buyer.caps[1].per",
            "period_used_twice",
        ),
        (document(buyer(hours={"from": "8", "to": "18:00"})), "steps[0].buyer.hours[0].from", "not_a_time"),
        (
            document(buyer(hours={"days": ["moon"], "from": "08:00", "to": "18:00"})),
            "steps[0].buyer.hours[0].days[0]",
            "unknown_word",
        ),
        (document(intake={"duplicates": {"by": ["ssn"]}}), "intake.duplicates.by[0]", "unknown_word"),
        (document(intake={"duplicates": {"by": []}}), "intake.duplicates.by", "no_fields"),
        (
            document(intake={"duplicates": {"by": ["email"], "scope": "all"}}),
            "intake.duplicates.scope",
            "not_an_option",
        ),
        (document(intake={"category": 7}), "intake.category", "missing_text"),
        (
            document(intake={"caps": [{"limit": 1, "per": "day", "when_full": "next"}]}),
            "intake.caps[0].when_full",
            "not_an_option",
        ),
        (
            document(fallback={"id": "end", "do": "buyer", "buyer": buyer(on_declined={"buyer": "q"})["buyer"]}),
            "fallback.buyer.on_declined",
            "unknown_buyer",
        ),
        (document(*(cap(id=f"c{number}") for number in range(201))), "steps", "too_many_steps"),
        (document(fallback={"id": "end", "do": "pray"}), "fallback.do", "not_an_option"),
        (document(fallback={"id": "end", "do": "buyer"}), "fallback.buyer", "missing_buyer"),
        (document(fallback={"id": "end", "do": "hold", "from": "z"}), "fallback.from", "unknown_step"),
        ({key: value for key, value in document().items() if key != "fallback"}, "fallback", "missing_fallback"),
    ],
)
def test_a_problem_has_an_address(written: Any, path: str, code: str) -> None:
    assert (path, code) in problems(written)


def test_a_rule_that_cannot_be_read_is_a_problem_inside_its_setting() -> None:
    wrong = {"filter": {"id": "f", "continue_if": {"is_like": [{"var": "lead.state"}, "CA"]}}}
    [(path, _)] = problems(document(wrong))
    assert path.startswith("steps[0].filter.continue_if")


def test_all_problems_are_told_at_once() -> None:
    wrong = document(cap(limit="many"), buyer(price={"+": []}, timeout="never"), time_zone="Mars/North")
    assert len(problems(wrong)) >= 3


def test_every_setting_of_a_step_can_be_written() -> None:
    everything = buyer(
        name="Sunrise",
        note="ask for Jo",
        off=False,
        when={"yes": [True]} and {"is": [{"var": "lead.state"}, "CA"]},
        requires=["email"],
        caps=[{"limit": 100, "per": "day"}, {"spend": 500, "per": "month"}],
        hours=[],
        outside_hours="hold",
        when_full="reject",
        when_not_met="next",
        on_declined={"buyer": "b"},
        on_error={"hold": "1h"},
        when_no_funds="hold",
        on_ambiguous="hold",
        timeout="5s",
        sell="continue",
        retry={"max_attempts": 3, "after": ["2s", "5s"], "for_up_to": "40s"},
    )
    assert problems(document(everything, buyer("b"))) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "steps", "filter", "buyer", "cap", "price", "schema"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300)
@given(JSON)
def test_nothing_that_is_json_makes_reading_fail(written: Any) -> None:
    flow, found = parse_flow(written)
    assert flow is None
    assert found


@settings(max_examples=100)
@given(JSON, st.sampled_from(["steps", "fallback", "fields", "intake", "values", "currency", "time_zone"]))
def test_nothing_inside_a_document_makes_reading_fail(written: Any, key: str) -> None:
    flow, found = parse_flow(document(CA_SOLAR, buyer()) | {key: written})
    assert (flow is None) == bool(found)


def test_a_flow_keeps_the_document_as_it_was_written() -> None:
    written = json_text.read(json_text.write(document(CA_SOLAR, buyer(price=31.5))))
    flow, _ = parse_flow(written)
    assert flow is not None
    assert json_text.read(json_text.write(flow.document)) == written
