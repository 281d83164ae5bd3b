"""What a seller agrees with a supplier is checked before it is stored."""

from decimal import Decimal

import pytest

from flowbuilder.sources.terms import Terms, read_terms
from rules.fields import Field

CAP = {"limit": 100, "per": "day"}


@pytest.mark.parametrize(
    ("settings", "terms"),
    [
        ({}, Terms()),
        ({"cost": 31}, Terms(cost={"fixed": 31})),
        ({"cost": Decimal("31.50")}, Terms(cost={"fixed": Decimal("31.50")})),
        ({"cost": {"share": 75}}, Terms(cost={"share": 75})),
        ({"caps": [CAP]}, Terms(caps=[CAP])),
        ({"caps": []}, Terms()),
        ({"accept_if": {"filled": [{"var": "lead.email"}]}}, Terms(accept_if={"filled": [{"var": "lead.email"}]})),
    ],
)
def test_good_terms_are_kept_as_they_were_written(settings, terms):
    assert read_terms(settings, fields=[Field("email", "email")]) == (terms, [])


@pytest.mark.parametrize(
    ("settings", "path", "code"),
    [
        ({"cost": True}, "cost", "not_money"),
        ({"cost": -1}, "cost", "not_money"),
        ({"cost": 10**12}, "cost", "not_money"),
        ({"cost": Decimal("1.005")}, "cost", "too_many_decimals"),
        ({"cost": {"fixed": 1, "share": 2}}, "cost", "not_a_cost"),
        ({"cost": {"percent": 2}}, "cost", "not_a_cost"),
        ({"cost": [1]}, "cost", "not_money"),
        ({"cost": {"share": "most"}}, "cost", "not_a_share"),
        ({"cost": {"share": Decimal("100.01")}}, "cost", "not_a_share"),
        ({"caps": [CAP, CAP]}, "caps[1].per", "period_used_twice"),
        ({"caps": "none"}, "caps", "not_a_list"),
        ({"caps": False}, "caps", "not_a_list"),
    ],
)
def test_bad_terms_are_told_with_their_address(settings, path, code):
    assert (path, code) in [(problem.path, problem.code) for problem in read_terms(settings)[1]]


def test_yen_have_no_decimals():
    assert read_terms({"cost": 1000}, currency="JPY")[1] == []
    assert [problem.code for problem in read_terms({"cost": Decimal("10.5")}, currency="JPY")[1]] == [
        "too_many_decimals"
    ]


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"categories": [" solar ", "Roofing", "solar"]}, Terms(categories=["solar", "Roofing"])),
        ({"redirect_hosts": ["WWW.Example.com"]}, Terms(redirect_hosts=["www.example.com"])),
        ({"categories": [], "redirect_hosts": []}, Terms()),
    ],
)
def test_categories_and_hosts_are_kept_each_once(settings, kept):
    assert read_terms(settings) == (kept, [])


@pytest.mark.parametrize(
    ("settings", "path", "code"),
    [
        ({"categories": "solar"}, "categories", "not_texts"),
        ({"categories": [1]}, "categories", "not_texts"),
        ({"categories": [" "]}, "categories", "not_texts"),
        ({"categories": ["x" * 121]}, "categories", "too_many"),
        ({"categories": [str(n) for n in range(51)]}, "categories", "too_many"),
        ({"redirect_hosts": ["www.example.com", "https://a.example"]}, "redirect_hosts[1]", "not_a_host"),
        ({"redirect_hosts": ["*"]}, "redirect_hosts[0]", "not_a_host"),
        ({"caps": [{**CAP, "when_full": "explode"}]}, "caps[0].when_full", "not_an_option"),
    ],
)
def test_what_is_no_category_host_or_way_is_told(settings, path, code):
    assert [(problem.path, problem.code) for problem in read_terms(settings)[1]] == [(path, code)]
