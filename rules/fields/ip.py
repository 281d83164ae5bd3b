"""An IP address."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import ClassVar

from typing_extensions import override

from rules.fields.base import COMMON_OPERATORS, PRESENCE_OPERATORS, Field, FieldType, Normal

Address = IPv4Address | IPv6Address
LONGEST = 45  # The longest text of an address, RFC 4291, 2.2 with all of IPv4 behind it.


class IpType(FieldType):
    """An address of version 4 or 6 in its shortest form (RFC 5952); what is none stays as posted and is not valid.

    A version 4 address that is mapped into version 6 (`::ffff:192.0.2.1`) is the version 4 address.
    """

    key = "ip"
    label = "IP address"
    operators = (*COMMON_OPERATORS, "in_block", "starts_with", *PRESENCE_OPERATORS)
    part_names = ("version", "private")
    part_kinds: ClassVar[Mapping[str, str]] = {"version": "number", "private": "boolean"}
    part_words: ClassVar[Mapping[str, str]] = {"private": "is private"}
    personal = True

    @override
    def read(self, text: str, field: Field) -> Normal:
        address = read_ip(text)
        return Normal(str(address), True) if address else Normal(text, False)

    @override
    def parts(self, value: object, field: Field) -> dict[str, object]:
        """Return the version, and whether the address is one that the internet does not reach."""
        address = read_ip(str(value or ""))
        if address is None:
            return dict.fromkeys(self.part_names)
        return {"version": address.version, "private": not address.is_global}

    @override
    def mask(self, value: object) -> str:
        address = read_ip(str(value or ""))
        if address is None:
            return "••••" if value else ""
        separator = "." if address.version == 4 else ":"
        return separator.join([*str(address).split(separator)[:2], "••••"])


def read_ip(text: str) -> Address | None:
    """Return the address that a text says; None when it says none, or one with the name of a network interface."""
    text = text.strip()
    if len(text) > LONGEST or "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
