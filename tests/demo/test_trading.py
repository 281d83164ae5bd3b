"""What the demo's buyers decide, asked with the very requests that their connections make."""

from decimal import Decimal

import pytest

from flowbuilder.demo.trading import Asked, BrightRoof, Helio, Sunrise
from tests.support.pretend_buyers import CREDENTIALS, ask, ask_raw, request_for

PERSON = {"first_name": "Ana", "email": "ana@example.com", "phone_1": "+15125550148", "state": "CA"}


def lead(**fields):
    return {**PERSON, "postal_code": "94105", **fields}


@pytest.mark.parametrize(
    ("buyer", "fields", "kind", "said"),
    [
        (Sunrise, lead(credit_score=Decimal(640)), "accepted", ""),
        (Sunrise, lead(), "accepted", ""),
        (Sunrise, lead(credit_score=Decimal(599)), "declined", "Credit score below 600"),
        (BrightRoof, lead(monthly_bill=Decimal("149.50")), "declined", "Monthly bill below our minimum"),
        (BrightRoof, lead(roof_age=Decimal(31)), "declined", "Roof too old for our crews"),
        (Helio, lead(credit_score=Decimal(549)), "declined", "No lender for this score"),
        (Helio, lead(credit_score=Decimal(550)), "accepted", ""),
    ],
)
def test_each_buyer_wants_what_it_wants(buyer, fields, kind, said):
    answer, _ = ask(buyer(CREDENTIALS), fields)
    assert (answer.kind, answer.said) == (kind, said)


@pytest.mark.parametrize(
    ("fields", "price"),
    [(lead(monthly_bill=Decimal(200)), "28.00"), (lead(monthly_bill=Decimal(203)), "28.15"),
     (lead(roof_age=Decimal(15)), "45.00")],
)  # fmt: skip
def test_brightroof_says_what_it_pays(fields, price):
    assert ask(BrightRoof(CREDENTIALS), fields)[0].price == Decimal(price)


@pytest.mark.parametrize("kind", [Sunrise, BrightRoof, Helio])
def test_the_same_key_gets_the_same_answer_and_another_key_hears_duplicate(kind):
    buyer = kind(CREDENTIALS)
    first, again, other = (ask(buyer, lead(monthly_bill=Decimal(200)), key=key)[0] for key in ("k1", "k1", "k2"))
    assert first == again
    assert first.kind == "accepted"
    assert first.reference
    assert (other.kind, other.reason) == ("declined", "duplicate")


def test_a_test_lead_is_not_remembered_as_bought():
    buyer = Sunrise(CREDENTIALS)
    tried, sold = ask(buyer, lead(), key="k1", is_test=True)[0], ask(buyer, lead(), key="k2")[0]
    assert (tried.kind, sold.kind) == ("accepted", "accepted")


def test_helio_is_busy_at_first_for_codes_that_end_in_7():
    buyer = Helio(CREDENTIALS)
    busy, again = (ask(buyer, lead(postal_code="90007"))[0] for _ in range(2))
    assert (busy.kind, busy.retry_after) == ("error", 2)
    assert again.kind == "accepted"


def test_helio_takes_the_lead_but_is_silent_at_first_for_codes_that_end_in_3():
    buyer = Helio(CREDENTIALS)
    silent, again = (ask_raw(buyer, request_for(buyer, lead(postal_code="90003"))) for _ in range(2))
    assert silent.after > 2
    assert again.after < 2
    assert silent.body == again.body
    assert again.body["success"] is True


@pytest.mark.parametrize("kind", [Sunrise, BrightRoof, Helio])
def test_a_stranger_is_sent_away(kind):
    buyer, stranger = kind(CREDENTIALS), kind({name: f"{text}x" for name, text in CREDENTIALS.items()})
    assert ask_raw(stranger, request_for(buyer, lead())).status == 401


def test_helio_believes_no_body_that_was_changed_on_the_way():
    buyer = Helio(CREDENTIALS)
    request = request_for(buyer, lead())
    headers = {name.lower(): text for name, text in request.headers}
    assert buyer.answer(Asked(headers, request.body)).status == 200
    assert buyer.answer(Asked(headers, request.body + b" ")).status == 401
