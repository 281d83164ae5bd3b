"""HTTP servers on loopback that behave well, badly or wickedly, written on raw sockets."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Connection:
    """One accepted connection, with the words a behaviour is written in."""

    def __init__(self, raw: socket.socket, server: "Server") -> None:
        self.raw = raw
        self.server = server

    def read_request(self) -> bytes | None:
        """Return one whole request, None when the client has closed; it is noted in `server.requests`."""
        got = self._read_until(b"\r\n\r\n")
        if got is None:
            return None
        head, _, body = got.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"), 0)
        while len(body) < length:
            body += self.raw.recv(65536)
        self.server.requests.append(head + b"\r\n\r\n" + body)
        return self.server.requests[-1]

    def _read_until(self, end: bytes) -> bytes | None:
        got = b""
        while end not in got:
            chunk = self.raw.recv(65536)
            if not chunk:
                return None
            got += chunk
        return got

    def send(self, answer: bytes) -> None:
        """Send these bytes."""
        self.raw.sendall(answer)

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.raw.close()

    def wait(self, seconds: float) -> None:
        """Do nothing for some seconds, or until the server is closed."""
        self.server.closing.wait(seconds)


Behaviour = Callable[[Connection], None]


@dataclass
class Server:
    """A server with one behaviour; each connection has its own thread."""

    behaviour: Behaviour
    context: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)
    accepted: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    address: str = "127.0.0.1"
    port: int = 0

    def __post_init__(self) -> None:
        self.listener = socket.create_server((self.address, self.port), backlog=2048)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Return the plain address of the server."""
        return f"http://{self.address}:{self.port}/leads"

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), raw:
            if self.context is None:
                self.behaviour(Connection(raw, self))
                return
            # The handshake comes after the wrapping, so that a refused one leaves no socket open.
            with self.context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False) as secure:
                secure.do_handshake()
                self.behaviour(Connection(secure, self))

    def close(self) -> None:
        """Stop accepting and wake whoever waits."""
        self.closing.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@contextlib.contextmanager
def serving(behaviour: Behaviour, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a server for the length of the block."""
    server = Server(behaviour, context)
    try:
        yield server
    finally:
        server.close()


def answering(answer: bytes, *, after: float = 0, keep: bool = True) -> Behaviour:
    """Answer every request with these bytes, `after` some seconds; close the connection after the first unless kept."""

    def behave(connection: Connection) -> None:
        while connection.read_request() is not None:
            connection.wait(after) if after else None
            connection.send(answer)
            if not keep:
                return

    return behave


def head(*lines: str, status: str = "200 OK") -> bytes:
    """Return the head of an answer with these header lines."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


def saying(body: bytes, kind: str = "application/json", status: str = "200 OK") -> Behaviour:
    """Answer every request with a body of a kind."""
    return answering(head(f"Content-Type: {kind}", f"Content-Length: {len(body)}", status=status) + body)


def hang(connection: Connection) -> None:
    """Read the request and never answer."""
    connection.read_request()
    connection.wait(60)


def drip(connection: Connection) -> None:
    """Answer 200 and then one byte of the body now and then."""
    connection.read_request()
    connection.send(head("Content-Length: 3600"))
    for _ in range(3600):
        connection.send(b".")
        connection.wait(0.1)


def endless_chunks(connection: Connection) -> None:
    """Send chunks without end as fast as they are taken."""
    connection.read_request()
    connection.send(head("Transfer-Encoding: chunked"))
    while True:
        connection.send(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")


def endless_body(*lines: str, filler: bytes = b"x" * 65536) -> Behaviour:
    """Announce a body by these header lines and send it without end."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        connection.send(head(*lines))
        while True:
            connection.send(filler)

    return behave


def endless_continue(pause: float) -> Behaviour:
    """Answer "100 Continue" without end, with a pause of some seconds after each."""

    def behave(connection: Connection) -> None:
        connection.read_request()
        while True:
            connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.wait(pause) if pause else None

    return behave


def reset_after_reading(connection: Connection) -> None:
    """Read the whole request, then reset the connection."""
    connection.read_request()
    connection.reset()


def reset_at_once(connection: Connection) -> None:
    """Reset the connection before anything is read."""
    connection.reset()


def read_second_and_close(connection: Connection) -> None:
    """Answer the first request of a kept connection; read the second one and close without an answer."""
    connection.read_request()
    connection.send(OK)
    connection.read_request()


def echo(connection: Connection) -> None:
    """Answer with the request's own head and body."""
    request = connection.read_request() or b""
    connection.send(head(f"Content-Length: {len(request)}") + request)
