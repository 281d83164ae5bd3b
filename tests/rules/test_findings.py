"""Each finding: a flow that has it, the place at which it is put right, and the sentence that a seller reads."""

import re
from decimal import Decimal
from typing import Any

import pytest

from rules.account_lint import Account, Known, lint_in
from rules.findings import BLOCK, FINDINGS, OF_ACCOUNTS, OF_FLOWS, finding
from rules.flow import parse_flow
from rules.lint import lint
from rules.places import place_of
from tests.rules.flows import document
from tests.support.cases import rows

JARGON = re.compile(r"\[\d+\]|[a-z]_[a-z]|continue_if|null|\bvar\b|document", re.ASCII)
"""What no sentence for a seller has in it, unless it quotes: addresses, keys of settings, words of programmers."""


def an_account(written: dict[str, Any]) -> Account:
    """Return an account with connections, each by its name, state and destination, and what leads cost."""
    connections = {
        shown: Known(one["name"], one.get("state", "active"), {"url": "https://buyer.example/leads", **one["to"]})
        for shown, one in written.get("connections", {}).items()
    }
    return Account(connections, {name: Decimal(str(cost)) for name, cost in written.get("costs", {}).items()})


@pytest.mark.parametrize(("code", "steps", "settings", "around", "place", "sentence"), rows("findings.json"))
def test_each_finding_says_what_to_do_and_where(
    code: str, steps: list[Any], settings: dict[str, Any], around: dict[str, Any], place: list[str], sentence: str
) -> None:
    written = document(*steps, **settings)
    flow, problems = parse_flow(written)
    assert flow, problems
    found = [problem for problem in (*lint(flow), *lint_in(an_account(around), flow)) if problem.code == code]
    assert [problem.message for problem in found] == [sentence]
    assert list(place_of(written, found[0].path)) == place
    assert found[0].severity == ("error" if code in BLOCK else "warning")


@pytest.mark.parametrize(("code", "steps", "settings", "place", "sentence"), rows("often_wrong.json"))
def test_what_is_often_wrong_says_what_to_do_and_where(
    code: str, steps: list[Any], settings: dict[str, Any], place: list[str], sentence: str
) -> None:
    written = document(*steps, **settings)
    _, problems = parse_flow(written)
    [problem] = [problem for problem in problems if problem.code == code]
    assert (problem.message, problem.severity) == (sentence, "error")
    assert list(place_of(written, problem.path)) == place


def test_the_table_has_every_finding_once_and_no_other() -> None:
    codes = [row.values[0] for row in rows("findings.json")]
    assert sorted(codes) == sorted(FINDINGS)
    assert not OF_FLOWS.keys() & OF_ACCOUNTS.keys()


@pytest.mark.parametrize("table", ["findings.json", "often_wrong.json"])
def test_sentences_are_for_sellers(table: str) -> None:
    for sentence in (str(row.values[-1]) for row in rows(table)):
        assert not JARGON.search(re.sub("“.*?”", "", sentence)), sentence
        assert sentence.endswith((".", "?"))
        assert not sentence[0].islower()


def test_a_code_that_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError):
        finding("steps", "whatever", "Whatever.")


def test_buyers_that_are_off_are_passed_by() -> None:
    paused = {"connections": {"con_a": {"name": "Helio", "state": "paused", "to": {}}}}
    off = {"buyer": {"id": "a", "connection": "con_a", "price": 1, "off": True}}
    flow, _ = parse_flow(document(off))
    assert flow is not None
    assert lint_in(an_account(paused), flow) == []
