"""Pairs of the same person, posted at the same instant and spelt differently: each is sold once.

python -m tests.chaos.pairs [pairs] [workers]     500 pairs, 3 workers

At the door one of the two is a duplicate. At a buyer one of the two is offered there, and the other goes to the next.
"""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import requests

from flowbuilder import db, embedded
from tests.support.buyers import Buyer, a_buyer, accepting
from tests.support.command import in_private, numbers
from tests.support.flows import SURELY, buyer
from tests.support.market import a_market
from tests.support.verdicts import Verdict, report
from tests.support.yard import Yard, a_yard

PAIRS, WORKERS = 500, 3
AT_ONCE = 16
FIELDS = [
    {"key": "email", "type": "email", "required": True},
    {"key": "phone_1", "type": "phone", "region": "US", "check": "none"},
    {"key": "state", "type": "state"},
]
SAME = {"by": ["email", "phone_1"], "match": "any", "within": "30d"}
NOBODY_IS_OPEN = "(SELECT count(*) FROM lead WHERE state <> 'done') = 0"


def spelt(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the same person twice: the same address in other letters, or the same phone in other groups."""
    phone = f"512{555_0000 + number:07}"
    plain = {"email": f"person{number}@example.com", "phone_1": f"+1{phone}", "state": "CA"}
    if number % 2:
        return plain, {"email": f" Person{number}@EXAMPLE.com", "state": "CA"}
    return plain, {**plain, "email": f"other{number}@example.com", "phone_1": f"({phone[:3]}) {phone[3:6]}-{phone[6:]}"}


def post_pairs(yard: Yard, pairs: int) -> None:
    """Post all pairs, the two of each at the same instant and both on connections of their own.

    Those of every other pair wait for an answer, so that they go straight to a loop where one takes them.
    """
    address, key = yard.address()
    local = threading.local()

    def post(person: dict[str, Any], together: threading.Barrier, wait: str) -> None:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        together.wait(60)
        answer = local.session.post(address, json=person, headers={"X-API-Key": key}, params={"wait": wait}, timeout=60)
        answer.raise_for_status()

    with ThreadPoolExecutor(2 * AT_ONCE) as threads:
        waits = []
        for number in range(pairs):
            together = threading.Barrier(2)
            wait = "5" if number % 4 < 2 else "0"
            waits += [threads.submit(post, person, together, wait) for person in spelt(number)]
        for one in waits:
            one.result()
    yard.market.wait_until(NOBODY_IS_OPEN, 120)


def at_the_door(yard: Yard, sunrise: Buyer, pairs: int, scope: str) -> Verdict:
    """Have the door tell duplicates among the leads of the flow or of the seller."""
    steps = [buyer(yard.market.connect(sunrise, **SURELY))]
    yard.market.publish(steps, fields=FIELDS, intake={"duplicates": {**SAME, "scope": scope}})
    before = len(sunrise.seen)
    post_pairs(yard, pairs)
    ends = Counter(lead.outcome for lead in yard.market.leads() if lead.flow_id == yard.market.flow_id)
    figures = (
        f"{pairs} pairs: {ends['sold']} sold, {ends['duplicate']} duplicates, {len(sunrise.seen) - before} offered"
    )
    right = ends == {"sold": pairs, "duplicate": pairs} and len(sunrise.seen) - before == pairs
    return Verdict(f"pairs at the door of a {scope}", figures, [] if right else [figures])


def at_a_buyer(yard: Yard, sunrise: Buyer, helio: Buyer, pairs: int) -> Verdict:
    """Have the first buyer refuse whom it has; the second takes everybody."""
    first = buyer(yard.market.connect(sunrise, **SURELY), "s1", duplicates=SAME)
    yard.market.publish([first, buyer(yard.market.connect(helio, **SURELY), "s2")], fields=FIELDS)
    before = len(sunrise.seen), len(helio.seen)
    post_pairs(yard, pairs)
    new = len(sunrise.seen) - before[0], len(helio.seen) - before[1]
    figures = f"{pairs} pairs: {new[0]} offered to the buyer that asks, {new[1]} to the next one"
    return Verdict("pairs at a buyer", figures, [] if new == (pairs, pairs) else [figures])


@contextmanager
def a_market_place(servers: embedded.Servers, workers: int) -> Iterator[tuple[Yard, Buyer, Buyer]]:
    """Give a yard with its web and workers, and two buyers that take all they are offered."""
    db.migrate(servers.database_url)
    with (
        a_buyer(accepting) as sunrise,
        a_buyer(accepting) as helio,
        a_market(servers.database_url, servers.redis_url) as market,
        a_yard(market, servers) as yard,
    ):
        market.allowed.extend([("127.0.0.1", sunrise.port), ("127.0.0.1", helio.port)])
        yard.open()
        yard.hire(workers)
        market.wait_until(f"(SELECT count(*) FROM worker) >= {workers}", 60)
        yield yard, sunrise, helio


def verdicts(yard: Yard, sunrise: Buyer, helio: Buyer, pairs: int) -> list[Verdict]:
    """Post the pairs to a flow, to a seller and to a buyer that do not want anybody twice."""
    proofs: list[Callable[[], Verdict]] = [
        lambda: at_the_door(yard, sunrise, pairs, "flow"),
        lambda: at_the_door(yard, sunrise, pairs, "seller"),
        lambda: at_a_buyer(yard, sunrise, helio, pairs),
    ]
    return [proof() for proof in proofs]


def handed_over(yard: Yard) -> Verdict:
    """Return whether posts went straight to a loop; only loops that carry for some seconds take them."""
    many = yard.handed_over()
    figures = f"{many} posts went straight to a loop"
    return Verdict("pairs that were handed over", figures, [] if many.isdigit() and int(many) else [figures])


def main(words: Sequence[str]) -> int:
    """Run it and print the verdicts; return 1 when somebody is sold twice, or not at all."""
    pairs, workers = numbers(words, PAIRS, WORKERS)
    with in_private("pairs") as (servers, _), a_market_place(servers, workers) as (yard, sunrise, helio):
        said, broken = report([*verdicts(yard, sunrise, helio, pairs), handed_over(yard)])
    sys.stdout.write(said)
    return broken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
