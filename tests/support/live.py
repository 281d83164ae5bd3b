"""The app behind a real socket, alone or with its workers, and a real browser to open it with."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests
from flask import Flask
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.serving import make_server

from flowbuilder.config import Settings, child_environ
from tests.support.processes import eventually, started

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""What the browser is called, the quickest first: without a window's own parts pages take a sixth less processor."""
PATIENCE = 20_000
"""Milliseconds for which what a page should show is waited for: it comes at once, but not on a machine that is busy."""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def listening(app: Flask) -> Iterator[str]:
    """Serve the app on a free port of this machine; give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def everything(settings: Settings, home: Path) -> Iterator[None]:
    """Run the web server, a lead worker and a job worker as processes; they are ready when this begins."""
    environ = child_environ(settings)
    with ExitStack() as stack:
        for words in (("flowbuilder", "web"), ("workers", "leads"), ("workers", "jobs")):
            stack.enter_context(started(home, *words, **environ))
        eventually(lambda: _is_ready(settings.public_url), seconds=60)
        yield


def _is_ready(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


@contextmanager
def chromium() -> Iterator[Browser]:
    """Give the Chromium that is installed on this machine."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, "the journeys need Chromium: apt-get install chromium"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
