"""Asking a pretend buyer without a network: the request of its connection in, the answer as the connection reads it."""

from typing import Any

from flowbuilder.demo.kept import make_credentials
from flowbuilder.demo.more_destinations import DESTINATIONS
from flowbuilder.demo.trading import Answer, Asked, Buyer
from rules import json_text
from rules.delivery.destination import Destination, parse_destination, split_secrets
from rules.delivery.request import HttpRequest, build_request
from rules.delivery.response import Answer as ReadAnswer
from rules.delivery.response import read_answer
from rules.delivery.wire import Reply

CREDENTIALS = make_credentials()


def ask(buyer: Buyer, fields: dict[str, Any], **offer: Any) -> tuple[ReadAnswer, Answer]:
    """Return the answer as its connection reads it, and as the buyer gave it."""
    answer = ask_raw(buyer, request_for(buyer, fields, **offer))
    headers = {"Content-Type": "application/json", **answer.headers}
    told = tuple((name.lower(), text) for name, text in headers.items())
    reply = Reply(answer.status, told, json_text.write(answer.body))
    return read_answer(destination_of(buyer)[0], reply), answer


def ask_raw(buyer: Buyer, request: HttpRequest) -> Answer:
    """Return what the buyer answers to a request."""
    return buyer.answer(Asked({name.lower(): text for name, text in request.headers}, request.body))


def request_for(buyer: Buyer, fields: dict[str, Any], *, key: str = "k1", is_test: bool = False) -> HttpRequest:
    """Return the request that the buyer's connection makes of a lead in normal form."""
    destination, credentials = destination_of(buyer)
    moment = "2026-11-20T18:41:58.120Z"
    offer = {"id": key, "lead_id": "L1", "attempt": 1, "is_test": is_test, "price": 42}
    offer |= {"received_at": moment, "sent_at": moment, "flow_name": "F", "source_name": "S", "buyer": "B"}
    return build_request(destination, {"lead": fields}, offer, credentials)


def destination_of(buyer: Buyer) -> tuple[Destination, dict[str, str]]:
    """Return the parsed destination of the buyer's connection, and its secrets."""
    document, secrets = split_secrets(DESTINATIONS[buyer.name][1](20_000, CREDENTIALS))
    problems: list[Any] = []
    destination = parse_destination(document, "destination", problems)
    assert destination, problems
    return destination, secrets
