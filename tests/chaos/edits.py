"""Two people edit one flow at once, each in a browser, while the web process is killed: nothing that was saved is lost.

python -m tests.chaos.edits [edits] [seed]     200 edits, seed 1
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

import requests
from sqlalchemy.orm import Session

from flowbuilder import config, db, embedded, ids
from tests.chaos.edit_check import Story, read_history, verdicts
from tests.support.at_the_editor import AtTheEditor, Change
from tests.support.cast import Member, a_connection, a_flow, a_member, a_seller
from tests.support.command import in_private, numbers
from tests.support.documents import solar
from tests.support.flows import buyer, cap, group, only, split
from tests.support.live import chromium
from tests.support.processes import free_port
from tests.support.verdicts import report
from tests.support.web import session_of

EDITS, SEED = 200, 1
FEWEST, MOST = 4, 14
KINDS = ("buyer", "filter", "cap", "group", "transform", "split")
WAYS = {
    "type": 50,
    "add": 9,
    "move": 10,
    "delete": 7,
    "off": 6,
    "duplicate": 3,
    "undo": 8,
    "redo": 4,
    "reload": 5,
}
"""What people do, and how often in a hundred times."""
FIRST = ("type", "add", "move")
"""What each of them does before they go by chance, as a short proof would else now and then be without it."""
OF_STEPS = {"move": "up", "off": "switch", "delete": "delete", "duplicate": "duplicate"}
"""What is done to one step, and how the ids of its buttons begin."""


@dataclass
class Web:
    """The web process of a proof, which is killed and comes back on the same port."""

    servers: embedded.Servers
    said: Path
    port: str = field(default_factory=free_port)
    kills: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return once it answers."""
        own = replace(config.settings(), database_url=self.servers.database_url, redis_url=self.servers.redis_url)
        environ = config.child_environ(own) | {
            "FLOWBUILDER_WEB_PORT": self.port,
            "FLOWBUILDER_LOG_LEVEL": "error",
            "FLOWBUILDER_REQUESTS_PER_MINUTE": "100000",
        }
        with self.said.open("ab") as said:
            command = [sys.executable, "-m", "flowbuilder", "web"]
            self.process = subprocess.Popen(command, env=environ, stderr=said, start_new_session=True)
        ends = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < ends, "the web does not answer"
            time.sleep(0.1)

    def kill(self) -> None:
        """End it at once, with the process that answers for it."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.address}/healthz", timeout=2).ok
        except requests.RequestException:
            return False


@dataclass(frozen=True)
class Desk:
    """A flow and the two who edit it, with the way in for each, by their ids."""

    web: Web
    flow: str
    first: dict[str, Any]
    tokens: dict[str, str]


@contextmanager
def a_desk(servers: embedded.Servers, folder: Path) -> Iterator[Desk]:
    """Give a flow with steps of many kinds, the web, and two people who may edit it."""
    db.migrate(servers.database_url)
    engine = db.make_engine(servers.database_url, pool_size=1)
    web = Web(servers, folder / "web.log")
    try:
        with db.make_sessions(engine)() as session:
            sara = a_seller(session)
            dana = a_member(session, sara.account, role="editor", person="Dana Deputy")
            flow = a_flow(session, sara, document=_document(session, sara), live_version=None)
            session.commit()
            tokens = {str(one.person.id): session_of(session, one) for one in (sara, dana)}
            desk = Desk(web, ids.show(flow.id, "flo"), flow.draft, tokens)
        web.start()
        yield desk
    finally:
        web.kill()
        engine.dispose()


def _document(session: Session, sara: Member) -> dict[str, Any]:
    names = ("Sunrise", "Helio", "Solarix", "Bright")
    buyers = [ids.show(a_connection(session, sara, name=name).id, "con") for name in names]
    rows = group(buyer(buyers[1], "r1"), buyer(buyers[2], "r2"))
    lanes = split("Nevada", {"is": [{"var": "lead.state"}, "NV"]}, only("NV", "f2"), rest=(buyer(buyers[3], "b2"),))
    return solar(steps=[only("CA", "f1"), buyer(buyers[0], "b1"), cap(50), rows, lanes])


def edit(desk: Desk, edits: int, seed: int) -> Story:
    """Have both edit, so many times in all, while the web is killed; return what their pages said, and show at last."""
    together = threading.Barrier(len(desk.tokens), timeout=600)
    with ThreadPoolExecutor(len(desk.tokens)) as threads:
        work = [
            threads.submit(
                _edits_of, desk, who, edits // len(desk.tokens), random.Random(f"{seed}/{odd}"), odd, together
            )
            for odd, who in enumerate(desk.tokens)
        ]
        dice = random.Random(seed)
        while wait(work, dice.uniform(6, 14)).not_done:
            desk.web.kill()
            desk.web.kills += 1
            time.sleep(dice.uniform(0.1, 2))
            desk.web.start()
        for problem in (one.exception() for one in work):
            if problem is not None and not isinstance(problem, threading.BrokenBarrierError):
                raise problem
        found = [one.result() for one in work]
    told, shown, differing = zip(*found, strict=True)
    return Story([change for one in told for change in one], shown, [one for one in differing if one])


def _edits_of(
    desk: Desk, who: str, edits: int, dice: random.Random, odd: int, together: threading.Barrier
) -> tuple[list[Change], list[str], str]:
    """Edit so many times as one of them; return what their pages said, and what the last one shows.

    That are its steps once it was loaded again, and in what it differed before.
    """
    try:
        with chromium() as browser:
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            context.add_cookies([{"name": "session", "value": desk.tokens[who], "url": desk.web.address}])
            one = AtTheEditor(context, f"{desk.web.address}/flows/{desk.flow}/edit", who, dice, odd)
            for does in islice(chain(FIRST, repeat("")), edits):
                _edit_once(one, dice, does)
            one.settle()
            together.wait()
            differs = one.differs()
            one.visit()
            return one.told, one.steps(), differs
    except BaseException:
        together.abort()
        raise


def _edit_once(one: AtTheEditor, dice: random.Random, does: str) -> None:
    """Do something, by chance unless it is said what."""
    steps = one.steps()
    does = does or dice.choices(list(WAYS), list(WAYS.values()))[0]
    if does in ("add", "duplicate") and len(steps) >= MOST:
        does = "delete"
    if does == "delete" and len(steps) <= FEWEST:
        does = "add"
    step = dice.choice(steps)
    if does == "type":
        one.type(step, letters=dice.random() < 0.25, waits=dice.random() < 0.6)
    elif does == "reload":
        one.visit()
    else:
        about = step if does in OF_STEPS else ""
        one.press(does, about, *_buttons(does, step, one, dice))


def _buttons(does: str, step: str, one: AtTheEditor, dice: random.Random) -> tuple[str, ...]:
    """Return the buttons to press one after the other."""
    match does:
        case "add":
            return f"#{dice.choice(one.places())}", f"#add-menu [value={dice.choice(KINDS)}]"
        case "move":
            return (f"#{dice.choice(('up', 'down'))}-{step}",)
        case "off" | "delete" | "duplicate":
            return f"#more-{step}", f"#{OF_STEPS[does]}-{step}"
    return (f"#{does}:not([aria-disabled])",)


def main(words: Sequence[str]) -> int:
    """Run it and print the verdicts; return how many promises are broken."""
    edits, seed = numbers(words, EDITS, SEED)
    with in_private("edits") as (servers, folder), a_desk(servers, folder) as desk:
        story = edit(desk, edits, seed)
        said, broken = report(verdicts(story, read_history(servers.database_url, desk.flow, desk.first)))
    sys.stdout.write(f"{edits} edits by two people, seed {seed}, {desk.web.kills} kills of the web process\n{said}")
    return broken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
