"""What buyers answer to pings, where nothing but a plain amount is a bid, and to the news that they lost."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from typing import Literal

from rules.delivery.destination import Destination
from rules.delivery.ping import Ping
from rules.delivery.response import AMBIGUOUS, ERRORS, Answer, at, look_into, read_retry_after, say_status
from rules.delivery.texts import one_line
from rules.delivery.wire import Reply
from rules.money import exponent_of, money
from rules.numbers import as_number

LONGEST_BID_ID = 200
LONGEST_AMOUNT = 18
"""Digits past which an amount is not worked out: it is too much in any case."""
TOO_MUCH = 10**18


@dataclass(frozen=True, slots=True)
class Bid:
    """An answer to a ping: `amount` in minor units where there is a bid, otherwise what the buyer `said`."""

    answer: Literal["bid", "no_bid", "error"]
    amount: int | None = None
    bid_id: str | None = None
    said: str = ""


def read_bid(destination: Destination, reply: Reply, currency: str, highest: int | None = None) -> Bid:
    """Return the bid that a reply holds. Never raises.

    No bid is what is blank, not a number, zero, negative, or more than any bid can be: the connection's highest one, or
    `highest` (minor units) where the step says less. More decimals than the currency has are rounded down.
    """
    ping, status = destination.ping, reply.status
    if ping is None or status in ERRORS or status in AMBIGUOUS or status in destination.answers.errors:
        return Bid("error", said=f"the server answered {status}")
    if not 200 <= status < 300:
        return Bid("no_bid", said=say_status(status))
    seen, _, unreadable = look_into(reply, destination.answers.format)
    if unreadable:
        return Bid("no_bid", said=unreadable)
    said, written = one_line(at(seen, ping.reason_path)), at(seen, ping.bid_path)
    amount = _amount(written, currency)
    if amount is None:
        return Bid("no_bid", said=said or _say_unusable(written))
    most = _most(ping, currency, highest)
    if amount > most:
        return Bid("no_bid", said=f"a bid of {one_line(written, 40)} is more than any bid can be here")
    return Bid("bid", amount, one_line(at(seen, ping.bid_id_path), longest=LONGEST_BID_ID) or None, said)


def _amount(written: object, currency: str) -> int | None:
    """Return an amount above zero in minor units, None for everything else."""
    number = as_number(written)
    if number is None or number <= 0:
        return None
    exact = Decimal(number)
    if exact.adjusted() > LONGEST_AMOUNT:
        return TOO_MUCH
    return int(exact.scaleb(exponent_of(currency)).to_integral_value(ROUND_DOWN)) or None


def _most(ping: Ping, currency: str, highest: int | None) -> int:
    own = _in_minor_units(ping.highest_bid, currency)
    return own if highest is None else min(own, highest)


@lru_cache(maxsize=256)
def _in_minor_units(amount: Decimal, currency: str) -> int:
    return money(amount, exponent_of(currency))


def _say_unusable(written: object) -> str:
    return "" if written in (None, "") else f"“{one_line(written, 40)}” is no bid"


def read_feedback_answer(reply: Reply) -> Answer:
    """Return what became of it by the status alone: taken, to be tried again, or refused for good."""
    status = reply.status
    if 200 <= status < 300:
        return Answer("accepted")
    if status in ERRORS or status in AMBIGUOUS:
        return Answer("error", "error", say_status(status), retry_after=read_retry_after(reply))
    return Answer("declined", "rejected", say_status(status))
