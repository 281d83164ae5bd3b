"""The checker: reads the buyers' logs, what suppliers were told and the database, and nothing else.

    python -m tests.chaos.check FOLDER DATABASE_URL

It prints one line for each promise, with its figures, and below it whatever breaks it; the exit code says whether
something does. See `tests/support/evidence.py` for the folder.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from uuid import UUID

from sqlalchemy import RowMapping

from flowbuilder import db, ids
from rules.caps import MONEY
from tests.chaos.probing import watched
from tests.support import proofs
from tests.support.evidence import WORKER_FAULTS, Evidence, Fault, Logged
from tests.support.verdicts import Verdict, report
from workers.outgoing import STOPPED

SETTLE, RECOVER = 60.0, 45.0
SLACK = 0.5
"""Seconds by which two things on one machine may seem to be in the wrong order."""
NEEDS_A_LOOK = ("unknown",)


class Case:
    """The evidence and the database's books, with what several promises look up."""

    def __init__(self, books: proofs.Books, evidence: Evidence) -> None:
        self.evidence, self.books = evidence, books
        self.leads = {lead["id"]: lead for lead in self.books.leads}
        self.offers = {ids.show(offer["id"]): offer for rows in self.books.offers.values() for offer in rows}
        self.requests: dict[str, list[Logged]] = defaultdict(list)
        for request in evidence.requests:
            self.requests[request.key].append(request)
        self.taken = {request.key for request in evidence.requests if request.decision == "taken"}

    def attempts(self, offer: RowMapping) -> list[RowMapping]:
        """Return the attempts of an offer in order."""
        found = self.books.attempts[offer["lead_id"]]
        return [attempt for attempt in found if attempt["offer_no"] == offer["offer_no"]]

    def given_up(self) -> Iterator[RowMapping]:
        """Yield the attempts whose worker was gone before an answer was read."""
        for rows in self.books.attempts.values():
            yield from (attempt for attempt in rows if attempt["error"] == STOPPED)

    def faults_during(self, at: datetime, until: datetime, kinds: Iterable[str] = WORKER_FAULTS) -> list[Fault]:
        """Return what was broken within a time."""
        since, before = at.timestamp() - SLACK, until.timestamp() + SLACK
        return [fault for fault in self.evidence.faults if fault.what in kinds and since <= fault.at <= before]


Promise = Callable[[Case], Verdict]


def verdicts(case: Case) -> list[Verdict]:
    """Return what came of every promise."""
    return [promise(case) for promise in PROMISES]


def nothing_lost(case: Case) -> Verdict:
    """Every acknowledged lead is there, has ended, and not by an error of ours."""
    lost = []
    ended: Counter[str] = Counter()
    for posted in case.evidence.posted:
        lead = case.leads.get(UUID(posted.lead))
        if lead is None:
            lost.append(f"lead {posted.lead} was acknowledged and is gone")
            continue
        ended[lead["outcome"] if lead["outcome"] != "error" else f"error ({lead['reason_code']})"] += 1
        if lead["state"] != "done":
            lost.append(f"lead {posted.lead} is {lead['state']}, for {lead['waiting_for']}")
        elif lead["outcome"] == "error" and lead["reason_code"] not in NEEDS_A_LOOK:
            lost.append(f"lead {posted.lead} ended as {lead['reason_code']}: {lead['reason']}")
    told = ", ".join(f"{many} {outcome}" for outcome, many in ended.most_common())
    return Verdict("P1 nothing is lost", f"{len(case.evidence.posted)} leads acknowledged: {told}", lost)


def settled(case: Case) -> Verdict:
    """All leads that had come by the last fault have ended a minute after it."""
    faults = Counter(fault.what for fault in case.evidence.faults)
    last = max((fault.until for fault in case.evidence.faults), default=None)
    figures = ", ".join(f"{many} times: {what}" for what, many in faults.items()) or "no faults"
    if last is None:
        return Verdict("P1 all ends soon after", figures)
    ends = [
        lead["finished_at"].timestamp() - last
        for lead in case.leads.values()
        if lead["finished_at"] and lead["received_at"].timestamp() < last
    ]
    late = [f"a lead ended {after:.0f} s after the last fault" for after in ends if after > SETTLE]
    return Verdict("P1 all ends soon after", f"{figures}; the last lead {max(ends, default=0):.1f} s after it", late)


def recovered(case: Case) -> Verdict:
    """What a worker left behind is taken up again in time; counted from the first fault after the call began."""
    took = []
    for attempt in case.given_up():
        faults = case.faults_during(attempt["started_at"], attempt["finished_at"])
        if faults:
            took.append(attempt["finished_at"].timestamp() - faults[0].at)
    took.sort()
    if not took:
        return Verdict("P2 recovery", "no call was left behind")
    high = _percentile(took, 99)
    figures = f"{len(took)} calls left behind, taken up after {_spread(took)}"
    return Verdict("P2 recovery", figures, [f"p99 is {high:.1f} s"] if high > RECOVER else [])


def quickness(case: Case) -> Verdict:
    """How long leads waited to be taken in, and how long they took in all; nothing is promised about it here."""
    waits = sorted(
        (rows[0]["at"] - case.leads[lead_id]["received_at"]).total_seconds()
        for lead_id, rows in case.books.events.items()
        if lead_id in case.leads
    )
    ends = [lead for lead in case.leads.values() if lead["finished_at"]]
    took = sorted((lead["finished_at"] - lead["received_at"]).total_seconds() for lead in ends)
    figures = f"taken in after {_spread(waits)}, ended after {_spread(took)}"
    return Verdict("How quick it was", figures)


def _spread(seconds: list[float]) -> str:
    """Return the middle, the 99th percentile and the longest of sorted seconds, in words."""
    if not seconds:
        return "no time"
    return (
        f"{_percentile(seconds, 50):.1f} s (p50), {_percentile(seconds, 99):.1f} s (p99), {seconds[-1]:.1f} s (at most)"
    )


def _percentile(seconds: list[float], percent: int) -> float:
    return seconds[max(0, -(-len(seconds) * percent // 100) - 1)]


def asked_once(case: Case) -> Verdict:
    """A buyer sees one key for each offer, each attempt once, and another attempt only where no answer was read."""
    found: list[str] = []
    repeats: Counter[str] = Counter()
    for key, requests in case.requests.items():
        offer = case.offers.get(key)
        if offer is None:
            found.append(f"{requests[0].buyer} was sent the unknown key {key}")
            continue
        seen = Counter(request.attempt for request in requests)
        found.extend(f"offer {key}: attempt {number} came {many} times" for number, many in seen.items() if many > 1)
        if len({request.buyer for request in requests}) > 1:
            found.append(f"offer {key} went to several buyers")
        found.extend(_unexplained(case, offer, seen, repeats))
    found.extend(_never_sent(case))
    unread = [offer for key, offer in case.offers.items() if key not in case.requests and offer["attempts"]]
    told = ", ".join(f"{many} after {why}" for why, many in repeats.most_common()) or "none"
    figures = (
        f"{len(case.requests)} keys seen, {len(case.requests) + len(unread)} offers recorded, {len(unread)} of them "
        f"never left; {sum(repeats.values())} requests again: {told}"
    )
    return Verdict("P3 nobody is asked twice", figures, found)


def _unexplained(case: Case, offer: RowMapping, seen: Counter[int], repeats: Counter[str]) -> Iterator[str]:
    """Yield what is wrong with the attempts of an offer that its buyer saw; count why it was asked again."""
    attempts = {attempt["attempt_no"]: attempt for attempt in case.attempts(offer)}
    key = ids.show(offer["id"])
    for number in sorted(seen):
        if number not in attempts:
            yield f"offer {key}: the buyer saw attempt {number}, which is not recorded"
    for number in sorted(attempts)[:-1]:
        attempt = attempts[number]
        if attempt["state"] not in ("error", "ambiguous"):
            yield f"offer {key} was tried again after an attempt that is {attempt['state']}"
        if number not in seen or max(seen) <= number:
            continue
        why = _why_again(case, attempt)
        repeats[why] += 1
        if why.startswith("nothing"):
            yield f"offer {key}: attempt {number} was given up, and no worker had ended"


def _why_again(case: Case, attempt: RowMapping) -> str:
    if attempt["state"] == "error":
        return f"the answer {attempt['status']}" if attempt["status"] else "an error"
    if attempt["error"] != STOPPED:
        return f"the answer {attempt['status']}" if attempt["status"] else "no answer in time"
    faults = case.faults_during(attempt["started_at"], attempt["finished_at"])
    return f"its {faults[0].what}" if faults else "nothing that we know"


def _never_sent(case: Case) -> Iterator[str]:
    """Yield offers that have an answer which no buyer gave."""
    for key, offer in case.offers.items():
        states = {attempt["state"] for attempt in case.attempts(offer)}
        answered = states & {"ok", "declined"} or any(attempt["status"] for attempt in case.attempts(offer))
        if answered and key not in case.requests:
            yield f"offer {key} has an answer, and no buyer was asked"


def sold_once(case: Case) -> Verdict:
    """No lead is taken by two buyers unless its flow sells it on."""
    taken: dict[str, set[str]] = defaultdict(set)
    for request in case.evidence.requests:
        if request.decision == "taken":
            taken[request.email].add(request.key)
    found, shared = [], 0
    for email, keys in taken.items():
        offers = sorted((case.offers[key] for key in keys if key in case.offers), key=lambda one: one["offer_no"])
        shared += len(offers) > 1
        lead = case.leads.get(offers[0]["lead_id"]) if offers else None
        if lead is None:
            continue
        flow = case.books.flows[lead["flow_id"], lead["version"]]
        if flow is None or any(not proofs.sells_on(flow, offer["step"]) for offer in offers[:-1]):
            found.append(f"{email} was taken {len(offers)} times, by {[offer['step'] for offer in offers]}")
    figures = f"{len(taken)} leads taken by somebody, {shared} of them by several, whom the flow sells it on to"
    return Verdict("P4 nothing is sold twice", figures, found)


def caps_kept(case: Case) -> Verdict:
    """No window is used beyond its limit, none is used by nobody, and those with enough demand are full."""
    limits = {
        f"{flow_id}/{cap.key}": cap.limit
        for (flow_id, _), flow in case.books.flows.items()
        for cap in (flow.caps if flow else ())
    }
    found = list(proofs.wrong_windows(case.books))
    full = 0
    for window in case.books.windows:
        limit = limits.get(window["cap"])
        if limit is not None and window["used"] > limit:
            found.append(f"window {window['cap']} has {window['used']} used of {limit}")
        full += window["used"] == limit
    found.extend(_not_full(case, limits))
    found.extend(_taken_beyond(case, limits))
    figures = f"{len(case.books.windows)} windows, {full} of them full; {len(case.evidence.filled)} that had to be"
    return Verdict("P5 no cap is passed", figures, found)


def _not_full(case: Case, limits: dict[str, int]) -> Iterator[str]:
    for filled in case.evidence.filled:
        for window in case.books.windows:
            starts, ends = window["starts_at"].timestamp(), window["ends_at"] and window["ends_at"].timestamp()
            is_of_it = window["cap"].partition("/")[2] == filled.cap and starts <= filled.at
            if is_of_it and (ends is None or ends > filled.until) and window["used"] != limits[window["cap"]]:
                yield f"window {window['cap']} has {window['used']} of {limits[window['cap']]} in spite of the demand"


def _taken_beyond(case: Case, limits: dict[str, int]) -> Iterator[str]:
    """Yield total caps that the buyers' own logs say are passed."""
    took: Counter[str] = Counter()
    paid: Counter[str] = Counter()
    for key in case.taken & case.offers.keys():
        offer = case.offers[key]
        lead = case.leads.get(offer["lead_id"])
        name = f"{lead and lead['flow_id']}/{offer['step']}/total"
        took[name] += 1
        paid[name + MONEY] += offer["price"]
    for name, many in (took | paid).items():
        if many > limits.get(name, many):
            yield f"the buyers of {name} say that they took {many} of {limits[name]}"


def every_cent(case: Case) -> Verdict:
    """What buyers said yes to is what they pay; a lead earns that, and costs what its source says."""
    found: list[str] = []
    earned = cost = 0
    for key, offer in case.offers.items():
        if offer["is_winner"] and key not in case.taken:
            found.append(f"offer {key} is sold, and the buyer did not take it")
        if offer["state"] in ("declined", "error") and key in case.taken:
            found.append(f"offer {key} is {offer['state']}, and the buyer took it")
        found.extend(
            f"offer {key} was made for {request.price}, and the buyer pays {offer['price']}"
            for request in case.requests.get(key, ())
            if offer["is_winner"] and int(Decimal(request.price) * 100) != offer["price"]
        )
        found.extend(_wrong_bid(case, key, offer))
    quoted = {UUID(posted.lead): posted.quoted for posted in case.evidence.posted if posted.quoted}
    for lead in case.leads.values():
        winners = [offer for offer in case.books.offers[lead["id"]] if offer["is_winner"]]
        revenue = sum(offer["price"] for offer in winners) if lead["outcome"] == "sold" else 0
        told = quoted.get(lead["id"])
        owed = int(Decimal(told) * 100) if told else _owed(case.books.costs[lead["source_id"]], revenue)
        owed = owed if lead["outcome"] == "sold" else 0
        if (lead["revenue"], lead["cost"]) != (revenue, owed) and not lead["is_test"]:
            found.append(f"lead {lead['id']} has {lead['revenue']} and {lead['cost']}, not {revenue} and {owed}")
        earned, cost = earned + lead["revenue"], cost + lead["cost"]
    unsure = sum(offer["state"] == "unknown" for offer in case.offers.values())
    figures = (
        f"earned {earned / 100:.2f}, owed {cost / 100:.2f}, {len(quoted)} leads at a price that was told before; "
        f"{unsure} offers nobody ever answered"
    )
    return Verdict("Every cent adds up", figures, found)


def _wrong_bid(case: Case, key: str, offer: RowMapping) -> Iterator[str]:
    """Yield where a buyer pays another bid than it made, by its own log."""
    if not offer["is_winner"] or offer["bid"] is None:
        return
    pinged = [row for row in case.books.offers[offer["lead_id"]] if row["phase"] == "ping"]
    made = [
        int(Decimal(request.price) * 100)
        for row in pinged
        if row["buyer"] == offer["buyer"]
        for request in case.requests.get(ids.show(row["id"]), ())
        if request.decision == "bid"
    ]
    if offer["price"] not in made:
        yield f"offer {key} is sold for {offer['price']}, and its buyer bid {made}"


def _owed(cost: dict[str, Decimal] | None, revenue: int) -> int:
    """Return what a supplier gets, in minor units: worked out here anew, for a currency with two decimals."""
    if not cost:
        return 0
    if "share" in cost:
        share = Decimal(str(cost["share"])) * revenue / 100
        return int(share.quantize(Decimal(1), ROUND_HALF_EVEN))
    return int(Decimal(str(cost["fixed"])) * 100)


def books_agree(case: Case) -> Verdict:
    """Every journal replays to where its lead is, and leads, offers, attempts and events agree."""
    events = sum(len(rows) for rows in case.books.events.values())
    attempts = sum(len(rows) for rows in case.books.attempts.values())
    figures = f"{len(case.leads)} journals, {events} events, {len(case.offers)} offers, {attempts} attempts"
    return Verdict("Journals replay and agree", figures, proofs.findings_in(case.books))


def one_probe(case: Case) -> Verdict:
    """While a buyer is left alone one lead at a time is tried there, and none before it had time to recover."""
    watch = watched(case.books)
    figures = f"{len(case.books.limits)} buyers with a breaker, opened {watch.openings} times; {watch.probes} probes"
    return Verdict("P11 one probe at a time", figures, watch.findings)


PROMISES: tuple[Promise, ...] = (
    *(nothing_lost, settled, recovered, quickness, asked_once, sold_once, caps_kept, one_probe, every_cent),
    books_agree,
)


def main(folder: str, url: str) -> int:
    """Check a folder and a database, print what came of it, and return 1 when a promise is broken."""
    engine = db.make_engine(url)
    with engine.connect() as database:
        words, broken = report(verdicts(Case(proofs.Books(database), Evidence.read(Path(folder)))))
    engine.dispose()
    sys.stdout.write(words)
    return min(broken, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
