"""The demo's mail server on loopback: takes every mail, keeps the newest as files, and shows them on one page."""

import html
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

KEPT = 100
LONGEST_LINE, LONGEST_MAIL = 4096, 1024 * 1024
IDLE = 60  # seconds after which a connection that says nothing is closed
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Mailbox of the demo</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>body{{font:1rem/1.5 sans-serif;max-width:45rem;margin:2rem auto;padding:0 1rem}}article{{border-top:1px solid}}
pre{{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.9rem}}</style>
<h1>Mails of the demo</h1><p>What Flowbuilder sent to buyers by mail, newest first. No mail leaves this machine.</p>{}
"""
LETTER = "<article><h2>{}</h2><p>To {}<br>{}</p><pre>{}</pre></article>"
NONE_YET = "<p>No mail came yet. The first lead for Nordwind Wärme brings one.</p>"


class Letters:
    """The mails in a folder, one file each; older ones make room."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, raw: bytes) -> None:
        """Keep a mail."""
        with self._lock:
            (self._folder / f"{time.time_ns()}.eml").write_bytes(raw)
            for old in self._files()[KEPT:]:
                old.unlink()

    def newest(self) -> list[EmailMessage]:
        """Return what is kept, newest first."""
        with self._lock:
            written = [file.read_bytes() for file in self._files()]
        return [message_from_bytes(raw, policy=policy.default) for raw in written]

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.eml"), reverse=True)


class MailServer(ThreadingTCPServer):
    """Takes mail by as much of SMTP (RFC 5321) as senders need."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, letters: Letters, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Session)
        self.letters = letters

    def handle_error(self, *_: object) -> None:
        """Say nothing: a sender may leave at any time."""


class _Session(StreamRequestHandler):
    server: MailServer
    timeout = IDLE

    def handle(self) -> None:
        """Answer command after command until the sender leaves."""
        self._say("220 demo")
        while line := self.rfile.readline(LONGEST_LINE):
            match line[:4].upper().strip():
                case b"EHLO" | b"HELO" | b"MAIL" | b"RCPT" | b"RSET" | b"NOOP":
                    self._say("250 OK")
                case b"DATA":
                    self._say("354 End with a line that is a dot")
                    self._take()
                case b"QUIT":
                    return self._say("221 Bye")
                case _:
                    self._say("502 Not here")
        return None

    def _take(self) -> None:
        raw = bytearray()
        while (line := self.rfile.readline(LONGEST_MAIL)) not in (b".\r\n", b""):
            raw += line.removeprefix(b".")
            if len(raw) > LONGEST_MAIL:
                return self._say("552 Too long")
        if line:
            self.server.letters.keep(bytes(raw))
            self._say("250 Kept")
        return None

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class Mailbox(ThreadingHTTPServer):
    """Shows the mails."""

    daemon_threads = True

    def __init__(self, letters: Letters, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Reader)
        self.letters = letters


class _Reader(BaseHTTPRequestHandler):
    server: Mailbox
    timeout = IDLE

    def do_GET(self) -> None:
        """Show all that is kept."""
        body = page_of(self.server.letters.newest()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def page_of(letters: list[EmailMessage]) -> str:
    """Return a page with these mails."""
    return PAGE.format("".join(map(_shown, letters)) or NONE_YET)


def open_mail(folder: Path, port: int, page_port: int) -> tuple[MailServer, Mailbox]:
    """Return the mail server that keeps its mails in a folder and the page that shows them, both answering."""
    letters = Letters(folder)
    servers = MailServer(letters, port), Mailbox(letters, page_port)
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    return servers


def _shown(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    text = str(body.get_content()) if body else ""
    told = (str(letter["Subject"]), str(letter["To"]), str(letter["Date"]), text.strip())
    return LETTER.format(*map(html.escape, told))
