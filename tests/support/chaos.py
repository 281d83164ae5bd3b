"""Leads under fire: workers killed, Valkey wiped, PostgreSQL stopped; and what buyers and database say afterwards.

`python -m tests.support.chaos [leads] [seconds]` runs it by itself and prints what came of it.
"""

import random
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from flowbuilder import db, embedded, ids
from tests.support import proofs
from tests.support.buyers import a_buyer
from tests.support.flows import buyer, cap
from tests.support.market import Market, a_market
from tests.support.servers import private_servers
from tests.support.trade import Poster, Trader
from tests.support.yard import Yard, a_yard, posting

WORKERS = 2
KILL_EVERY = 2.0
AWAY = 1.5
SETTLE = 60.0
RETRY = {"after": ["2s", "5s"], "for_up_to": "40s"}
LIMITS = {"sunrise": 400, "helio": 150}
NEEDS_A_LOOK = ("unknown",)


@dataclass
class Outcome:
    """What a run leaves behind for the checks: the buyers' logs, the acknowledged ids, and what was done to it."""

    logs: dict[str, Trader]
    acknowledged: dict[int, str] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    settled_after: float = 0.0


def traders() -> dict[str, Trader]:
    """Return one that takes most, one that declines many, one that fails a lot, one that answers after our time."""
    return {
        "sunrise": Trader("sunrise", declines=15),
        "helio": Trader("helio", declines=60),
        "nova": Trader("nova", declines=10, fails=30),
        "luna": Trader("luna", declines=20, dawdles=30),
    }


def publish(market: Market, connections: dict[str, str]) -> None:
    """Publish a flow whose first buyer depends on the lead's state, so that each buyer has work to the end."""
    steps = [cap(100_000)]
    first = {"luna": "NV", "nova": "TX", "helio": "FL"}
    for name in ("luna", "nova", "helio", "sunrise"):
        settings = {"on_error": "next", "retry": RETRY, "timeout": "1s"}
        if name in LIMITS:
            settings["caps"] = [{"limit": LIMITS[name], "per": "total"}]
        if name in first:
            settings["when"] = {"is": [{"var": "lead.state"}, first[name]]}
        steps.append(buyer(connections[name], name, **settings))
    last = {"id": "last", "connection": connections["nova"], "price": 12, "retry": RETRY, "timeout": "1s"}
    market.publish(steps, fallback={"id": "end", "do": "buyer", "buyer": last})


@contextmanager
def a_battlefield(servers: embedded.Servers) -> Iterator[tuple[Yard, Outcome]]:
    """Give a yard with its buyers, its web open and its workers at work."""
    outcome = Outcome(traders())
    with ExitStack() as stack:
        db.migrate(servers.database_url)
        market = stack.enter_context(a_market(servers.database_url, servers.redis_url))
        running = {name: stack.enter_context(a_buyer(trader.react)) for name, trader in outcome.logs.items()}
        publish(market, {name: market.connect(one) for name, one in running.items()})
        yard = stack.enter_context(a_yard(market, servers))
        yard.open()
        yard.hire(WORKERS)
        yield yard, outcome


def fight(yard: Yard, outcome: Outcome, leads: int, seconds: float) -> None:
    """Post leads while workers die one after the other, Valkey is wiped and PostgreSQL stops; then let all settle."""
    poster = Poster(*yard.address())
    ends = time.monotonic() + seconds
    breaker = threading.Thread(target=_break_servers, args=(yard.servers, outcome, seconds))
    with posting(poster.post, rate=leads / seconds, most=leads, threads=8):
        breaker.start()
        dice = random.Random(leads)
        while time.monotonic() < ends:
            time.sleep(KILL_EVERY)
            yard.replace(dice.choice(yard.workers), signal.SIGKILL)
            outcome.faults["workers killed"] += 1
        breaker.join()
    last_fault = time.monotonic()
    outcome.acknowledged = poster.acknowledged
    assert not poster.refused, f"{len(poster.refused)} leads were never taken in"
    yard.market.wait_until("(SELECT count(*) FROM lead WHERE state <> 'done') = 0", SETTLE + 60)
    outcome.settled_after = time.monotonic() - last_fault


def _break_servers(servers: embedded.Servers, outcome: Outcome, seconds: float) -> None:
    time.sleep(seconds / 3)
    servers.kill_valkey(wipe=True)
    time.sleep(AWAY)
    servers.start_valkey()
    outcome.faults["Valkey wiped"] += 1
    time.sleep(seconds / 3)
    servers.kill_postgres()
    time.sleep(AWAY)
    servers.start_postgres()
    outcome.faults["PostgreSQL stopped"] += 1


def findings(database: Connection, outcome: Outcome) -> list[str]:
    """Return everything that the buyers' logs and the database say is wrong."""
    books = proofs.Books(database)
    return [
        *proofs.findings(database),
        *_lost(books, outcome.acknowledged.values()),
        *_sold_twice(outcome.logs),
        *_over_cap(outcome.logs),
        *proofs.unexplained(books, (entry.key for trader in outcome.logs.values() for entry in trader.log)),
        *_not_believed(books, outcome.logs),
    ]


def _lost(books: proofs.Books, acknowledged: Iterable[str]) -> Iterator[str]:
    found = {str(lead["id"]): lead for lead in books.leads}
    for lead_id in acknowledged:
        lead = found.get(lead_id)
        if lead is None:
            yield f"lead {lead_id} was acknowledged and is gone"
        elif lead["outcome"] == "error" and lead["reason_code"] not in NEEDS_A_LOOK:
            yield f"lead {lead_id} ended as {lead['reason_code']}: {lead['reason']}"


def _sold_twice(logs: dict[str, Trader]) -> Iterator[str]:
    keys: dict[str, set[str]] = defaultdict(set)
    for trader in logs.values():
        for entry in trader.log:
            if entry.decision == "taken":
                keys[entry.email].add(entry.key)
    for email, taken in keys.items():
        if len(taken) > 1:
            yield f"{email} was taken under {len(taken)} keys"


def _over_cap(logs: dict[str, Trader]) -> Iterator[str]:
    for name, limit in LIMITS.items():
        taken = {entry.key for entry in logs[name].log if entry.decision == "taken"}
        if len(taken) > limit:
            yield f"{name} took {len(taken)} leads, its cap is {limit}"


def _not_believed(books: proofs.Books, logs: dict[str, Trader]) -> Iterator[str]:
    """Yield sales that the buyer's log does not know, and leads that were taken and went to nobody's account."""
    taken = {entry.key for trader in logs.values() for entry in trader.log if entry.decision == "taken"}
    for rows in books.offers.values():
        for offer in rows:
            key = ids.show(offer["id"])
            if offer["is_winner"] and key not in taken:
                yield f"offer {key} is sold, and the buyer did not take it"
            if offer["state"] in ("declined", "error") and key in taken:
                yield f"offer {key} is {offer['state']}, and the buyer took it"


def summary(database: Connection, outcome: Outcome) -> str:
    """Return what came of a run, in a few lines."""
    ended = database.execute(text("SELECT outcome, reason_code, count(*) FROM lead GROUP BY 1, 2 ORDER BY 3 DESC"))
    calls = database.execute(text("SELECT state, count(*) FROM attempt GROUP BY 1 ORDER BY 2 DESC"))
    asked = sum(len(trader.log) for trader in outcome.logs.values())
    return "\n".join(
        [
            f"{len(outcome.acknowledged)} leads acknowledged; {dict(outcome.faults)}",
            f"all settled {outcome.settled_after:.0f} s after the last fault",
            "leads: " + ", ".join(f"{row[2]} {row[0]} {row[1] or ''}".strip() for row in ended),
            "attempts: " + ", ".join(f"{row[1]} {row[0]}" for row in calls) + f"; {asked} requests seen by buyers",
        ]
    )


def main(leads: int = 1000, seconds: float = 60.0) -> int:
    """Run it, print what came of it, and return how many things are wrong."""
    with private_servers(fsync=True) as servers, a_battlefield(servers) as (yard, outcome):
        fight(yard, outcome, leads, seconds)
        with yard.market.database.connect() as database:
            found = findings(database, outcome)
            sys.stdout.write("\n".join([summary(database, outcome), *found, f"{len(found)} findings", ""]))
    return len(found)


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])))
