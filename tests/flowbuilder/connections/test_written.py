"""What people write about a destination means one document, and that document is shown as they wrote it."""

import pytest

from flowbuilder.connections.written import (
    ACCEPTED,
    NotReadable,
    Row,
    accepted_choice,
    read_expression,
    read_headers,
    read_rows,
    show_expression,
    show_headers,
    show_rows,
)

WRITTEN = [
    ("lead.email", {"var": "lead.email"}),
    ("offer.price", {"var": "offer.price"}),
    ("{{lead.email}}", "{{lead.email}}"),
    ("Hello {{lead.first_name}}", "Hello {{lead.first_name}}"),
    ("ACME-77", "ACME-77"),
    ("lead", "lead"),
    ("-", "-"),
    ("", ""),
    ("77", 77),
    ("007", "007"),
    ("12.50", 12.5),
    ('"77"', "77"),
    ('"lead.email"', "lead.email"),
    ("true", True),
    ('" padded "', " padded "),
    ('{"phone":[{"var":"lead.phone_1"},"national"]}', {"phone": [{"var": "lead.phone_1"}, "national"]}),
]


@pytest.mark.parametrize(("text", "expression"), WRITTEN)
def test_what_is_written_means_one_expression(text, expression):
    assert read_expression(text) == expression


@pytest.mark.parametrize("expression", [expression for _, expression in WRITTEN])
def test_an_expression_is_shown_so_that_it_reads_as_itself(expression):
    assert read_expression(show_expression(expression)) == expression


@pytest.mark.parametrize("text", ["lead.email", "{{lead.email}}", "ACME-77", "007", '"77"', "77"])
def test_what_was_written_is_shown_as_it_was(text):
    assert show_expression(read_expression(text)) == text


@pytest.mark.parametrize("text", ['{"phone":', "[1, 2", '"half'])
def test_broken_json_is_said_and_never_sent_as_text(text):
    with pytest.raises(NotReadable, match="JSON"):
        read_expression(text)


def test_rows_become_a_mapping_and_come_back():
    rows = [
        Row("email", "lead.email", is_required=True),
        Row(),
        Row("mobile", "lead.phone_1", when='{"is":[{"var":"lead.state"},"CA"]}'),
    ]
    mapping, problems = read_rows(rows)
    assert problems == []
    assert mapping == [
        ["email", {"var": "lead.email"}, {"required": True}],
        ["mobile", {"var": "lead.phone_1"}, {"when": {"is": [{"var": "lead.state"}, "CA"]}}],
    ]
    assert show_rows(mapping) == [rows[0], rows[2]]


def test_a_row_that_cannot_be_read_is_named():
    mapping, problems = read_rows([Row("email", "lead.email"), Row("mobile", "{")])
    assert [problem.path for problem in problems] == ["mapping[1]"]
    assert mapping[1] == ["mobile", "{"]


def test_headers_are_written_one_in_a_line():
    headers, problems = read_headers("X-Partner-ID: acme\n\n  X-Campaign : {{source.name}}: a \n")
    assert (headers, problems) == ({"X-Partner-ID": "acme", "X-Campaign": "{{source.name}}: a"}, [])
    assert read_headers(show_headers(headers)) == (headers, [])


@pytest.mark.parametrize(
    ("text", "code"), [("nonsense", "bad_header"), (": value", "bad_header"), ("X-A: 1\nx-a: 2", "set_twice")]
)
def test_lines_that_are_no_headers_are_told(text, code):
    assert [problem.code for problem in read_headers(text)[1]] == [code]


def test_ready_made_answers_are_recognised_and_others_are_ones_own():
    assert [accepted_choice(rule) for _, rule in ACCEPTED.values()] == list(ACCEPTED)
    assert accepted_choice(None) == "http"
    assert accepted_choice({"is": [{"var": "body.ok"}, "yes"]}) == "own"
