"""Whatever a rule and its data are: a value or a RuleError, and a rule without problems compiles."""

import string
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.fields import TYPES, Field, normalise, parse_field
from rules.json_text import write
from rules.logic import RuleError, check_rule, compile_rule
from rules.operators.table import OPERATORS
from rules.values import check_value, compile_value
from rules.wording import say_condition, say_rule, say_seen, say_value
from tests.support.a_lead import FIELDS, data_of

MANY = settings(max_examples=300)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**290),
    st.floats(),
    st.decimals(),
    st.text(max_size=20),
    st.datetimes(),
    st.sampled_from(["CA", "30d", "08:00", "18:00", "fri", "phone", "2026-11-20", "$1,200", "(512) 555-1234", "a(b"]),
    st.sampled_from(["{{lead.city}}", "{{", "national", "iso", "sha256"]),
    st.sampled_from(["94105", "km", "10.0.0.0/8", "2001:db8::1", "solar", "100-200", "Germany", "2026-11-20T10:41"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=10,
)
PATHS = st.one_of(
    st.sampled_from([f"{name}.{key}" for name in ("lead", "raw", "valid", "parts") for key in FIELDS]),
    st.sampled_from(
        ["", "run.now", "run", "flow.min_score", "parts.dob.age", "parts.phone_1.area", "lead.nope", "x.0.y"]
    ),
    SCALARS,
)
VARIABLES = st.builds(lambda path: {"var": path}, PATHS)
RULES = st.recursive(
    st.one_of(SCALARS, VARIABLES, JSON),
    lambda inner: st.one_of(
        st.builds(
            lambda key, arguments: {key: arguments}, st.sampled_from(sorted(OPERATORS)), st.lists(inner, max_size=4)
        ),
        st.builds(
            lambda key, left, beside: {key: [left, *beside]},
            st.sampled_from(sorted(OPERATORS)),
            VARIABLES,
            st.lists(inner, max_size=3),
        ),
        st.builds(lambda key, argument: {key: argument}, st.sampled_from(sorted(OPERATORS)), inner),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)
POSTED = st.dictionaries(st.sampled_from(sorted(FIELDS)), JSON)


def data_with(posted: Any, wild: Any) -> Any:
    """Return data that is as expected, or has something wild where something known should be."""
    data = data_of(posted)
    return [data, wild, {**data, "lead": wild}, {**data, "run": wild}, {**data, "parts": wild, "valid": wild}]


def outcome(rule: Any, fields: Any, data: Any) -> tuple[str, str]:
    """Return a rule's value, or the error that it raises instead; any other exception is not caught."""
    try:
        compiled = compile_rule(rule, fields)
        value, traced = compiled(data), compiled.trace(data).value
    except RuleError as error:
        return error.code, error.message
    return repr(value), repr(traced)


@MANY
@given(RULES, POSTED, JSON)
def test_a_rule_has_a_value_or_raises_a_rule_error(rule: Any, posted: Any, wild: Any) -> None:
    for data in data_with(posted, wild):
        for fields in ({}, FIELDS):
            first, second = outcome(rule, fields, data)

            # What a rule throws is in its own words.
            assert first in (second, "thrown") or second.endswith((".", "?"))


@MANY
@given(RULES)
def test_a_rule_without_problems_compiles(rule: Any) -> None:
    if not check_rule(rule, "", FIELDS):
        assert compile_rule(rule, FIELDS).document is rule
    if not check_value(rule, "", FIELDS):
        assert compile_value(rule, FIELDS).document is rule


@MANY
@given(RULES)
def test_what_does_not_compile_has_problems(rule: Any) -> None:
    for compile_it, check in ((compile_rule, check_rule), (compile_value, check_value)):
        code = None
        try:
            compile_it(rule, FIELDS)
        except RuleError as error:
            code = error.code
        assert code is None or code in {problem.code for problem in check(rule, "", FIELDS)}


@MANY
@given(st.one_of(RULES, JSON), POSTED)
def test_every_rule_and_expression_can_be_said(rule: Any, posted: Any) -> None:
    assert say_rule(rule, FIELDS)
    assert say_rule(rule, FIELDS, most_words=5)
    assert isinstance(say_value(rule, FIELDS, "USD"), str)
    try:
        conditions = compile_rule(rule, FIELDS).trace(data_of(posted)).conditions
    except RuleError:
        return
    assert all(say_condition(condition) and say_seen(condition) for condition in conditions)


@MANY
@given(st.sampled_from(sorted(TYPES)), JSON)
def test_what_was_posted_is_normal_or_blank_and_normal_forms_stay_as_they_are(key: str, raw: Any) -> None:
    field = Field(key, key, options=("solar", "Roofing"), region="US")
    normal = normalise(raw, field)

    assert normal.value is not None or not normal.valid
    assert normalise(normal.value, field) == normal
    assert set(TYPES[key].parts(normal.value, field)) <= set(TYPES[key].part_names)
    assert isinstance(TYPES[key].mask(normal.value), str)


LIKELY = st.sampled_from(
    [
        *("94105", "94105-1234", " 941051234", "k1a0b1", "SW1A1AA", "D-10115", "1012 ab", "-", "00000"),
        *(
            "usa",
            "Deutschland",
            "St. Lucia",
            "EU",
            "$100 - $200",
            "50-75k",
            "under 50k",
            "-5--1",
            "1e9+",
            "0+",
            "> -0.0",
        ),
        *(
            "2026-11-20T24:00Z",
            "2026-11-20 10:41 +02",
            "11/20/2026 12:41 am",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31",
        ),
        *("a|b,c", "Solar, roofing", ", ,", "example.com:80", "//x.example", "HTTP://[::1]", "http://a.b:99999999999"),
        *("https://\u212aelvin.example", "::ffff:1.2.3.4", "1.2.3.4%5", "0x7f.1", "1" * 400, "5D1E9A36", "İ", "ß"),
        *("https://cert.trustedform.com/" + "ab" * 20, "https://[cert.trustedform.com/x", "cert.trustedform.com\n/x"),
    ]
)


@MANY
@given(
    st.sampled_from(sorted(TYPES)),
    st.one_of(LIKELY, st.builds(str.__add__, LIKELY, LIKELY), st.lists(LIKELY, max_size=3), JSON),
    st.sampled_from([None, "US", "CA", "GB", "DE", "AT", "ES", "IT", "NO", "FR", "AQ"]),
    st.sampled_from([(), ("solar", "Roofing"), ("Solar, roofing", "a")]),
)
def test_a_normal_form_is_its_own_with_the_same_validity_in_every_country(
    key: str, raw: Any, region: str | None, options: tuple[str, ...]
) -> None:
    field = Field(key, key, options=options, region=region)
    normal = normalise(raw, field)

    assert normalise(normal.value, field) == normal
    assert normal.valid <= (normal.value is not None)
    assert TYPES[key].is_possible(normal.value, field) or not normal.valid
    assert set(TYPES[key].parts(normal.value, field)) <= set(TYPES[key].part_names)
    assert isinstance(TYPES[key].mask(normal.value), str)
    assert write(normal.value)


@MANY
@given(
    st.one_of(
        JSON,
        st.dictionaries(
            st.sampled_from(
                [
                    "key",
                    "type",
                    "label",
                    "options",
                    "required",
                    "region",
                    "check",
                    "aliases",
                    "sensitive",
                    "country_field",
                ]
            ),
            st.one_of(JSON, st.sampled_from([*TYPES, "US", "valid"]), st.text(string.ascii_lowercase, min_size=1)),
        ),
    )
)
def test_a_field_is_read_or_has_problems(document: Any) -> None:
    problems: list[Any] = []

    assert (parse_field(document, "fields[0]", problems) is None) is bool(problems)
