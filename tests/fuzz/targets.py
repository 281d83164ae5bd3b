"""What is fuzzed: functions that take bytes and fail when a promise about all inputs is broken.

Each has a folder of its name under `corpus/`; `python -m tests.fuzz TARGET` looks for more, `test_corpus.py` replays.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from flowbuilder import addresses
from rules import json_text, xml_text
from rules.delivery import url
from rules.delivery.destination import Destination, parse_destination
from rules.delivery.response import read_answer
from rules.delivery.wire import Reply
from rules.logic import RuleError, check_rule, compile_rule
from rules.problems import Problem
from rules.values import check_value, compile_value
from rules.wording import say_rule, say_value
from tests.support.a_lead import FIELDS, data_of

LEAD = {
    "email": "ana@example.com",
    "phone_1": "(512) 867-5309",
    "state": "CA",
    "monthly_bill": "$180",
    "dob": "1985-01-05",
}
DATA = data_of(LEAD)


def fuzz_json(data: bytes) -> None:
    """Foreign JSON is read or refused with a sentence; what was read is written as JSON that reads the same."""
    try:
        value = json_text.read(data)
    except json_text.JsonProblem as problem:
        must_say(problem.message)
        return
    assert json_text.read(json_text.write(value)) == value


def fuzz_xml(data: bytes) -> None:
    """Foreign XML is read or refused with a sentence; what was read is written as XML that reads the same."""
    try:
        root, value = xml_text.read(data)
    except xml_text.XmlProblem as problem:
        must_say(problem.message)
        return
    with suppress(xml_text.XmlProblem):
        assert isinstance(xml_text.write(root, value), bytes)


def fuzz_rules(data: bytes) -> None:
    """A rule has a value or raises a RuleError, its trace has the same value, and it can be said."""
    try:
        document = json_text.read(data)
    except json_text.JsonProblem:
        return
    rule, seen = document if isinstance(document, list) and len(document) == PAIR else (document, DATA)
    assert say_rule(rule, FIELDS)
    found = outcome(rule, seen)
    assert found == outcome(rule, seen, traced=True)
    if not check_rule(rule, "", FIELDS, names=None):
        compile_rule(rule, FIELDS)


PAIR = 2
"""A list of two is a rule and the data to decide it on."""


def outcome(rule: Any, data: Any, *, traced: bool = False) -> str:
    """Return a rule's value or the code of its error; a trace may cost twice as much, so that bounds are one."""
    try:
        compiled = compile_rule(rule, FIELDS)
        return repr(compiled.trace(data).value if traced else compiled(data))
    except RuleError as error:
        must_say(error.message)
        return "error"


def fuzz_templates(data: bytes) -> None:
    """A text with names in braces has problems, or fills in to a text; it can be said either way."""
    text = data.decode("utf-8", "replace")
    assert isinstance(say_value(text, FIELDS), str)
    problems = check_value(text, "mapping[0]", FIELDS)
    try:
        filled = compile_value(text, FIELDS)(DATA)
    except RuleError as error:
        must_say(error.message)
        return
    assert isinstance(filled, str)
    assert problems or "{{" not in text or filled != text or "{{}}" in text


def fuzz_addresses(data: bytes) -> None:
    """An address is refused, or taken apart and put together to one that reads the same; none leads inside."""
    text = data.decode("utf-8", "replace")
    try:
        target = url.parse(text)
    except url.BadUrl as problem:
        must_say(str(problem))
        return
    assert url.parse(target.url) == target
    assert target.url.isascii()
    with suppress(addresses.AddressBlocked, addresses.AddressUnresolved):
        checked = addresses.check(text, resolve=lambda _host: ["93.184.215.14"])
        assert all(addresses.is_public(address) for address in checked)
    with suppress(addresses.AddressBlocked, addresses.AddressUnresolved):
        reached = addresses.check(text, resolve=lambda _host: ["10.0.0.8"])
        assert target.is_literal
        assert all(addresses.is_public(address) for address in reached)


def fuzz_answers(data: bytes) -> None:
    """A buyer's answer, whatever its status, headers and body are, is one of four kinds in one line of words."""
    head, _, body = data.partition(b"\n\n")
    status, _, rest = head.decode("latin-1").partition("\n")
    headers = tuple(
        (name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in rest.split("\n"))
    )
    reply = Reply(
        int(status) if status.isascii() and status.isdigit() and len(status) == STATUS else 200, headers, body
    )
    for destination in DESTINATIONS:
        answer = read_answer(destination, reply)
        assert answer.kind in ("accepted", "declined", "error", "ambiguous")
        assert "\n" not in answer.said
        assert answer.price is None or answer.price >= 0


def must_say(message: str) -> None:
    """Fail unless a refusal says something to a person."""
    assert message.strip(), "an error without words"


STATUS = 3


def a_destination(**settings: Any) -> Destination:
    """Return a destination that reads answers in some way."""
    problems: list[Problem] = []
    document = {
        "url": "https://api.sunrise.example.com/leads",
        "price_path": "body.price",
        "reason_path": "body.reason",
    }
    made = parse_destination(document | {"reference_path": "body.id"} | settings, "destination", problems)
    assert made is not None, problems
    return made


DESTINATIONS = (
    a_destination(),
    a_destination(accepted_if={"is": [{"var": "body.status"}, "accepted"]}),
    a_destination(accepted_if={"at_least": [{"var": "body.price"}, 10]}),
    a_destination(accepted_if={"contains": [{"var": "body"}, "ok"]}),
)

TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "json": fuzz_json,
    "xml": fuzz_xml,
    "rules": fuzz_rules,
    "templates": fuzz_templates,
    "addresses": fuzz_addresses,
    "answers": fuzz_answers,
}
