"""`make screens`: pictures of every page of the demo, light, dark and on a phone, in var/screens/.

It starts the demo in a home of its own, waits until leads were sold, changes one draft, and goes from page to page.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from flowbuilder.client import Client
from flowbuilder.demo.kept import Kept
from flowbuilder.demo.running import EMAIL
from rules.editing.tree import end_of, walk

ROOT = Path(__file__).resolve().parent.parent
INTO = ROOT / "var" / "screens"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": WIDE, "color_scheme": "light"},
    "dark": {"viewport": WIDE, "color_scheme": "dark"},
    "phone": {"viewport": NARROW, "color_scheme": "light", "has_touch": True},
}
PLAIN = ("/", "/flows", "/flows/new", "/leads", "/waiting", "/connections", "/connections/new", "/sources", "/lists")
REST = ("/lists/new", "/fields", "/fields/new", "/account")
OF_A_FLOW = ("", "/edit", "/edit?step=intake", "/test", "/checks", "/review", "/versions", "/versions/1")
LET_LEADS_COME = 25  # seconds


@dataclass(frozen=True)
class Demo:
    """The running demo: where it is, what signs in, and a program that may read it."""

    address: str
    password: str
    client: Client


def main() -> int:
    """Write all pictures; return 1 when a page did not answer as a page."""
    shutil.rmtree(INTO, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="fb-screens-") as home, a_demo(Path(home)) as demo, chromium() as browser:
        change_a_draft(browser, demo)
        paths = list(dict.fromkeys(pages_of(demo.client)))
        failed = [path for look in LOOKS for path in pictures(browser, demo, look, paths)]
    print(f"{len(paths)} pages, {len(LOOKS)} looks: {INTO}")
    print(*failed, sep="\n")
    return 1 if failed else 0


@contextmanager
def a_demo(home: Path) -> Iterator[Demo]:
    """Run the demo until leads have come and gone."""
    port = free_port()
    command = [sys.executable, "-m", "flowbuilder", "demo", "--port", str(port)]
    environ = {**os.environ, "FLOWBUILDER_HOME": str(home)}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        wait_for_words(process, "first lead delivered")
        kept = Kept.read(home)
        assert kept, "the demo keeps its password in its home"
        address = f"http://127.0.0.1:{port}"
        with Client(address, kept.api_key) as client:
            drain_for(process, LET_LEADS_COME)
            yield Demo(address, kept.password, client)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def wait_for_words(process: subprocess.Popen[str], words: str) -> None:
    """Read what the demo says until it says this; raises RuntimeError when it ends first."""
    said = []
    assert process.stdout
    for line in process.stdout:
        said.append(line)
        if words in line:
            return
    raise RuntimeError("The demo ended:\n" + "".join(said))


def drain_for(process: subprocess.Popen[str], seconds: float) -> None:
    """Read on for a while: leads come, and the demo never waits for a reader."""
    assert process.stdout
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.stdout.readline():
        pass


def change_a_draft(browser: Browser, demo: Demo) -> None:
    """Move a step of the first flow, so that there is something to review."""
    page = signed_in(browser, demo, "light")
    flow = next(iter(demo.client.flows()))
    page.goto(f"/flows/{flow['id']}/edit")
    page.get_by_role("button", name=re.compile(r"^Move .+ up$")).last.click()
    page.get_by_text("not live").wait_for()
    page.context.close()


def pages_of(client: Client) -> Iterator[str]:
    """Yield the address of every page there is to look at."""
    yield from (*PLAIN, *REST)
    for flow in client.flows():
        yield from (f"/flows/{flow['id']}{rest}" for rest in OF_A_FLOW)
        draft = client.flow(flow["id"])["draft"]
        yield from (
            f"/flows/{flow['id']}/edit?step={step}" for step in (*(one.key for one in walk(draft)), end_of(draft))
        )
    yield from (f"/connections/{row['id']}" for row in list(client.connections())[:4])
    yield f"/connections/{next(iter(client.connections()))['id']}/edit"
    yield from (f"/sources/{row['id']}" for row in list(client.sources())[:1])
    yield from (f"/lists/{row['id']}" for row in list(client.lists())[:1])
    for status in ("sold", "rejected", "waiting", "duplicate", "error"):
        yield from (f"/leads/{lead['id']}" for lead in client.leads(status=status, limit=1))


def pictures(browser: Browser, demo: Demo, look: str, paths: list[str]) -> list[str]:
    """Make a picture of each page in one look; return the pages that failed, with their status."""
    page = signed_in(browser, demo, look)
    failed = []
    for number, path in enumerate(paths, start=1):
        answer = page.goto(path)
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        page.screenshot(path=INTO / look / f"{number:02} {name_of(path)}.png", full_page=True)
        if answer is None or not answer.ok:
            failed.append(f"{path}: {answer.status if answer else 'no answer'}")
    page.context.close()
    return failed


def signed_in(browser: Browser, demo: Demo, look: str) -> Page:
    """Return a page of the seller's in this look; on the way there the sign-in page is taken too."""
    page = browser.new_context(base_url=demo.address, **LOOKS[look]).new_page()
    page.goto("/sign-in")
    page.screenshot(path=INTO / look / "00 sign-in.png")
    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_label("Password").fill(demo.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", level=1, name="Home").wait_for()
    return page


def name_of(path: str) -> str:
    """Return a page's address as the name of a file; of an id only its end, which tells one from the other."""
    short = re.sub(r"(?:[a-z]{3}_)?[0-9A-Z]{22}([0-9A-Z]{4})", r"\1", path)
    return re.sub(r"\W+", "-", short).strip("-").replace("edit-step-", "edit-") or "home"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give the Chromium that is installed on this machine."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
