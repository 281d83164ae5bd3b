"""Field types by table: normal forms, validity, parts, masks; and how a field's document is read."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rules.fields import (
    TYPES,
    Field,
    Normal,
    check_together,
    in_country_of,
    normalise,
    parse_field,
    passes_check,
)
from rules.problems import Problem
from tests.support.cases import rows

OPTIONS = {"quality": ("hot", "warm", "cold"), "any": ()}


def field_of(key: str) -> Field:
    """Return a field of a type; behind the type may stand the country of its codes, or what its options are of."""
    kind, _, more = key.partition(" ")
    region = "US" if kind == "phone" else more if kind == "postal_code" and more else None
    return Field(kind, kind, region=region, options=OPTIONS.get(more, ("solar", "Roofing", "7", "Kitchen, bath")))


@pytest.mark.parametrize(("key", "raw", "value", "valid"), rows("fields.json"))
def test_a_posted_value_has_a_normal_form(key: str, raw: Any, value: Any, valid: bool) -> None:
    normal = normalise(raw, field_of(key))

    assert normal == Normal(value, valid)
    assert type(normal.value) is type(value)


def test_a_number_never_becomes_a_binary_float() -> None:
    assert normalise(0.1, field_of("number")).value == Decimal("0.1")
    assert isinstance(normalise(Decimal("1E+3"), field_of("number")).value, int)
    assert normalise(float("nan"), field_of("number")) == Normal(None, False)
    assert str(normalise("42.00", field_of("money")).value) == "42.00"


def test_dates_of_python_are_read() -> None:
    assert normalise(date(1985, 1, 5), field_of("date")).value == "1985-01-05"
    assert normalise(datetime(1985, 1, 5, 23, tzinfo=UTC), field_of("date")).value == "1985-01-05"


@pytest.mark.parametrize(
    ("key", "value", "parts"),
    [
        ("name", "Ana Maria Lopez", {"first": "Ana", "last": "Maria Lopez"}),
        ("name", None, {"first": None, "last": None}),
        ("email", "Ana@mail.example.com", {"user": "Ana", "domain": "mail.example.com", "tld": "com"}),
        ("email", "nonsense", {"user": None, "domain": None, "tld": None}),
        ("phone", "+12135550148", {"country": "US", "code": "1", "area": "213", "national": "2135550148"}),
        ("phone", "+14165550123", {"country": "CA", "code": "1", "area": "416", "national": "4165550123"}),
        ("phone", "+4930901820", {"country": "DE", "code": "49", "area": "30", "national": "30901820"}),
        ("phone", "junk", {"country": None, "code": None, "area": None, "national": None}),
        ("state", "CA", {"name": "California"}),
        ("state", None, {"name": None}),
        ("date", "1985-01-05", {"year": 1985, "month": 1, "day": 5, "weekday": "sat"}),
        ("text", "x", {}),
    ],
)
def test_a_value_has_parts(key: str, value: Any, parts: dict[str, Any]) -> None:
    assert TYPES[key].parts(value, field_of(key)) == parts


@pytest.mark.parametrize(("key", "value", "parts"), rows("field_parts.json"))
def test_a_value_of_a_type_with_a_form_has_parts(key: str, value: Any, parts: dict[str, Any]) -> None:
    field = field_of(key)

    assert TYPES[field.type].parts(value, field) == parts


@pytest.mark.parametrize("field_type", TYPES.values(), ids=TYPES)
def test_a_blank_value_has_no_parts_and_no_mask(field_type: Any) -> None:
    parts = field_type.parts(None, field_of(field_type.key))

    assert set(parts) <= set(field_type.part_names)
    assert not any(parts.values())
    assert field_type.mask(None) == ""
    assert set(field_type.part_kinds) | set(field_type.part_words) <= set(field_type.part_names)


@pytest.mark.parametrize(
    ("key", "value", "masked"),
    [
        ("postal_code", "94105-1234", "941••"),
        ("postal_code", "SW1A 1AA", "SW1••"),
        ("postal_code", "M1 1AE", "M1••"),
        ("postal_code", "1010", "••••"),
        ("country", "DE", "••"),
        ("multi", ["solar", "roofing"], "••••, ••••"),
        ("multi", ["a", "b", "c", "d", "e"], "••••, ••••, ••••"),
        ("range", "100-200", "••••"),
        ("dob", "1985-01-05", "1985-••-••"),
        ("datetime", "2026-11-20T18:41:58Z", "2026-••-••"),
        ("url", "https://example.com/thanks?email=ana@example.com", "https://example.com/••••"),
        ("url", "nonsense", "••••"),
        ("ip", "203.0.113.7", "203.0.••••"),
        ("ip", "2001:db8::1", "2001:db8:••••"),
        ("ip", "nonsense", "••••"),
        ("certificate", "5D1E9A36-8B8D-4D3C-9A55-3F1F2C6C7D10", "jornaya ••••7D10"),
        ("certificate", "yes", "••••"),
        ("email", "ana@gmail.com", "a••@g••••.com"),
        ("email", "nonsense", "••••"),
        ("phone", "+12135550148", "(•••) •••-0148"),
        ("phone", "+4930901820", "+•• ••• 1820"),
        ("phone", "junk", "••••"),
        ("name", "Ana Lopez", "A•• L••"),
        ("state", "CA", "••"),
        ("date", "1985-01-05", "1985-••-••"),
        ("text", "12 Elm Street", "1••••"),
        ("number", 650, "••••"),
        ("boolean", False, "••••"),
        ("choice", None, ""),
        ("name", None, ""),
        ("email", None, ""),
    ],
)
def test_a_value_is_masked_for_who_may_not_see_it(key: str, value: Any, masked: str) -> None:
    assert TYPES[key].mask(value) == masked


@pytest.mark.parametrize("field_type", TYPES.values(), ids=TYPES)
def test_every_type_and_its_parts_are_documented(field_type: Any) -> None:
    page = (Path(__file__).parents[2] / "docs/field-types.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith(f"| `{field_type.key}` |"))

    assert re.findall(r"`(\w+)`", row.rpartition(" | ")[2]) == list(field_type.part_names)


def test_every_type_has_a_file_and_stands_once_in_the_palette() -> None:
    files = {path.stem for path in (Path(__file__).parents[2] / "rules/fields").glob("*.py")}

    assert files - {"__init__", "base", "parsing", "types", "moment"} == set(TYPES)
    assert len({field_type.label for field_type in TYPES.values()}) == len(TYPES)


@pytest.mark.parametrize(
    ("check", "raw", "passes"),
    [
        ("none", "5555551234", True),
        ("none", "junk", True),
        ("possible", "5555551234", True),
        ("possible", "junk", False),
        ("valid", "5555551234", False),
        ("valid", "(512) 555-1234", True),
    ],
)
def test_a_phone_passes_the_check_that_its_field_asks_for(check: Any, raw: str, passes: bool) -> None:
    field = Field("phone_1", "phone", region="US", check=check)

    assert passes_check(normalise(raw, field), field, TYPES["phone"]) is passes


def test_an_email_with_a_domain_is_possible() -> None:
    field = Field("email", "email", check="possible")

    assert passes_check(normalise("a..b@example.com", field), field, TYPES["email"])
    assert not passes_check(normalise("a@b", field), field, TYPES["email"])


def read(document: Any) -> tuple[Field | None, list[Problem]]:
    """Return a field's document as a field and its problems."""
    problems: list[Problem] = []
    return parse_field(document, "fields[0]", problems), problems


def test_a_short_document_is_filled_with_defaults() -> None:
    field, problems = read({"key": "credit_score", "type": "number"})

    assert problems == []
    assert field == Field("credit_score", "number", "Credit score")


def test_a_full_document_is_read_as_it_is() -> None:
    document = {
        "key": "mobile",
        "type": "phone",
        "label": "Mobile phone",
        "required": True,
        "region": "us",
        "check": "possible",
        "sensitive": False,
        "aliases": ["cell", "Cell Phone"],
    }

    assert read(document)[0] == Field(
        "mobile", "phone", "Mobile phone", True, (), "US", "possible", False, ("cell", "Cell Phone")
    )


@pytest.mark.parametrize(
    ("document", "check"),
    [
        ({"key": "email", "type": "email", "required": True}, "valid"),
        ({"key": "email", "type": "email"}, "none"),
        ({"key": "phone_1", "type": "phone", "required": True}, "valid"),
        ({"key": "phone_1", "type": "phone", "required": True, "check": "none"}, "none"),
        ({"key": "state", "type": "state", "required": True}, "none"),
    ],
)
def test_a_required_phone_or_email_must_be_valid_unless_it_says_otherwise(document: Any, check: str) -> None:
    field, _ = read(document)

    assert field is not None
    assert field.check == check


@pytest.mark.parametrize(
    ("key", "sensitive"),
    [
        *[(key, True) for key in ("name", "email", "phone", "postal_code", "dob", "url", "ip", "certificate", "multi")],
        *[(key, False) for key in ("state", "country", "range", "datetime", "date", "number")],
    ],
)
def test_personal_types_are_sensitive_by_default(key: str, sensitive: bool) -> None:
    field, _ = read({"key": "some_field", "type": key})

    assert field is not None
    assert field.sensitive is sensitive


@pytest.mark.parametrize(
    ("document", "path", "code"),
    [
        ("email", "fields[0]", "wrong_type"),
        ({"type": "text"}, "fields[0].key", "missing_key"),
        ({"key": "First Name", "type": "text"}, "fields[0].key", "bad_key"),
        ({"key": "1st", "type": "text"}, "fields[0].key", "bad_key"),
        ({"key": "a" * 65, "type": "text"}, "fields[0].key", "bad_key"),
        ({"key": "a"}, "fields[0].type", "missing_key"),
        ({"key": "a", "type": "phon"}, "fields[0].type", "unknown_type"),
        ({"key": "a", "type": ["text"]}, "fields[0].type", "unknown_type"),
        ({"key": "a", "type": "text", "requird": True}, "fields[0].requird", "unknown_key"),
        ({"key": "a", "type": "text", "required": "yes"}, "fields[0].required", "wrong_type"),
        ({"key": "a", "type": "text", "label": 5}, "fields[0].label", "wrong_type"),
        ({"key": "a", "type": "choice"}, "fields[0].options", "options_needed"),
        ({"key": "a", "type": "choice", "options": "solar"}, "fields[0].options", "wrong_type"),
        ({"key": "a", "type": "choice", "options": ["A", "a"]}, "fields[0].options", "doubled"),
        ({"key": "a", "type": "choice", "options": ["A", ""]}, "fields[0].options", "wrong_type"),
        ({"key": "a", "type": "text", "options": ["A"]}, "fields[0].options", "not_used"),
        ({"key": "a", "type": "phone", "region": "XX"}, "fields[0].region", "unknown_region"),
        ({"key": "a", "type": "text", "region": "US"}, "fields[0].region", "not_used"),
        ({"key": "a", "type": "postal_code", "region": "EU"}, "fields[0].region", "unknown_region"),
        ({"key": "a", "type": "postal_code", "region": 1}, "fields[0].region", "unknown_region"),
        ({"key": "a", "type": "country", "region": "US"}, "fields[0].region", "not_used"),
        ({"key": "a", "type": "text", "country_field": "country"}, "fields[0].country_field", "not_used"),
        ({"key": "a", "type": "phone", "country_field": "The country"}, "fields[0].country_field", "wrong_type"),
        ({"key": "a", "type": "postal_code", "country_field": ["b"]}, "fields[0].country_field", "wrong_type"),
        ({"key": "a", "type": "range", "options": ["1-2"]}, "fields[0].options", "not_used"),
        ({"key": "a", "type": "multi", "options": ["A", "a"]}, "fields[0].options", "doubled"),
        ({"key": "a", "type": "text", "check": "strict"}, "fields[0].check", "wrong_value"),
        ({"key": "a", "type": "text", "aliases": [5]}, "fields[0].aliases", "wrong_type"),
        ({"key": "a", "type": "text", "aliases": [f"a{n}" for n in range(1001)]}, "fields[0].aliases", "too_many"),
    ],
)
def test_a_wrong_document_is_one_problem_with_an_address(document: Any, path: str, code: str) -> None:
    field, problems = read(document)

    assert field is None
    assert [(problem.path, problem.code) for problem in problems] == [(path, code)]


def test_several_choices_may_do_without_options_and_are_then_any_text() -> None:
    field, problems = read({"key": "tags", "type": "multi", "sensitive": False})

    assert problems == []
    assert field == Field("tags", "multi", "Tags")


@pytest.mark.parametrize(
    ("others", "codes"),
    [
        ([{"key": "country", "type": "country"}], []),
        ([{"key": "country", "type": "text"}], ["unknown_country_field"]),
        ([], ["unknown_country_field"]),
    ],
)
def test_a_country_field_is_a_country_of_the_same_flow(others: list[Any], codes: list[str]) -> None:
    documents = [{"key": "zip", "type": "postal_code", "country_field": "country"}, *others]
    fields = {f"fields[{n}]": parse_field(document, "", []) for n, document in enumerate(documents)}

    problems = check_together({at: field for at, field in fields.items() if field})

    assert [(problem.path, problem.code) for problem in problems] == [
        ("fields[0].country_field", code) for code in codes
    ]


@pytest.mark.parametrize(
    ("country", "region", "read_by"), [("DE", None, "DE"), ("DE", "US", "DE"), (None, "US", "US"), (None, None, None)]
)
def test_the_country_of_a_lead_counts_before_the_region_of_a_field(
    country: str | None, region: str | None, read_by: str | None
) -> None:
    field = Field("zip", "postal_code", region=region, country_field="country")

    assert in_country_of(field, {"country": country}).region == read_by


@pytest.mark.parametrize(
    ("born", "valid"),
    [
        ("2026-11-20", True),
        ("2026-11-21", False),
        ("1985-01-05", True),
        ("1901-01-01", True),
        ("1900-12-31", False),
        ("x", False),
    ],
)
def test_a_date_of_birth_is_valid_on_some_days(born: str, valid: bool) -> None:
    assert TYPES["dob"].is_valid_on(born, date(2026, 11, 20)) is valid


def test_all_problems_of_a_field_are_found_at_once() -> None:
    _, problems = read({"key": "A", "type": "nope", "check": "x", "extra": 1})

    assert {problem.code for problem in problems} == {"bad_key", "unknown_type", "wrong_value", "unknown_key"}


@pytest.mark.parametrize(
    ("key", "label"),
    [("credit_score", "Credit score"), ("phone_1", "Phone 1"), ("dob", "Date of birth"), ("ip", "IP"), ("zip", "ZIP")],
)
def test_a_key_is_readable_as_a_label(key: str, label: str) -> None:
    assert Field(key, "text").label == label
