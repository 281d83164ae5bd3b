"""in_block: whether an IP address is in blocks of addresses, written as in RFC 4632: 203.0.113.0/24, 2001:db8::/32."""

from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_interface, ip_network
from typing import Any

from rules.bounds import Budget, RuleError
from rules.fields.ip import read_ip
from rules.operators.base import Call, Evaluate
from rules.operators.keys import entries_at, literal_list
from rules.problems import shorten

Network = IPv4Network | IPv6Network
READING_A_BLOCK = 10  # steps: what a block costs that is read when the rule is decided, against one comparison


class Blocks:
    """Blocks in order, so that the one an address can be in is found by halves."""

    __slots__ = ("bounds",)

    def __init__(self, networks: Iterable[Network]) -> None:
        found = list(networks)
        self.bounds = {
            4: bounds_of(collapse_addresses(one for one in found if isinstance(one, IPv4Network))),
            6: bounds_of(collapse_addresses(one for one in found if isinstance(one, IPv6Network))),
        }

    def holds(self, value: object) -> bool:
        """Say whether an address is in one of the blocks; what is no address is in none."""
        address = read_ip(value) if isinstance(value, str) else None
        if address is None:
            return False
        starts, ends = self.bounds[address.version]
        at = bisect_right(starts, int(address)) - 1
        return at >= 0 and int(address) <= ends[at]


def bounds_of(networks: Iterable[Network]) -> tuple[list[int], list[int]]:
    """Return the first and the last addresses of blocks that are in order."""
    merged = list(networks)
    return [int(one.network_address) for one in merged], [int(one.broadcast_address) for one in merged]


def build_in_block(call: Call) -> Evaluate:
    """Build whether an address is in one or several blocks; a single address is a block too."""
    run, right = call.left.run, call.arguments[1]
    entries = literal_list(right)
    if entries is None:
        return in_computed(run, right.run, call.at)
    try:
        blocks = Blocks(map(read_block, entries))
    except ValueError as error:
        right.refuse("bad_block", str(error))
    return lambda data, budget: blocks.holds(run(data, budget))


def in_computed(left: Evaluate, right: Evaluate, at: str) -> Evaluate:
    """Return whether an address is in blocks that are only known when the rule is decided."""

    def run(data: Any, budget: Budget) -> bool:
        entries = entries_at(right(data, budget), budget)
        budget.spend(READING_A_BLOCK * len(entries))
        try:
            return Blocks(map(read_block, entries)).holds(left(data, budget))
        except ValueError as error:
            raise RuleError("bad_block", str(error), at) from None

    return run


def read_block(entry: object) -> Network:
    """Return the block that a text says; raise a ValueError that says in a sentence what is wrong with it."""
    text = entry.strip() if isinstance(entry, str) else ""
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        inside = ip_interface(text).network
    except ValueError:
        raise ValueError(f"“{shorten(entry)}” is not a block of addresses like 203.0.113.0/24.") from None
    raise ValueError(f"“{shorten(text)}” is an address inside a block. The block is written {inside}.")
