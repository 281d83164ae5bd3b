"""One HTTP request and one HTTP reply as plain values, between the pure code and the socket."""

from collections.abc import Mapping
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]

USER_AGENT = "Flowbuilder"
"""What requests call their sender, unless a destination's own headers say otherwise."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request that is ready to send; `body` is exactly the bytes that were signed.

    `grant` asks for the access token that this request needs: it is sent with that token once there is one.
    """

    method: str
    url: str
    headers: Headers
    body: bytes
    grant: "HttpRequest | None" = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered; `body` holds at most the first 64 KiB, undecoded, header names are in lower case."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header_map(self) -> Mapping[str, str]:
        """Return the headers by lower-case name; of a repeated header the first counts."""
        return dict(reversed(self.headers))
