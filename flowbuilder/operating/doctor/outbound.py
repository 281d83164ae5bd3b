"""Checks of the way out: names are found, a TLS handshake is possible, and no private address is open in production."""

import socket
import ssl
from collections.abc import Iterator

import certifi

from flowbuilder.config import Settings
from flowbuilder.operating.doctor.findings import Finding, ok, warning, wrong

PATIENCE = 5.0  # seconds


def check(own: Settings, host: str | None) -> Iterator[Finding]:
    """Yield what is found; without a host to try, nothing is called."""
    if own.is_production and own.outbound_allow:
        pairs = ", ".join(f"{name}:{port}" for name, port in own.outbound_allow)
        yield warning(
            "outbound", f"OUTBOUND_ALLOW lets buyers' addresses lead to {pairs}: leave it empty in production."
        )
    if host is None:
        yield ok("outbound", "Nothing was called: name a buyer's host with --host to try a TLS handshake with it.")
    else:
        yield try_handshake(host)


def try_handshake(host: str, ca_file: str | None = None) -> Finding:
    """Return whether `name` or `name:port` can be found, reached, and proves who it is; sends nothing after that."""
    name, _, port = host.partition(":")
    context = ssl.create_default_context(cafile=ca_file or certifi.where())
    try:
        with (
            socket.create_connection((name, int(port or 443)), timeout=PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=name) as secure,
        ):
            return ok("outbound", f"{name} answers, by {secure.version()}.")
    except socket.gaierror:
        return wrong("outbound", f"The name {name} is not found: see that DNS works on this machine.")
    except ssl.SSLCertVerificationError as problem:
        return wrong("outbound", f"The certificate of {name} is not good ({problem.verify_message}): tell its owner.")
    except ssl.SSLError as problem:
        return wrong("outbound", f"{name} speaks no TLS that is taken here ({problem.reason}): tell its owner.")
    except (OSError, ValueError) as problem:
        return wrong(
            "outbound", f"{name} cannot be reached ({type(problem).__name__}): see what the firewall lets out."
        )
