"""Which posted name means which field, and what is wrong with a lead, all at once."""

from datetime import UTC, datetime

import pytest

from flowbuilder.intake.reading import LIKE, LeadForm, Reading
from rules.fields import TYPES, parse_field

FIELDS = [
    {"key": "email", "type": "email", "required": True},
    {"key": "phone_1", "type": "phone", "required": True, "region": "US", "aliases": ["Mobile Number", "tel"]},
    {"key": "state", "type": "state"},
    {"key": "product", "type": "choice", "options": ["solar", "roofing"]},
    {"key": "credit_score", "type": "number"},
]
LEAD = {"email": "ana@example.com", "phone_1": "512 555 0148"}


def form(documents: list[dict[str, object]] = FIELDS) -> LeadForm:
    """Return the form of a version with these fields."""
    fields = [parse_field(document, "fields", []) for document in documents]
    return LeadForm([field for field in fields if field], version=1, currency="USD")


def read(**posted: object) -> Reading:
    """Return what a post with a good address and number says beside them."""
    return form().read(LEAD | posted)


@pytest.mark.parametrize(
    "name",
    ["phone_1", "PHONE_1", "phone1", "Phone-1", "phone.1", " Phone 1 ", "Mobile Number", "mobile_number", "TEL"],
)
def test_a_field_is_found_by_its_key_and_its_aliases_whatever_the_case_and_separators(name: str):
    reading = form().read({"email": "ana@example.com", name: "512 555 0148"})
    assert (reading.values["phone_1"], reading.ignored, reading.problems) == ("+15125550148", [], [])


@pytest.mark.parametrize(
    "posted", [{"contact": {"state": "ca"}}, {"contact.state": "ca"}, {"a": {"b": {"State": "ca"}}}]
)
def test_a_nested_field_is_found_by_its_last_name(posted: dict[str, object]):
    assert read(**posted).values["state"] == "CA"


@pytest.mark.parametrize("name", ["contact.phone.1", "Lead.Contact.PHONE.1", "x.phone_1", "1.2.3.4.5.6.7.phone.1"])
def test_a_dotted_name_is_found_by_as_much_of_its_end_as_a_field_is_called(name: str):
    assert form().read({"email": "ana@example.com", name: "5125550148"}).values["phone_1"] == "+15125550148"


def test_a_name_of_dots_alone_is_looked_at_no_longer_than_others():
    name = "a." * 100_000 + "b"
    reading = read(**{name: 1})
    assert reading.ignored == [name[:100]]


def test_known_fields_are_kept_as_posted_under_their_own_keys():
    assert read(STATE="ca", tel="x").posted == {**LEAD, "state": "ca", "tel": "x"}


def test_unknown_fields_are_kept_where_they_were_and_reported():
    reading = read(utm={"source": "ads", "id": 7}, extra=[1, 2])
    assert reading.posted == {**LEAD, "utm": {"source": "ads", "id": 7}, "extra": [1, 2]}
    assert reading.ignored == ["utm.source", "utm.id", "extra"]


def test_the_exact_key_counts_before_another_spelling():
    reading = form().read({"Email": "old@example.com", "email": "new@example.com", "phone_1": "512 555 0148"})
    assert (reading.values["email"], reading.ignored) == ("new@example.com", ["Email"])


def test_the_first_of_two_other_spellings_counts():
    reading = read(STATE="CA", State="NV")
    assert (reading.values["state"], reading.posted["State"], reading.ignored) == ("CA", "NV", ["State"])


def test_two_fields_that_differ_in_separators_only_are_found_by_their_exact_names():
    fields = [{"key": "zip_1", "type": "text"}, {"key": "zip1", "type": "text"}]
    reading = form(fields).read({"zip_1": "a", "zip1": "b", "ZIP-1": "c"})
    assert (reading.values, reading.ignored) == ({"zip_1": "a", "zip1": "b"}, ["ZIP-1"])


def test_names_that_speak_of_the_post_itself_are_not_reported_as_unknown():
    assert read(lead_id="A-1", is_test=False, test_outcome="").ignored == []


def test_every_problem_is_reported_at_once():
    reading = form().read({"email": "nobody", "state": "Atlantis"})
    assert [(problem.path, problem.code) for problem in reading.problems] == [
        ("email", "invalid_email"),
        ("phone_1", "required"),
    ]


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("state", "Calif.", "It is not a valid state, like CA or California."),
        ("ip", "1.2.3", "It is not a valid IP address, like 203.0.113.7."),
        ("email", ["a@example.com", "b@example.com"], "It came as a list of 2: send one value, once."),
        ("email", ["a@example.com"], "It came as a list of 1: send one value, once."),
        ("state", {"code": "CA"}, "It came as an object: send one value, once."),
    ],
)
def test_what_is_no_valid_value_is_told_with_what_one_looks_like(kind: str, value: object, message: str):
    reading = form([{"key": "it", "label": "It", "type": kind, "required": True, "check": "valid"}]).read({"it": value})
    assert [(one.code, one.message) for one in reading.problems] == [(f"invalid_{kind}", message)]


@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"text", "name", "email", "phone", "choice", "multi"}))
def test_what_a_value_is_said_to_look_like_is_a_valid_one(kind: str):
    for value in LIKE[kind].replace(" and its number", "4f" * 19 + "0b").split(" or "):
        reading = form([{"key": "it", "type": kind, "required": True, "check": "valid"}]).read({"it": value})
        assert (reading.problems, reading.invalid) == ([], [])


@pytest.mark.parametrize("blank", [None, "", "   ", [], {}])
def test_a_blank_value_is_not_filled_in(blank: object):
    problems = form().read({"email": "ana@example.com", "phone_1": blank}).problems
    assert [(problem.path, problem.code) for problem in problems] == [("phone_1", "required")]


def test_a_value_that_is_no_valid_one_is_taken_when_its_field_is_not_required():
    reading = read(state="Atlantis", credit_score="many", product="boat")
    assert (reading.problems, reading.invalid) == ([], ["state", "product", "credit_score"])


def test_a_required_field_without_a_check_takes_any_filled_value():
    reading = form([{"key": "phone_1", "type": "phone", "required": True, "check": "none"}]).read(
        {"phone_1": "5555551234"}
    )
    assert (reading.problems, reading.invalid) == ([], ["phone_1"])


@pytest.mark.parametrize("says", [True, "true", "1", 1, "Yes", "on"])
def test_a_test_lead_needs_its_fields_filled_in_but_not_valid(says: object):
    reading = form().read({"email": "nobody", "is_test": says})
    assert reading.is_test
    assert [(problem.path, problem.code) for problem in reading.problems] == [("phone_1", "required")]


def test_a_test_lead_may_have_a_value_that_nobody_can_read():
    reading = form().read({"email": "ana@example.com", "phone_1": "any", "is_test": True})
    assert (reading.problems, reading.invalid) == ([], ["phone_1"])


@pytest.mark.parametrize("says", [False, "false", "0", "", None, 0, "no"])
def test_a_lead_is_no_test_unless_it_says_so(says: object):
    assert not read(is_test=says).is_test


def test_a_test_lead_may_ask_for_its_outcome():
    assert read(is_test=True, test_outcome="Sold").test_outcome == "sold"


def test_an_outcome_that_does_not_exist_is_a_problem_of_a_test_lead():
    problems = read(is_test=True, test_outcome="maybe").problems
    assert [(problem.path, problem.code) for problem in problems] == [("test_outcome", "unknown_test_outcome")]


def test_the_outcome_of_a_lead_that_says_that_it_is_no_test_is_not_asked_for():
    reading = read(test_outcome="sold", is_test=False)
    assert (reading.test_outcome, reading.problems) == (None, [])


def test_a_lead_that_asks_for_an_outcome_and_does_not_say_whether_it_is_a_test_is_not_sold():
    problems = read(test_outcome="rejected").problems
    assert [(problem.path, problem.code) for problem in problems] == [("test_outcome", "not_a_test")]
    assert read(test_outcome="").problems == []


PLACES = [
    {"key": "postal_code", "type": "postal_code", "required": True, "check": "valid", "country_field": "country"},
    {"key": "country", "type": "country"},
]


@pytest.mark.parametrize(
    ("country", "code", "value", "codes"),
    [
        ("Germany", "D-10115", "10115", []),
        ("AT", 1010, "1010", []),
        ("United Kingdom", "sw1a1aa", "SW1A 1AA", []),
        ("Germany", "SW1A 1AA", "SW1A 1AA", ["invalid_postal_code"]),
        ("", "k1a0b1", "K1A 0B1", []),
    ],
)
def test_a_postal_code_is_read_as_one_of_the_country_that_the_lead_names(
    country: str, code: object, value: str, codes: list[str]
):
    reading = form(PLACES).read({"postal_code": code, "country": country})
    assert (reading.values["postal_code"], [problem.code for problem in reading.problems]) == (value, codes)


@pytest.mark.parametrize(("born", "invalid"), [("1960-03-01", []), ("2030-01-01", ["dob"]), ("1850-01-01", ["dob"])])
def test_a_date_of_birth_is_a_day_in_the_past(born: str, invalid: list[str]):
    dates = form([{"key": "dob", "type": "dob"}])
    assert dates.read({"dob": born}, now=datetime(2026, 11, 20, tzinfo=UTC)).invalid == invalid


def test_several_choices_come_as_a_list():
    document = {"key": "interests", "type": "multi", "options": ["solar", "roofing"]}
    reading = form([document]).read({"interests": ["Solar", "roofing"]})
    assert (reading.values, reading.invalid) == ({"interests": ["solar", "roofing"]}, [])
