"""`python -m bench.pages`: how long the pages of a flow take to answer, one visitor after the other.

A served flow sells leads until a thousand are recorded; then its pages are opened, its draft is changed, a lead is
tried on it, and the draft is tried on those thousand. Printed are milliseconds from the request to the whole answer.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import requests
from sqlalchemy import select

from bench.load import generator, load
from bench.market import Market, a_buyer, a_market
from flowbuilder import clock, db, embedded, ids
from flowbuilder.accounts import sessions
from flowbuilder.models import Flow, Membership, Person

RECORDED = 1_000
FRAGMENT = {"HX-Request": "true"}
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
REVISION = re.compile(r'name="revision" value="(\d+)"')


@dataclass(frozen=True)
class Timed:
    """One thing that is measured: how often, and how many milliseconds 95 of 100 may take."""

    name: str
    times: int
    wanted: float
    ask: Callable[[], requests.Response]


class Visitor:
    """A seller who is signed in, at the pages of a flow."""

    def __init__(self, market: Market, token: str, flow: str) -> None:
        self._url = f"{market.url}/flows/{flow}"
        self._home = market.url
        self._browser = requests.Session()
        self._browser.cookies.set("session", token)
        page = self.open("/edit").text
        self._token, self._revision = TOKEN.findall(page)[0], REVISION.findall(page)[0]
        self._ways = cycle(("up", "down"))

    def open(self, path: str, headers: dict[str, str] | None = None) -> requests.Response:
        """Open a page of the flow."""
        return self._browser.get(self._url + path, headers=headers, timeout=60)

    def go(self, path: str) -> requests.Response:
        """Open another page."""
        return self._browser.get(self._home + path, timeout=60)

    def post(self, path: str, **fields: str) -> requests.Response:
        """Post a form as scripts do."""
        sent = {**fields, "csrf_token": self._token, "revision": self._revision, "page": "bench"}
        return self._browser.post(self._url + path, data=sent, headers=FRAGMENT, timeout=60)

    def move(self) -> requests.Response:
        """Move the cap up, and the next time down again."""
        answer = self.post("/draft/steps/s2/move", way=next(self._ways))
        self._revision = REVISION.findall(answer.text)[0]
        return answer

    def try_a_lead(self) -> requests.Response:
        """Run a lead through the draft."""
        lead = {"email": "jane.doe@example.com", "phone_1": "2135550148", "state": "CA", "product": "solar"}
        typed = {f"f.{name}": value for name, value in {**lead, "credit_score": "720"}.items()}
        return self.post("/test", do="run", **typed)


def main() -> int:
    """Print what each page took beside what is wanted; return 1 when a page failed or took too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=60, help="how often each page is asked for")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load before: {os.getloadavg()[0]:.2f}")
    with a_place() as visitor:
        print(f"{'':34}{'times':>6}{'p50':>9}{'p95':>9}{'wanted':>9}")
        soon_enough = [told(one) for one in what(visitor, options.times)]
    return 0 if all(soon_enough) else 1


def what(visitor: Visitor, times: int) -> list[Timed]:
    """Return what is measured, in milliseconds that are wanted of the slowest five in a hundred."""
    return [
        Timed("the first page", times, 200, lambda: visitor.go("/")),
        Timed("the list of leads", times, 200, lambda: visitor.go("/leads")),
        Timed("the live view", times, 200, lambda: visitor.open("")),
        Timed("the editor", times, 200, lambda: visitor.open("/edit")),
        Timed("the editor, a panel open", times, 200, lambda: visitor.open("/edit?step=s1")),
        Timed("a panel, as a fragment", times, 120, lambda: visitor.open("/edit?step=s1", FRAGMENT)),
        Timed("a step moved, as fragments", times, 120, visitor.move),
        Timed("a dry run", times, 300, visitor.try_a_lead),
        Timed(f"a backtest of {RECORDED:,} leads", max(3, times // 10), 5_000, lambda: visitor.open("/review/impact")),
    ]


def told(one: Timed) -> bool:
    """Measure one thing and print it; return whether all of it was answered, and soon enough."""
    one.ask()
    took = sorted(_milliseconds(one.ask) for _ in range(one.times))
    p95 = took[min(len(took) - 1, round(0.95 * len(took)))]
    print(f"{one.name:34}{one.times:>6}{statistics.median(took):>9.1f}{p95:>9.1f}{one.wanted:>9.0f}", flush=True)
    return p95 <= one.wanted


def _milliseconds(ask: Callable[[], requests.Response]) -> float:
    begun = time.perf_counter()
    answer = ask()
    took = (time.perf_counter() - begun) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.request.url} answered {answer.status_code}: {answer.text[:300]}")
    return took


@contextmanager
def a_place() -> Iterator[Visitor]:
    """Serve a flow that has sold enough leads, its draft changed; give somebody who is signed in there."""
    with tempfile.TemporaryDirectory(prefix="fb-bench-") as folder:
        home = Path(folder)
        servers = embedded.start(home)
        try:
            with a_buyer(0, home) as buyer_url, a_market(servers, buyer_url, home) as market:
                while market.stored() < RECORDED:
                    load(market.post_url, market.source_key, connections=16, seconds=2)
                print(f"{market.stored():,} leads recorded ({generator()})")
                visitor = Visitor(market, *_sign_in(servers.database_url))
                visitor.move()
                yield visitor
        finally:
            embedded.delete(home)


def _sign_in(database_url: str) -> tuple[str, str]:
    """Open a session of the owner; return its token, and the id of the flow."""
    engine = db.make_engine(database_url, pool_size=1)
    with db.make_sessions(engine).begin() as session:
        flow = session.scalars(select(Flow)).one()
        of_account = select(Person).join(Membership).where(Membership.account_id == flow.account_id)
        token = sessions.start(
            session=session,
            person=session.scalars(of_account).one(),
            account_id=flow.account_id,
            user_agent="bench",
            now=clock.now(),
        )
        shown = ids.show(flow.id, "flo")
    engine.dispose()
    return token, shown


if __name__ == "__main__":
    sys.exit(main())
