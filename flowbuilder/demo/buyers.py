"""The demo's buyers as HTTP servers on loopback, and their mail server: `python -m flowbuilder.demo.buyers`."""

import json
import signal
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from flowbuilder.config import settings
from flowbuilder.demo.contractors import CONTRACTORS
from flowbuilder.demo.kept import MAIL, MAILBOX, DemoError, Kept
from flowbuilder.demo.mail import open_mail
from flowbuilder.demo.networks import NETWORKS
from flowbuilder.demo.trading import HOME_BUYERS, Answer, Asked, Buyer

KINDS: tuple[type[Buyer], ...] = (*HOME_BUYERS, *NETWORKS, *CONTRACTORS)
LONGEST_BODY = 256 * 1024
IDLE = 60  # seconds after which a connection that says nothing is closed


class Server(ThreadingHTTPServer):
    """One buyer, listening; port 0 takes any free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, buyer: Buyer, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.buyer = buyer

    def start(self) -> None:
        """Answer in a thread of its own."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    def handle_error(self, *_: object) -> None:
        """Say nothing when the other side did not wait for the answer; show any other fault."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(*_)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    """One connection to a buyer."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE
    # Head and body of an answer are two writes; without this the second may wait for an acknowledgement of the first.
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Take a lead."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            self.close_connection = True
            return self._answer(Answer(413, {"error": "Send a body of at most 256 KiB with its length."}))
        asked = Asked(
            {name.lower(): text for name, text in self.headers.items()}, self.rfile.read(int(length)), self.path
        )
        try:
            answer = self.server.buyer.answer(asked)
        except (ValueError, AttributeError):
            answer = Answer(400, {"error": "This is not what was agreed on."})
        time.sleep(answer.after)
        return self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        body = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, text in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **answer.headers,
        }.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the seller's pages show what was asked and answered."""


def open_all(ports: Mapping[str, int], credentials: Mapping[str, str]) -> list[Server]:
    """Return the servers of all buyers, answering."""
    servers = [Server(kind(credentials), ports[kind.name]) for kind in KINDS]
    for server in servers:
        server.start()
    return servers


def main() -> int:
    """Answer until SIGTERM or SIGINT."""
    kept = Kept.read(settings().home)
    if kept is None:
        raise DemoError("The buyers are started by `flowbuilder demo`.")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    open_all(kept.ports, kept.credentials)
    open_mail(settings().home / MAIL, kept.ports[MAIL], kept.ports[MAILBOX])
    threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
