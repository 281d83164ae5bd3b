"""The embedded Valkey: reached by a socket only, written to disk every second, outlives whoever started it."""

import shutil
import signal
import socket
from pathlib import Path

from flowbuilder.embedded.errors import EmbeddedError
from flowbuilder.embedded.homes import Home
from flowbuilder.embedded.processes import is_alive, kill, process_id, run_program, wait_until

PROGRAM = "valkey-server"


class Valkey:
    """One Valkey server of one home."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._folder = home.data / "valkey"

    @property
    def url(self) -> str:
        """Return the address for a Redis client."""
        return f"unix://{self._socket}"

    def is_running(self) -> bool:
        """Return whether the server's process is alive."""
        return is_alive(process_id(self._pid_file), PROGRAM)

    def is_ready(self) -> bool:
        """Return whether the server answers."""
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(1)
            try:
                door.connect(str(self._socket))
                door.sendall(b"PING\r\n")
                return door.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def start(self) -> None:
        """Start the server, or find it running; returns once it answers; raises EmbeddedError."""
        if not (self.is_running() and self._socket.exists()):
            self.stop()
            self._launch()
        if not wait_until(self.is_ready, 60):
            raise EmbeddedError(f"Valkey does not answer; its log is {self._folder / 'valkey.log'}.")

    def stop(self) -> None:
        """Stop the server if it runs; what it holds is on disk afterwards."""
        self._end(signal.SIGTERM, 10) or self._end(signal.SIGKILL, 10)

    def kill(self, *, wipe: bool = False) -> None:
        """End the server as a crash would, and with `wipe` lose what it held."""
        self._end(signal.SIGKILL, 10)
        if wipe:
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _pid_file(self) -> Path:
        return self._folder / "valkey.pid"

    @property
    def _socket(self) -> Path:
        return self._home.sockets / "valkey.sock"

    def _end(self, how: signal.Signals, seconds: float) -> bool:
        if self.is_running():
            kill(process_id(self._pid_file), how)
        return wait_until(lambda: not self.is_running(), seconds)

    def _launch(self) -> None:
        options: dict[str, str | Path] = {
            "port": "0",
            "unixsocket": self._socket,
            "unixsocketperm": "700",
            "dir": self._folder,
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "yes",
            "pidfile": self._pid_file,
            "logfile": self._folder / "valkey.log",
            "loglevel": "warning",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        run_program(["/bin/mkdir", "-p", self._folder], self._home.account, self._home.data)
        run_program([self._home.programs.valkey, *words], self._home.account, self._home.data)
