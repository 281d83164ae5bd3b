"""What people write about a destination means one document, and that document is shown as they wrote it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbuilder.connections.written import (
    ACCEPTED,
    NotReadable,
    Row,
    accepted_choice,
    read_expression,
    read_headers,
    read_reasons,
    read_rows,
    read_rule,
    read_statuses,
    show_expression,
    show_headers,
    show_reasons,
    show_rows,
    show_rule,
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


def lead(key):
    return {"var": f"lead.{key}"}


SHAPED = [
    ("lead.phone_1 | phone national", {"phone": [lead("phone_1"), "national"]}),
    ("lead.phone_1 | phone", {"phone": [lead("phone_1")]}),
    ("lead.city | trim | upper", {"upper": [{"trim": [lead("city")]}]}),
    ("lead.dob | date us", {"date": [lead("dob"), "us"]}),
    ("lead.dob | date M/D, YYYY", {"date": [lead("dob"), "M/D, YYYY"]}),
    ("run.now | date iso_time, America/New_York", {"date": [{"var": "run.now"}, "iso_time", "America/New_York"]}),
    ("lead.bill | number #,##0.00", {"number": [lead("bill"), "#,##0.00"]}),
    ("lead.owner | yes_no Y, N", {"yes_no": [lead("owner"), "Y", "N"]}),
    ("lead.city | default unknown", {"default": [lead("city"), "unknown"]}),
    ("lead.zip | default lead.postal_code", {"default": [lead("zip"), lead("postal_code")]}),
    (
        "lead.product | table solar = S, roofing = R, otherwise X",
        {"table": [lead("product"), [["solar", "S"], ["roofing", "R"]], "X"]},
    ),
    ("lead.product | table solar = S", {"table": [lead("product"), [["solar", "S"]]]}),
    ("lead.email | lower | hash md5", {"hash": [{"lower": [lead("email")]}, "md5"]}),
]


@pytest.mark.parametrize(("text", "expression"), SHAPED)
def test_a_value_in_another_shape_is_written_in_one_line(text, expression):
    assert read_expression(text) == expression
    assert show_expression(expression) == text


@pytest.mark.parametrize(
    "expression",
    [
        {"default": [lead("city"), 0]},
        {"table": [lead("city"), [["a", 1]]]},
        {"table": [lead("city"), [["a", "b, c"]]]},
        {"upper": ["text"]},
        {"upper": lead("city")},
        {"join": [[lead("city"), "b"]]},
        {"date": [lead("dob"), {"var": "flow.form"}]},
        {"default": [lead("city"), "lead.city"]},
    ],
)
def test_what_no_line_says_is_shown_as_json(expression):
    assert show_expression(expression).startswith("{")
    assert read_expression(show_expression(expression)) == expression


@pytest.mark.parametrize("text", ["a | b", "lead.city | shout", "lead.city | upper loud", "lead.dob | date"])
def test_what_only_looks_like_a_line_is_text(text):
    assert read_expression(text) == text


CONDITIONS = [
    ("lead.state is CA", {"is": [lead("state"), "CA"]}),
    ("lead.state is not CA", {"is_not": [lead("state"), "CA"]}),
    ("lead.state is one of CA, NV", {"any_of": [lead("state"), ["CA", "NV"]]}),
    ("lead.email is filled in", {"filled": [lead("email")]}),
    ("lead.homeowner is yes", {"yes": [lead("homeowner")]}),
    ("lead.credit_score is at least 650", {"at_least": [lead("credit_score"), 650]}),
    ("lead.city contains rock and roll", {"contains": [lead("city"), "rock and roll"]}),
    (
        "lead.state is CA and lead.age is more than 18",
        {"and": [{"is": [lead("state"), "CA"]}, {"more_than": [lead("age"), 18]}]},
    ),
    ("body.status is accepted", {"is": [{"var": "body.status"}, "accepted"]}),
    ("status is one of 200, 201", {"any_of": [{"var": "status"}, ["200", "201"]]}),
    ('{"or":[1,2]}', {"or": [1, 2]}),
    ('{"is":[{"var":"lead.n"},5]}', {"is": [lead("n"), 5]}),
    ("lead.homeowner", lead("homeowner")),
]


@pytest.mark.parametrize(("text", "rule"), CONDITIONS)
def test_a_condition_is_written_as_a_sentence(text, rule):
    assert read_rule(text) == rule
    assert show_rule(rule) == text


@pytest.mark.parametrize("text", ["CA only", "state is CA", "lead.state resembles CA", "lead.state is"])
def test_what_is_no_condition_is_said(text):
    with pytest.raises(NotReadable, match=r"lead\.state is CA"):
        read_rule(text)


@pytest.mark.parametrize(
    ("text", "statuses", "wrong"), [("418, 420", [418, 420], 0), ("", [], 0), ("404 abc;99", [404], 2)]
)
def test_statuses_are_written_side_by_side(text, statuses, wrong):
    read, problems = read_statuses(text)
    assert (read, len(problems)) == (statuses, wrong)


def said(words):
    return {"contains": [{"var": "said"}, words]}


def test_reasons_are_lines_and_ready_patterns():
    lines = "wrong zip = outside_area\nstatus is 409 = duplicate\n"
    reasons, problems = read_reasons(lines, ["full", "duplicate"], [])
    assert problems == []
    assert reasons == [
        [said("wrong zip"), "outside_area"],
        [{"is": [{"var": "status"}, "409"]}, "duplicate"],
        "duplicate",
        "full",
    ]
    assert show_reasons(reasons) == (lines.strip(), ["duplicate", "full"])


def test_the_order_of_reasons_that_somebody_else_wrote_is_kept():
    kept = ["full", [{"is": [{"var": "body.code"}, 17]}, "no_funds"], "duplicate"]
    lines, ready = show_reasons(kept)
    assert read_reasons(lines, ready, kept) == (kept, [])


@pytest.mark.parametrize("line", ["duplicate", "= duplicate", "{broken = duplicate"])
def test_a_line_that_is_no_reason_is_told(line):
    assert [problem.path for problem in read_reasons(line, [], [])[1]] == ["reasons"]


@pytest.mark.parametrize("text", ['{"phone":', "[1, 2", '"half'])
def test_broken_json_is_said_and_never_sent_as_text(text):
    with pytest.raises(NotReadable, match="JSON"):
        read_expression(text)


def test_rows_become_a_mapping_and_come_back():
    rows = [
        Row("email", "lead.email", is_required=True),
        Row(),
        Row("mobile", "lead.phone_1", when="lead.state is CA"),
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


NAMES = st.sampled_from(["lead.city", "lead.x", "body.status", "status", "said", "flow.a", "lead", ""])
TEXTS = st.one_of(NAMES, st.text(alphabet="abC ,=|.{}\"'0159-", max_size=12))
SCALARS = st.one_of(TEXTS, st.integers(-999, 999), st.booleans(), st.none())
OPERATORS = [
    *("var", "upper", "phone", "date", "default", "table", "yes_no", "hash", "number", "is", "any_of", "contains"),
    *("at_least", "filled", "and", "or", "if"),
]
EXPRESSIONS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(OPERATORS), st.one_of(inner, st.lists(inner, max_size=3)), min_size=1, max_size=1
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=500)
@given(EXPRESSIONS)
def test_any_expression_is_shown_so_that_it_reads_as_itself(expression):
    read = read_expression(show_expression(expression))
    assert (read, repr(read)) == (expression, repr(expression))


@settings(max_examples=500)
@given(EXPRESSIONS.filter(lambda expression: not isinstance(expression, str)))
def test_any_rule_is_shown_so_that_it_reads_as_itself(rule):
    read = read_rule(show_rule(rule))
    assert (read, repr(read)) == (rule, repr(rule))
