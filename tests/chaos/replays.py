"""Replays: runs of every kind that real workers recorded are run again from their journals, and come out the same.

python -m tests.chaos.replays [runs] [seconds]     1000 runs, 60 seconds
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping

from rules import effects, steps
from rules.flow import DOOR, Flow
from rules.interpreter import Diverged, Walk, confirm
from rules.ranking import RANKERS
from rules.steps import Group
from tests.support import proofs
from tests.support.battle import a_battle
from tests.support.command import in_private, judged, numbers
from tests.support.verdicts import Verdict

RUNS, SECONDS, WORKERS = 1000, 60, 2
ELSEWHERE = {"start_again"}
"""What no lead of the bazaar meets: the tests of versions that leads are started again in replay their journals
themselves."""


def replayed(books: proofs.Books) -> Verdict:
    """Run every journal again, event by event, and say what differs, and what was never recorded."""
    found: list[str] = []
    seen: Counter[str] = Counter()
    runs = events = 0
    for lead in books.leads:
        flow = books.flows[lead["flow_id"], lead["version"]]
        if flow is None:
            continue
        for rows in proofs.by_run(books.events[lead["id"]]).values():
            left = rows[-1]["result"]["from"] if rows[-1]["effect"] == "start_again" else None
            own = books.flows[lead["flow_id"], left] if left else flow
            runs, events = runs + 1, events + len(rows)
            seen.update(_kinds(own, rows) if own else ())
            found.extend(f"lead {lead['id']}: {finding}" for finding in (differences(own, lead, rows) if own else ()))
    missing = sorted(kind for kind in every_kind() if not seen[kind])
    found.extend(f"no run of the kind “{kind}” was recorded" for kind in missing)
    told = ", ".join(f"{many} {kind}" for kind, many in sorted(seen.items(), key=lambda one: -one[1]))
    return Verdict("Recorded runs replay", f"{runs} runs, {events} events; with {told}", found)


def differences(flow: Flow, lead: RowMapping, rows: Sequence[RowMapping]) -> Iterator[str]:
    """Yield where a journal is not what the flow does again: effects, steps, what was asked, outcomes, the end."""
    walk = Walk(flow, proofs.as_rules_see(lead, list(rows)), rows[0]["at"])
    for row in rows:
        if row["effect"] == "replaced":
            return
        try:
            confirm(proofs.recorded(row), walk)
        except Diverged as difference:
            yield str(difference)
            return
        if row["result"] is None:
            return
        said = walk.effect.outcome(row["result"]) if walk.effect else None
        if said != (row["outcome"], row["reason"]):
            yield f"event {row['seq']} is {row['outcome']}, {row['reason']}, and replayed {said}"
        if row["path"] != flow.paths.get(row["step"]):
            yield f"event {row['seq']} stands at {row['path']}"
        walk.answer(row["result"])
    if lead["state"] == "done" and lead["run"] == rows[0]["run"]:
        yield from _wrong_end(lead, rows[-1], walk)


def _wrong_end(lead: RowMapping, last: RowMapping, walk: Walk) -> Iterator[str]:
    if walk.ended is None:
        yield "the run has not ended, and its lead has"
        return
    ended = (walk.ended.outcome, walk.ended.code, walk.ended.reason, walk.state.revenue if lead["revenue"] else 0)
    stands = (lead["outcome"], lead["reason_code"], lead["reason"], lead["revenue"])
    if ended != stands:
        yield f"its lead is {stands}, and replayed {ended}"
    if last["asks"]["cost"] != lead["cost"]:
        yield f"its lead costs {lead['cost']}, and replayed {last['asks']['cost']}"


def every_kind() -> set[str]:
    """Return the names of all effects, kinds of steps, and modes of groups that the bazaar's leads meet."""
    known = {getattr(effects, name) for name in effects.__all__}
    named = {kind.name for kind in known if isinstance(kind, type) and getattr(kind, "name", "")}
    return (named - ELSEWHERE) | {kind.kind for kind in steps.KINDS} | {f"mode {mode}" for mode in RANKERS}


def _kinds(flow: Flow, rows: Sequence[RowMapping]) -> set[str]:
    """Return what a run met: effects, kinds of steps, modes."""
    met: set[str] = {row["effect"] for row in rows}
    groups: Mapping[str, Any] = {row.id: group for group in _groups(flow) for row in group.rows}
    for step in {row["step"] for row in rows} - {DOOR}:
        group = groups.get(step)
        found = group or flow.step(step)
        met.add(found.kind if found else "buyer")
        if isinstance(found, Group):
            met.add(f"mode {found.mode}")
    return met


def _groups(flow: Flow) -> list[Group]:
    return [spot.step for spot in flow.spots if isinstance(spot.step, Group)]


def main(words: Sequence[str]) -> int:
    """Record runs and replay them, and print the verdict; return 1 when something differs."""
    runs, seconds = numbers(words, RUNS, SECONDS)
    with in_private("replays") as (servers, folder), a_battle(servers, folder, leads=runs, workers=WORKERS) as battle:
        with battle.posting(runs, seconds):
            pass
        battle.settle()
        with battle.market.database.connect() as database:
            books = proofs.Books(database)
        return judged(battle, replayed(books))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
