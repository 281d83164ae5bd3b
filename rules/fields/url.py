"""A web address: a landing page, a company's site."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from typing_extensions import override

from rules.fields.base import COMMON_OPERATORS, PRESENCE_OPERATORS, TEXT_OPERATORS, Field, FieldType, Normal

LONGEST = 2048
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.ASCII | re.IGNORECASE)
WITH_PORT = re.compile(r"[^/?#]*:\d+(?:[/?#]|$)", re.ASCII)
# RFC 1123, 2.1: letters, digits and hyphens between dots, at most 63 in a row; letters of all languages (RFC 5890).
LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")
UNSAFE = re.compile(r"[\s\x00-\x1f\x7f<>\"{}|\\^`]")
OWN_PORTS = {"http": 80, "https": 443}


class Address(NamedTuple):
    """What a valid web address is made of."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: str
    fragment: str

    def text(self) -> str:
        """Return the address in its normal form."""
        port = f":{self.port}" if self.port and self.port != OWN_PORTS[self.scheme] else ""
        query = f"?{self.query}" if self.query else ""
        fragment = f"#{self.fragment}" if self.fragment else ""
        return f"{self.scheme}://{self.host}{port}{self.path or '/'}{query}{fragment}"


class UrlType(FieldType):
    """An http or https address with scheme and host in small letters; http when it names neither.

    What is no web address stays as posted and is not valid. Nobody looks whether the address answers.
    """

    key = "url"
    label = "Web address"
    operators = (*COMMON_OPERATORS, "domain_in", *TEXT_OPERATORS, *PRESENCE_OPERATORS)
    part_names = ("scheme", "host", "domain", "path", "query")
    personal = True

    @override
    def read(self, text: str, field: Field) -> Normal:
        address = read_address(text)
        return Normal(address.text(), True) if address else Normal(text, False)

    @override
    def parts(self, value: object, field: Field) -> dict[str, object]:
        """Return scheme, host, path and query; the domain is the host without `www.`."""
        address = read_address(str(value or ""))
        if address is None:
            return dict.fromkeys(self.part_names)
        return {
            "scheme": address.scheme,
            "host": address.host,
            "domain": address.host.removeprefix("www."),
            "path": address.path or "/",
            "query": address.query or None,
        }

    @override
    def mask(self, value: object) -> str:
        address = read_address(str(value or ""))
        return f"{address.scheme}://{address.host}/••••" if address else "••••" if value else ""


def read_address(text: str) -> Address | None:
    """Return what a web address is made of, None for what is none or carries a user name."""
    text = text.strip()
    if len(text) > LONGEST or UNSAFE.search(text):
        return None
    if not SCHEME.match(text) or WITH_PORT.match(text):
        text = f"http://{text.removeprefix('//')}"
    try:
        split = urlsplit(text)
        port = split.port
    except ValueError:
        return None
    host = (split.hostname or "").removesuffix(".")
    if split.scheme not in OWN_PORTS or not is_host(host) or "@" in split.netloc:
        return None
    return Address(split.scheme, host, port, split.path, split.query, split.fragment)


def is_host(host: str) -> bool:
    """Say whether a host is a name with a dot in it, whose last label is no number."""
    labels = host.split(".")
    return len(labels) > 1 and len(host) <= 253 and not labels[-1].isdecimal() and all(map(LABEL.fullmatch, labels))
