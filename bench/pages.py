"""`python -m bench.pages`: how long the pages of a flow take to answer, one visitor after the other.

A served flow of forty steps, of every kind, sells leads until a thousand are recorded; then its pages are opened, its
draft is changed, a lead is tried on it, and the draft is tried on those thousand. Printed are milliseconds from the
request to the whole answer, squeezed as browsers get it, and whether what is wanted is kept.
"""

import argparse
import gzip
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path

import requests
from lxml import html
from sqlalchemy import select, update

from bench.load import generator, load
from bench.long_flow import long_flow
from bench.market import Market, a_buyer, a_market
from flowbuilder import clock, db, embedded, ids
from flowbuilder.accounts import sessions
from flowbuilder.models import Connection, Flow, Membership, Person

RECORDED = 1_000
MOST_BYTES = 45_000
FRAGMENT = {"HX-Request": "true"}
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
REVISION = re.compile(r'name="revision" value="(\d+)"')
TARGET = re.compile(r'action="[^"]*/draft/(undo|redo)".*?name="target" value="(\d+)"', re.DOTALL)
MARK = re.compile(r'data-step="([^"]*)"(?: data-fixed)? data-mark="([^"]*)"')
OPENED, MOVED, BUYER = "wanted1", "room0", "own1"
"""The steps whose panel is opened, which are moved, and whose settings are changed."""


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
        self._browser.headers["Sec-Fetch-Site"] = "same-origin"
        self._ways, self._notes, self._steps = cycle(("up", "down")), count(1), cycle(("undo", "redo"))
        self._revision, self._targets, self._marks = "", dict[str, str](), dict[str, str]()
        page = self.saw(self.open("/edit")).text
        self._token, self.weight = TOKEN.findall(page)[0], len(gzip.compress(page.encode(), 6))
        self._settings = _settings_in(self.open(f"/edit?step={BUYER}").text)

    def open(self, path: str, headers: dict[str, str] | None = None) -> requests.Response:
        """Open a page of the flow."""
        return self._browser.get(self._url + path, headers=headers, timeout=60)

    def go(self, path: str) -> requests.Response:
        """Open another page."""
        return self._browser.get(self._home + path, timeout=60)

    def post(self, path: str, fields: dict[str, str | list[str]]) -> requests.Response:
        """Post a form as scripts do."""
        sent = {**fields, "csrf_token": self._token, "revision": self._revision, "page": "bench"}
        sent["marks"] = " ".join(self._marks.values())
        return self._browser.post(self._url + path, data=sent, headers=FRAGMENT, timeout=60)

    def saw(self, answer: requests.Response) -> requests.Response:
        """Know what a page knows of the draft once an answer has come."""
        revisions = REVISION.findall(answer.text)
        self._revision = revisions[0] if revisions else self._revision
        self._targets |= dict(TARGET.findall(answer.text))
        marks = dict(MARK.findall(answer.text))
        self._marks = marks if 'id="rail"' in answer.text else {**self._marks, **marks}
        return answer

    def move(self) -> requests.Response:
        """Move a cap up, and the next time down again."""
        return self.post(f"/draft/steps/{MOVED}/move", {"way": next(self._ways)})

    def save(self) -> requests.Response:
        """Change the note of a buyer."""
        return self.post(f"/draft/steps/{BUYER}", {**self._settings, "note": f"Ask Dana, {next(self._notes)}"})

    def go_back(self) -> requests.Response:
        """Undo the last change, and the next time do it again."""
        way = next(self._steps)
        return self.post(f"/draft/{way}", {"target": self._targets[way]})

    def try_a_lead(self) -> requests.Response:
        """Run a lead through the draft."""
        lead = {"email": "jane.doe@example.com", "phone_1": "2135550148", "state": "CA", "product": "solar"}
        typed = {f"f.{name}": value for name, value in {**lead, "credit_score": "720"}.items()}
        return self.post("/test", {"do": "run", **typed})


def _settings_in(page: str) -> dict[str, str | list[str]]:
    """Return what the form of the open panel posts when nobody has touched it."""
    posted: dict[str, list[str]] = {}
    for name, value in html.fromstring(page).get_element_by_id("panel-form").form_values():
        posted.setdefault(name, []).append(value)
    return {**posted}


def main() -> int:
    """Print what each page took beside what is wanted; return 1 when a page failed, took too long or is too heavy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=60, help="how often each page is asked for")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load before: {os.getloadavg()[0]:.2f}")
    with a_place() as visitor:
        print(f"{'':34}{'times':>6}{'p50':>9}{'p95':>9}{'wanted':>9}")
        kept = [told(visitor, one) for one in what(visitor, options.times)]
        kept.append(visitor.weight <= MOST_BYTES)
        print(f"{'the editor, bytes gzip':34}{'':15}{visitor.weight:>9,}{MOST_BYTES:>9,}  {say(kept[-1])}")
    return 0 if all(kept) else 1


def what(visitor: Visitor, times: int) -> list[Timed]:
    """Return what is measured, in milliseconds that are wanted of the slowest five in a hundred."""
    tried = f"/draft/tried?step={OPENED}&name=continue_if"
    return [
        Timed("the first page", times, 200, lambda: visitor.go("/")),
        Timed("the list of leads", times, 200, lambda: visitor.go("/leads")),
        Timed("the live view", times, 200, lambda: visitor.open("")),
        Timed("the editor", times, 200, lambda: visitor.open("/edit")),
        Timed("the editor, a panel open", times, 200, lambda: visitor.open(f"/edit?step={OPENED}")),
        Timed("a panel, as a fragment", times, 120, lambda: visitor.open(f"/edit?step={OPENED}", FRAGMENT)),
        Timed("a buyer's panel, as a fragment", times, 120, lambda: visitor.open(f"/edit?step={BUYER}", FRAGMENT)),
        Timed("a buyer's panel, saved", times, 120, visitor.save),
        Timed("a step moved", times, 120, visitor.move),
        Timed("undone and done again", times, 120, visitor.go_back),
        Timed("a rule tried on 500 leads", times, 120, lambda: visitor.open(tried, FRAGMENT)),
        Timed("a dry run", times, 300, visitor.try_a_lead),
        Timed(f"a backtest of {RECORDED:,} leads", max(3, times // 10), 2_000, lambda: visitor.open("/review/impact")),
    ]


def told(visitor: Visitor, one: Timed) -> bool:
    """Measure one thing and print it; return whether all of it was answered, and soon enough."""
    _milliseconds(visitor, one.ask)
    took = sorted(_milliseconds(visitor, one.ask) for _ in range(one.times))
    p95 = took[min(len(took) - 1, round(0.95 * len(took)))]
    is_kept = p95 <= one.wanted
    middle = statistics.median(took)
    print(f"{one.name:34}{one.times:>6}{middle:>9.1f}{p95:>9.1f}{one.wanted:>9.0f}  {say(is_kept)}", flush=True)
    return is_kept


def say(is_kept: bool) -> str:
    """Return what is printed beside a number."""
    return "kept" if is_kept else "MISSED"


def _milliseconds(visitor: Visitor, ask: Callable[[], requests.Response]) -> float:
    begun = time.perf_counter()
    answer = ask()
    took = (time.perf_counter() - begun) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.request.url} answered {answer.status_code}: {answer.text[:300]}")
    visitor.saw(answer)
    return took


@contextmanager
def a_place() -> Iterator[Visitor]:
    """Serve a flow that has sold enough leads, its draft changed; give somebody who is signed in there."""
    with tempfile.TemporaryDirectory(prefix="fb-bench-") as folder:
        home = Path(folder)
        servers = embedded.start(home)
        try:
            with a_buyer(0, home) as buyer_url, a_market(servers, buyer_url, home, long_flow) as market:
                while market.stored() < RECORDED:
                    load(market.post_url, market.source_key, connections=16, seconds=2)
                print(f"{market.stored():,} leads recorded ({generator()})")
                visitor = Visitor(market, *_sign_in(servers.database_url))
                visitor.saw(visitor.move())
                yield visitor
        finally:
            embedded.delete(home)


def _sign_in(database_url: str) -> tuple[str, str]:
    """Open a session of the owner, who has tested the connections; return its token, and the id of the flow."""
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
        session.execute(update(Connection).values(tested_at=clock.now()))
        shown = ids.show(flow.id, "flo")
    engine.dispose()
    return token, shown


if __name__ == "__main__":
    sys.exit(main())
