"""Prints what one post costs in Python alone: one thread, no database, no sockets; microseconds of CPU.

python bench/post.py [--profile]
"""

import argparse
import asyncio
import cProfile
import io
import json
import pstats
import sys
import time
from pathlib import Path
from typing import Any, cast

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.intake import DOCUMENT, LEAD
from flowbuilder import ids, keys
from flowbuilder.intake import sources
from flowbuilder.intake.app import IntakeApp
from flowbuilder.intake.loop import IntakeLoop
from flowbuilder.intake.reading import LeadForm
from flowbuilder.intake.request import Request
from flowbuilder.intake.tickets import Entry
from rules.flow import parse_flow

POSTS, ROUNDS = 2000, 7
KEY = keys.new_key("lk_live")


class SoldAtOnce:
    """Stands for all behind the desk: the source is known, there is room, and each lead is sold as it comes."""

    web_id = "bench"

    def __init__(self) -> None:
        flow, _ = parse_flow(DOCUMENT)
        assert flow is not None
        stored = {KEY.id: sources.StoredKey(KEY.secret_hash, False)}
        form = LeadForm(flow.fields, version=1, currency="USD")
        self.source = sources.OpenSource(ids.new_id(), ids.new_id(), ids.new_id(), True, stored, form)
        self.batcher = self.room = self
        self.loop = IntakeLoop()

    async def find_source(self, *_: str) -> sources.OpenSource:
        """Return the one source there is."""
        return self.source

    async def refuse_when_full(self, _account_id: object) -> None:
        """Let everybody in."""

    def put(self, entry: Entry) -> None:
        """Settle the lead as if it were stored and sold."""
        entry.is_stored = True
        entry.ticket.settle_sold(3150)

    def take_place(self) -> bool:
        """Return that there is room."""
        return True

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def main() -> None:
    """Print the quickest of some rounds, or a profile."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", action="store_true")
    app = IntakeApp(cast("Any", SoldAtOnce()), cast("Any", None), {})
    quickest = min(microseconds(app) for _ in range(ROUNDS))
    print(f"{quickest:.1f} µs per post")
    if parser.parse_args().profile:
        with cProfile.Profile() as profile:
            microseconds(app)
        pstats.Stats(profile).sort_stats("tottime").print_stats(40)


def microseconds(app: IntakeApp) -> float:
    """Return the CPU time of a post, in microseconds; raises RuntimeError when one was not answered with 201."""
    posts = [environ(number) for number in range(POSTS)]
    spent, statuses = asyncio.run(_answer(app, posts))
    if statuses != {201}:
        raise RuntimeError(f"Answers were {statuses}.")
    return spent / POSTS * 1e6


async def _answer(app: IntakeApp, posts: list[dict[str, Any]]) -> tuple[float, set[int]]:
    statuses, began = set(), time.process_time()
    for post in posts:
        statuses.add((await app.respond(Request(post))).status)
    return time.process_time() - began, statuses


def environ(number: int) -> dict[str, Any]:
    """Return a post whose body is there."""
    body = json.dumps(LEAD | {"email": f"ana.silva.{number}@example.com"}).encode()
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/f/abcdefghij/klmnopqrst",
        "QUERY_STRING": "wait=25",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_API_KEY": KEY.text,
        "HTTP_IDEMPOTENCY_KEY": f"k-{time.monotonic_ns()}-{number}",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(body),
    }


if __name__ == "__main__":
    main()
