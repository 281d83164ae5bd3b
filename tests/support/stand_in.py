"""Processes that stand in for web and workers: `python -m tests.support.stand_in web|worker|family|stubborn|brief`."""

import http.server
import signal
import subprocess
import sys
import time

from flowbuilder.config import settings


def web() -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", settings().web_port), _Healthy)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()


def worker() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("finished what it had begun", flush=True)))
    print(f"works for {settings().database_url} and {settings().redis_url}", flush=True)
    while True:
        time.sleep(60)


def family() -> None:
    subprocess.Popen(["sleep", "1000"], process_group=0)
    print("started a child of its own", flush=True)
    while True:
        time.sleep(60)


def stubborn() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("does not listen", flush=True)
    while True:
        time.sleep(60)


def brief() -> None:
    print("ends at once", flush=True)
    sys.exit(7)


class _Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


if __name__ == "__main__":
    {"web": web, "worker": worker, "family": family, "stubborn": stubborn, "brief": brief}[sys.argv[1]]()
