"""The demo's suppliers: `python -m flowbuilder.demo.suppliers` keeps posting for both, as companies would."""

import ipaddress
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from flowbuilder import clock
from flowbuilder.config import Settings, settings
from flowbuilder.demo.kept import Kept, SourceAccess
from flowbuilder.demo.leads import HOW_OFTEN, Fields, MadeUpLead, make_lead

EVERY = 2.0  # seconds between two leads of one supplier
EVERY_AT_FIRST, AT_FIRST = 0.5, 50  # seconds, leads: of every kind one comes while a newcomer looks around
CLERKS = 6  # posts that a supplier has open at once
TELL_EVERY = 15.0  # seconds
LONGEST_PAUSE = 5.0  # seconds before a post is tried again
ASK_AGAIN_AFTER = 3.0  # seconds until a supplier that does not wait asks what came of its lead
TRY_AGAIN = (429, 503)

FORM_NAMES = {"first_name": "fname", "last_name": "surname", "email": "email_address", "phone_1": "mobile"}


@dataclass(frozen=True)
class Supplier:
    """A company that posts: how it writes a lead, and whether it waits for the answer."""

    name: str
    title: str
    write: Callable[[Fields], dict[str, Any]]
    waits: bool

    def source(self, flow: str) -> str:
        """Return the name of its source of a flow."""
        return f"{self.title}, {flow}"


def as_json(fields: Fields) -> dict[str, Any]:
    """Return the arguments of a post as JSON, with a field that no flow asks for."""
    return {"json": {**fields, "utm_campaign": "spring"}}


def as_form(fields: Fields) -> dict[str, Any]:
    """Return the arguments of a post as a form, under the names that this supplier has always used."""
    return {"data": {FORM_NAMES.get(key, key): _form_text(key, value) for key, value in fields.items()}}


SUPPLIERS = (
    Supplier("search", "Search Leads", as_json, waits=True),
    Supplier("quotes", "Quote Forms", as_form, waits=False),
)


class Round:
    """Hands out a supplier's leads, one at a time and not faster than agreed, and counts what came of them."""

    def __init__(self, supplier: Supplier, begin: int, every: float | None = None) -> None:
        self.supplier = supplier
        self.ends = threading.Event()
        self.clerks: list[threading.Thread] = []
        self._begin = self._number = begin
        self._every = every
        self._next_at = time.monotonic()
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._results: Counter[str] = Counter()

    def next_lead(self) -> MadeUpLead | None:
        """Return the next lead when its time has come; None when it is over."""
        with self._turn:
            if self.ends.wait(max(0.0, self._next_at - time.monotonic())):
                return None
            every = self._pace()
            self._next_at = max(self._next_at, time.monotonic() - every) + every
            self._number += 1
            return make_lead(self.supplier.name, self._number)

    def _pace(self) -> float:
        if self._every is not None:
            return self._every
        return EVERY_AT_FIRST if self._number - self._begin < AT_FIRST else EVERY

    def note(self, result: str) -> None:
        """Count one result."""
        with self._counting:
            self._results[result] += 1

    def told(self) -> str:
        """Return what came of the posts so far: `Search Leads posted 12 leads: 8 sold, 3 rejected, 1 invalid`."""
        with self._counting:
            results = self._results.copy()
        listed = ", ".join(f"{count} {result}" for result, count in results.most_common())
        return f"{self.supplier.title} posted {results.total()} leads: {listed}" if results else ""


class Clerk:
    """One of those who post for a supplier, over a connection of its own."""

    def __init__(self, server: str, sources: Mapping[str, SourceAccess], round_: Round) -> None:
        self._server = server
        self._sources = sources
        self._round = round_
        self._session = requests.Session()
        self._session.trust_env = False

    def work(self) -> None:
        """Post until it is over."""
        while lead := self._round.next_lead():
            if result := self.post(lead):
                self._round.note(result)

    def post(self, lead: MadeUpLead) -> str | None:
        """Return what came of a lead, posted again under the same key until it is taken or refused; None at the end."""
        supplier = self._round.supplier
        access = self._sources[supplier.source(lead.flow)]
        headers = {"Idempotency-Key": lead.key, "X-API-Key": access.test_key if lead.is_test else access.key}
        how = {"params": {} if supplier.waits else {"wait": "0"}, **supplier.write(lead.fields)}
        answer = self._until_answered("POST", access.path, headers=headers, **how)
        if answer is not None and answer.status_code == 202 and not supplier.waits:
            self._round.ends.wait(ASK_AGAIN_AFTER)
            del headers["Idempotency-Key"]
            answer = self._until_answered("GET", answer.headers["Location"], headers=headers)
        return None if answer is None else result_of(answer)

    def _until_answered(self, method: str, path: str, **how: Any) -> requests.Response | None:
        while not self._round.ends.is_set():
            try:
                answer = self._session.request(method, urljoin(self._server, path), timeout=40, **how)
            except requests.RequestException:
                pause = 1.0
            else:
                if answer.status_code not in TRY_AGAIN:
                    return answer
                pause = float(answer.headers.get("Retry-After", "1"))
            self._round.ends.wait(min(pause, LONGEST_PAUSE))
        return None


def result_of(answer: requests.Response) -> str:
    """Return the status that an answer tells, `invalid` for one that was refused for its fields."""
    try:
        return str(answer.json()["status"])
    except (requests.JSONDecodeError, KeyError, TypeError):
        return f"answered {answer.status_code}"


def server_of(live: Settings) -> str:
    """Return the address of the web server as this machine reaches it."""
    host = live.web_host
    if _is_everywhere(host):
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://[{host}]:{live.web_port}" if ":" in host else f"http://{host}:{live.web_port}"


def await_sources(home: Path) -> Mapping[str, SourceAccess]:
    """Return the sources as soon as the market has them all."""
    wanted = {supplier.source(flow) for supplier in SUPPLIERS for flow in HOW_OFTEN}
    while True:
        kept = Kept.read(home)
        if kept and wanted <= kept.sources.keys():
            return kept.sources
        time.sleep(0.1)


def start_posting(
    server: str, sources: Mapping[str, SourceAccess], *, begin: int, every: float | None = None
) -> list[Round]:
    """Start the clerks of both suppliers; each round's `clerks` go on until its `ends` is set.

    `every` is the seconds between two leads of one; without it the first come quickly and the others every two seconds.
    """
    rounds = [Round(supplier, begin, every) for supplier in SUPPLIERS]
    for round_ in rounds:
        for _ in range(CLERKS):
            clerk = threading.Thread(target=Clerk(server, sources, round_).work, daemon=True)
            round_.clerks.append(clerk)
            clerk.start()
    return rounds


def main(arguments: list[str]) -> int:
    """Post until SIGTERM or SIGINT; tell from time to time what came of it, unless `--quiet` is said."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    sources = await_sources(settings().home)
    # Numbers go on with the half seconds, never faster: what was posted before the last stop does not come again.
    rounds = start_posting(server_of(settings()), sources, begin=int(clock.now().timestamp() / EVERY_AT_FIRST))
    while True:
        time.sleep(TELL_EVERY)
        if "--quiet" not in arguments:
            print(*filter(None, (round_.told() for round_ in rounds)), sep="\n", flush=True)


def _is_everywhere(host: str) -> bool:
    """Return whether a server that listens there listens on all addresses of the machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _form_text(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"${value:,}" if key in ("monthly_bill", "budget") else str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
