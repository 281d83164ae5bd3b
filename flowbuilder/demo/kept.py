"""What the demo keeps in the home between two starts: ports, credentials, the sign-in, and the suppliers' keys."""

import base64
import hashlib
import json
import os
import secrets
import socket
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

FILE_NAME = "demo.json"
BUYERS = ("sunrise", "brightroof", "helio", "leadhaven", "kestrel", "northstar", "pennine", "havel")
"""The buyers that listen, each on a port of its own; others get their leads by mail or read them in the app."""
MAIL, MAILBOX = "mail", "mailbox"
"""The mail server, and the page that shows what it got."""
LISTENERS = (*BUYERS, MAIL, MAILBOX)
CREDENTIALS = (
    *("sunrise_token", "brightroof_password", "helio_key"),
    *("leadhaven_key", "kestrel_key", "northstar_key", "pennine_token", "havel_token"),
)
FIRST_PORT, LAST_PORT = 20_000, 29_999
"""Below the ports that systems give to outgoing calls, so that none of those is in the way at the next start."""


class DemoError(RuntimeError):
    """Why there can be no demo, said in one sentence."""


@dataclass(frozen=True)
class SourceAccess:
    """Where a supplier posts to, as a path of the server, and its keys."""

    path: str
    key: str
    test_key: str


@dataclass(frozen=True)
class Kept:
    """Everything that has to be the same at the next start; `sources` are by their names."""

    ports: dict[str, int]
    credentials: dict[str, str]
    password: str
    api_key: str = ""
    sources: dict[str, SourceAccess] = field(default_factory=dict)

    @classmethod
    def read(cls, home: Path) -> Self | None:
        """Return what is kept in the home, None before the first start."""
        try:
            written = json.loads((home / FILE_NAME).read_text())
        except FileNotFoundError:
            return None
        written["sources"] = {name: SourceAccess(**access) for name, access in written["sources"].items()}
        return cls(**written)

    def write(self, home: Path) -> None:
        """Keep it, readable by its owner only; whoever reads meanwhile sees all of the old or all of the new."""
        home.mkdir(parents=True, exist_ok=True)
        draft = home / f"{FILE_NAME}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(self), file, indent=2)
        draft.replace(home / FILE_NAME)


def make_credentials() -> dict[str, str]:
    """Return what the buyers know their seller by: one secret each, and one to sign with."""
    made = {name: secrets.token_urlsafe(24) for name in CREDENTIALS}
    return {**made, "helio_signing_secret": f"whsec_{base64.b64encode(secrets.token_bytes(30)).decode()}"}


def settle_ports(home: Path, kept: dict[str, int], taken: Collection[int]) -> dict[str, int]:
    """Return a port for each that listens: the kept one unless somebody else listens there, or another that is free."""
    ports: dict[str, int] = {}
    for name in LISTENERS:
        avoid = {*taken, *ports.values(), *(kept[other] for other in kept if other != name)}
        port = kept.get(name, 0)
        ports[name] = port if port and port not in avoid and is_free(port) else free_port(home, avoid)
    return ports


def free_port(home: Path, avoid: Collection[int]) -> int:
    """Return a free port of this machine; each home begins to look at a place of its own."""
    count = LAST_PORT - FIRST_PORT + 1
    begin = int.from_bytes(hashlib.sha256(os.fsencode(home)).digest()[:4]) % count
    for offset in range(count):
        port = FIRST_PORT + (begin + offset) % count
        if port not in avoid and is_free(port):
            return port
    raise DemoError(f"No port from {FIRST_PORT} to {LAST_PORT} is free for the demo's buyers.")


def is_free(port: int) -> bool:
    """Return whether a server could listen on the port."""
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
