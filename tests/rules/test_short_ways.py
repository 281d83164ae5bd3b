"""The short ways of email addresses and phone numbers say exactly what the libraries say."""

import random

import phonenumbers
import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import north_american
from rules.fields import Field, Normal
from rules.fields.email import RESERVED, SHARED_MAILBOXES, EmailType
from rules.fields.phone import PhoneType

SHAPES = (
    *("{}{}{}", "({}) {}-{}", "({}){}-{}", "{}-{}-{}", "{}.{}.{}", "{} {} {}", "1{}{}{}", "1-{}-{}-{}"),
    *("+1{}{}{}", "+1 ({}) {}-{}", "1 ({}) {}-{}", "+1.{}.{}.{}", "+1-{} {}{}"),
)
REGIONS = ("US", "CA", None, "DE", "BS", "GB")
OTHER_SHAPES = ("{}{}{}x12", "+{}{}{}", "0{}{}{}", "{}-{}", "001{}{}{}", "(1){}{}{}", "+1+{}{}{}", "{} {} {} ext. 5")


def by_library(text: str, region: str | None) -> Normal:
    """Return what the library alone makes of a phone number; one that it writes as another number stays as it is."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return Normal(text, False)
    if not phonenumbers.is_possible_number(number):
        return Normal(text, False)
    written, valid = e164(number), phonenumbers.is_valid_number(number)
    is_itself = e164(phonenumbers.parse(written)) == written if len(written) > 4 else False
    return Normal(written, valid) if valid or is_itself else Normal(text, False)


def e164(number: phonenumbers.PhoneNumber) -> str:
    """Return a number in its normal form."""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def some_numbers(shapes: tuple[str, ...], count: int) -> list[tuple[str, str | None]]:
    """Return written numbers with every area code, each in some region."""
    chance = random.Random(7)
    return [
        (
            chance.choice(shapes).format(
                f"{n % 1000:03}", f"{chance.randrange(1000):03}", f"{chance.randrange(10**4):04}"
            ),
            chance.choice(REGIONS),
        )
        for n in range(count)
    ]


@pytest.mark.parametrize(("shapes", "count"), [(SHAPES, 30_000), (OTHER_SHAPES, 5_000)], ids=["plain", "other"])
def test_a_phone_number_is_read_as_the_library_reads_it(shapes: tuple[str, ...], count: int):
    phone = PhoneType()
    different = [
        (text, region)
        for text, region in some_numbers(shapes, count)
        if phone.read(text, Field("phone", "phone", region=region)) != by_library(text, region)
    ]
    assert different == []


@pytest.mark.parametrize("shape", SHAPES)
def test_the_short_way_is_taken_by_what_is_plainly_written(shape: str):
    assert north_american.read_plain(shape.format("512", "555", "0148"), "US") == "5125550148"


LABELS = (
    *("example", "Example", "mail", "x", "1", "a-b", "a--b", "ab--cd", "xn--4dbc", "-a", "a-", "a" * 63, "a" * 64),
    *("com", "COM", "c", "co1", "test", "local", "localhost", "arpa", "onion", "invalid", "info", "Sales", "a_b", ""),
)
WORD = st.sampled_from(LABELS) | st.text(alphabet="abXY09-_+.'é ", min_size=1, max_size=8)


def test_the_names_that_are_looked_at_are_those_of_the_library():
    assert {name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES} == RESERVED
    assert set(CASE_INSENSITIVE_MAILBOX_NAMES) == SHARED_MAILBOXES


@settings(max_examples=1500)
@given(st.lists(WORD, min_size=1, max_size=3), st.lists(WORD, min_size=1, max_size=4))
def test_an_address_is_valid_and_written_as_the_library_says(user: list[str], domain: list[str]):
    text = f"{'.'.join(user)}@{'.'.join(domain)}".strip()
    try:
        expected = Normal(validate_email(text, check_deliverability=False, test_environment=True).normalized, True)
    except EmailNotValidError:
        expected = Normal(None, False)
    found = EmailType().read(text, Field("email", "email"))
    assert found.valid == expected.valid
    assert not found.valid or found == expected


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Ana.Silva@Example.COM", "Ana.Silva@example.com"),
        ("INFO@example.com", "info@example.com"),
        ("a+b_c-d@mail.example.co.uk", "a+b_c-d@mail.example.co.uk"),
        ("ana@b.test", "ana@b.test"),
        ("ana@xn--bcher-kva.example", "ana@bücher.example"),
        ("o'neil@example.com", "o'neil@example.com"),
    ],
)
def test_an_address_in_its_normal_form(text: str, normal: str):
    assert EmailType().read(text, Field("email", "email")) == Normal(normal, True)
