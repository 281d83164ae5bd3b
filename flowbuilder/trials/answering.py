"""What buyers and services answer in a test run, made of what was typed."""

from collections.abc import Mapping
from decimal import ROUND_DOWN
from typing import Any, cast, get_args, get_type_hints

from flowbuilder.trials.inputs import Said
from rules.bounds import RuleError
from rules.delivery.destination import Destination
from rules.delivery.response import Answer, read_answer
from rules.delivery.wire import Reply
from rules.dry_run import MadeUp, MadeUpFind
from rules.flow import Flow
from rules.money import exponent_of, money
from rules.steps import LookUp

OF_BUYERS: tuple[str, ...] = get_args(get_type_hints(MadeUp)["answer"])
OF_SERVICES: tuple[str, ...] = get_args(get_type_hints(MadeUpFind)["answer"])
KINDS = {"accepted": "accepted", "declined": "declined", "error": "error", "ambiguous": "timeout"}
"""What an answer that was read means for the offer: one that is not clear is taken like no answer."""


def made_up(
    rules: Flow, said: Mapping[str, Said], destinations: Mapping[str, Destination]
) -> tuple[dict[str, MadeUp], dict[str, MadeUpFind]]:
    """Return the answers of buyers and those of services, by step; words that mean nothing are left out."""
    finds = {
        step: MadeUpFind(cast(Any, one.answer or "found"), one.values)
        for step, one in said.items()
        if isinstance(rules.step(step), LookUp) and (one.answer or "found") in OF_SERVICES
    }
    answers = {
        step: _made_up(one, rules.currency, destinations.get(buyer.connection))
        for step, one in said.items()
        if (buyer := rules.buyer(step))
    }
    return answers, finds


def read_reply(text: str, destination: Destination) -> Answer:
    """Return what an answer that was typed means: its status on the first line, its body on those below.

    Without a status it is 200.
    """
    first, _, rest = text.strip().partition("\n")
    status = first.strip().removeprefix("HTTP/1.1 ")[:3]
    is_status = status.isdecimal() and len(first.strip()) < 40 and 100 <= int(status) <= 599
    body = (rest if is_status else text).strip()
    kind = "application/xml" if body.startswith("<") else "application/json" if body[:1] in "{[" else "text/plain"
    return read_answer(destination, Reply(int(status) if is_status else 200, (("content-type", kind),), body.encode()))


def _made_up(said: Said, currency: str, destination: Destination | None) -> MadeUp:
    bid = _minor(said.bid, currency)
    if said.reply.strip() and destination:
        answer = read_reply(said.reply, destination)
        exponent = exponent_of(currency)
        price = None if answer.price is None else int(answer.price.scaleb(exponent).to_integral_value(ROUND_DOWN))
        return MadeUp(cast(Any, KINDS[answer.kind]), price, answer.reason, bid)
    word = said.answer if said.answer in OF_BUYERS else "accepted"
    return MadeUp(cast(Any, word), _minor(said.price, currency), said.reason or None, bid)


def _minor(text: str, currency: str) -> int | None:
    """Return an amount that was typed in minor units, None where there is none to read."""
    try:
        return money(text, exponent_of(currency)) if text.strip() else None
    except RuleError:
        return None
