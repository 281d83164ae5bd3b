"""A proxy in front of a server on a socket, which lets every request wait a while."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CHUNK = 65536


@contextmanager
def slowed(behind: Path, seconds: float) -> Iterator[int]:
    """Give the port on which a server answers that listens on a socket, each command so many seconds later."""
    door = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=_serve, args=(door, behind, seconds), daemon=True).start()
    try:
        yield int(door.getsockname()[1])
    finally:
        door.close()


def _serve(door: socket.socket, behind: Path, seconds: float) -> None:
    with suppress(OSError):  # The door was closed.
        while True:
            caller, _ = door.accept()
            threading.Thread(target=_connect, args=(caller, behind, seconds), daemon=True).start()


def _connect(caller: socket.socket, behind: Path, seconds: float) -> None:
    with caller, socket.socket(socket.AF_UNIX) as server:
        server.connect(str(behind))
        back = threading.Thread(target=_pass_on, args=(server, caller, 0.0), daemon=True)
        back.start()
        _pass_on(caller, server, seconds)
        back.join()


def _pass_on(source: socket.socket, sink: socket.socket, pause: float) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            time.sleep(pause)
            sink.sendall(chunk)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
