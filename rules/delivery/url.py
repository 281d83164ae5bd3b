"""The one strict reading of a web address that a person typed; requests are built from the parts it gives."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

MAX_LENGTH = 2048
# What a lead in the query may make of it; servers take about that much in the first line of a request.
LONGEST_SENT = 8000
DEFAULT_PORTS = {"https": 443, "http": 80}

# RFC 3986 characters, and the square brackets that many query strings hold although the RFC asks to encode them.
_CHARACTERS = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?\[\]-]|%[0-9A-Fa-f]{2})+")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT = re.compile(r"[1-9][0-9]{0,4}")


class BadUrl(ValueError):
    """The text is not an address in the strict form; its message tells the person what to change."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart once; `host` is in lower case and without brackets."""

    scheme: str
    host: str
    port: int
    path: str
    query: str
    is_literal: bool
    """True if the host is an IP address and no name."""

    @property
    def authority(self) -> str:
        """Return host and port as they stand in the address, the port left out where the scheme implies it."""
        host = bracketed(self.host)
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Return the address put together again from its parts."""
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{self.authority}{self.path}{query}"


def bracketed(host: str) -> str:
    """Return a host as it stands before a port: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def parse(url: str, longest: int = MAX_LENGTH) -> Target:
    """Return the parts of an http or https address of at most `longest` characters.

    Raises BadUrl for whatever two readers of addresses could read differently: user names, fragments, backslashes,
    spaces and control characters, letters outside ASCII, numbers that are IP addresses in disguise, a query without a
    path. (Two common Python parsers disagree about the host of such texts.)
    """
    _check_characters(url, longest)
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    if scheme not in DEFAULT_PORTS or not rest:
        raise BadUrl("Begin the address with https:// and a host name.")
    authority, slash, tail = rest.partition("/")
    path, _, query = tail.partition("?")
    host, port = _split_authority(authority)
    host, is_literal = _read_host(host)
    return Target(scheme, host, _read_port(port, scheme), (slash or "/") + path, query, is_literal)


def _check_characters(url: str, longest: int) -> None:
    if not url.strip():
        raise BadUrl("Enter an address.")
    if len(url) > longest:
        raise BadUrl(f"The address is longer than {longest} characters.")
    if "#" in url:
        raise BadUrl("Leave out the part of the address from # on.")
    if not _CHARACTERS.fullmatch(url):
        raise BadUrl("The address holds a space or a character that must be percent-encoded (or xn-- in the host).")


def _split_authority(authority: str) -> tuple[str, str | None]:
    if "@" in authority:
        raise BadUrl("Leave user name and password out of the address; they belong to the authentication setting.")
    if authority.startswith("["):
        host, bracket, rest = authority.partition("]")
        if rest and not rest.startswith(":"):
            raise BadUrl("The host is not a valid name or IP address.")
        return host + bracket, rest[1:] if rest else None
    host, colon, port = authority.partition(":")
    return host, port if colon else None


def _read_port(port: str | None, scheme: str) -> int:
    if port is None:
        return DEFAULT_PORTS[scheme]
    if not _PORT.fullmatch(port) or int(port) > 65535:
        raise BadUrl("The port after the host must be a number from 1 to 65535.")
    return int(port)


def _read_host(host: str) -> tuple[str, bool]:
    """Return the host in lower case, and whether it is an IP address."""
    if host.startswith("["):
        return _read_ipv6(host), True
    name = host.lower()
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadUrl("The host is not a valid name or IP address.")
    if _NUMBER.fullmatch(labels[-1]):
        return _read_ipv4(name), True
    return name, False


def _read_ipv4(text: str) -> str:
    # The C library also reads 2852039166, 0x7f.1 and 0177.0.0.1 as addresses; only four plain numbers are taken here.
    try:
        return str(IPv4Address(text))
    except AddressValueError as error:
        raise BadUrl("Write the IP address as four numbers without leading zeros.") from error


def _read_ipv6(text: str) -> str:
    inside = text[1:-1].lower()
    try:
        canonical = str(IPv6Address(inside))
    except AddressValueError as error:
        raise BadUrl("The host is not a valid name or IP address.") from error
    if not text.endswith("]") or canonical != inside:
        raise BadUrl(f"Write the IP address in its short form, [{canonical}].")
    return canonical
