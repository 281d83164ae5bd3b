"""Which addresses may be called: every address that a person typed passes here, when saved and at every call."""

import socket
from collections.abc import Callable, Collection
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from rules.delivery import url as strict_url
from rules.delivery.url import Target

Resolver = Callable[[str], list[str]]
Allowed = Collection[tuple[str, int]]

PORTS = frozenset({443, 8443})
MAX_ANSWERS = 2000

# The address library's own is_private and is_global differ between Python versions and miss several of these blocks
# (the special-purpose registries of IANA, and 168.63.129.16, the public address of one cloud's host agent).
BLOCKED_IPV4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",
    )
)
ALLOWED_IPV6 = IPv6Network("2000::/3")
BLOCKED_IPV6 = tuple(
    IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
SPECIAL_NAMES = frozenset({
    "localhost", "local", "internal", "lan", "corp", "home", "localdomain", "intranet", "private", "onion", "test",
    "invalid", "example", "alt", "arpa", "svc",
})  # fmt: skip


class AddressBlocked(Exception):
    """The address may not be called; the text is the same for all, so that it tells nothing about a network."""

    def __init__(self) -> None:
        super().__init__("This address may not be called: it must be a public https address on port 443 or 8443.")


class AddressUnresolved(Exception):
    """The host's name has no answer at the moment; the same address may work later."""


class Checked(list[str]):
    """The IP addresses to connect to, in the order in which to try them, and the parts of the address they are for."""

    __slots__ = ("target",)

    def __init__(self, addresses: Collection[str], target: Target) -> None:
        super().__init__(addresses)
        self.target = target


def system_resolver(host: str) -> list[str]:
    """Return the IP addresses of a host, best first; blocks until the system's resolver answers, raises OSError."""
    answers = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in answers))


def check(url: str, *, resolve: Resolver = system_resolver, allow: Allowed = (), own: Collection[str] = ()) -> Checked:
    """Return the addresses to connect to for a URL, the name resolved at most once.

    `allow` names the (host, port) pairs that may be private and plain http; `own` the addresses of this machine.
    Raises AddressBlocked, or AddressUnresolved if the name has no answer now. One bad address among several blocks.
    """
    return check_target(parse(url), resolve=resolve, allow=allow, own=own)


@lru_cache(maxsize=1024)
def parse(url: str, longest: int = strict_url.MAX_LENGTH) -> Target:
    """Return the parts of an address in the strict form; raises AddressBlocked for any other text."""
    try:
        return strict_url.parse(url, longest)
    except strict_url.BadUrl as error:
        raise AddressBlocked from error


def check_target(
    target: Target, *, resolve: Resolver = system_resolver, allow: Allowed = (), own: Collection[str] = ()
) -> Checked:
    """Do what `check` does for an address that is taken apart already."""
    is_listed = (target.host, target.port) in allow
    if not is_listed:
        _check_shape(target)
    addresses = [target.host] if target.is_literal else _resolve(target.host, resolve)
    if not is_listed and not all(is_public(address) and address not in own for address in addresses):
        raise AddressBlocked
    return Checked(addresses, target)


@lru_cache(maxsize=4096)
def is_public(address: str) -> bool:
    """Return True if the text is an IP address of the public internet that no special use claims."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        return not ip.scope_id and ip in ALLOWED_IPV6 and not any(ip in block for block in BLOCKED_IPV6)
    return not any(ip in block for block in BLOCKED_IPV4)


def own_addresses() -> frozenset[str]:
    """Return the addresses under which this machine reaches the internet; no packet is sent to find them."""
    return frozenset(
        address
        for family, anywhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
        if (address := _source_address(family, anywhere))
    )


def _check_shape(target: Target) -> None:
    """Raise AddressBlocked for what needs no name service to be refused."""
    if target.scheme != "https" or target.port not in PORTS:
        raise AddressBlocked
    labels = target.host.split(".")
    if not target.is_literal and (len(labels) < 2 or labels[-1] in SPECIAL_NAMES):
        raise AddressBlocked


def _resolve(host: str, resolve: Resolver) -> list[str]:
    try:
        addresses = resolve(host)
    except OSError as error:
        raise AddressUnresolved(f"The name {host} could not be looked up.") from error
    if not addresses:
        raise AddressUnresolved(f"The name {host} has no address.")
    if len(addresses) > MAX_ANSWERS:
        raise AddressBlocked
    return addresses


def _source_address(family: socket.AddressFamily, towards: str) -> str | None:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((towards, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return None  # No route of this family: nothing can be reached under an address that does not exist.
