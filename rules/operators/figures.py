"""Numbers in the ways that buyers write them: so many decimals, thousands apart, a comma for the point, cents."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from rules.bounds import Budget
from rules.numbers import Number, as_number, whole_if_whole
from rules.operators.base import Call, Evaluate, Node

CENTS = "cents"
PATTERN = re.compile(r"(#[,.]##)?0(?:([.,])(0{1,6}))?")

Write = Callable[[Number], object]


def build_number(call: Call) -> Evaluate:
    """Build a number, as it is or as a format writes it; nothing for what is no number."""
    write = read_number_format(call.arguments[1]) if len(call.arguments) > 1 else whole_if_whole
    run = call.left.run

    def formatted(data: Any, budget: Budget) -> object:
        number = as_number(run(data, budget))
        return None if number is None else write(number)

    return formatted


def read_number_format(node: Node) -> Write:
    """Return how a literal format writes a number, rounded half-even; refuse what is no such format.

    A format shows a number: `0` is whole, `0.00` has two decimals, `#,##0.00` thousands apart, `#.##0,00` the same
    with a comma for the point. `cents` is a whole number of hundredths.
    """
    pattern = node.document
    if pattern == CENTS and node.is_literal:
        return lambda number: int(format(Decimal(number).scaleb(2), ".0f"))
    found = PATTERN.fullmatch(pattern) if node.is_literal and isinstance(pattern, str) else None
    if found is None or (found[1] and found[1][1] == found[2]):
        node.refuse("bad_option", f"A number format is {CENTS}, or made like 0, 0.00, 0,00, #,##0.00 or #.##0,00.")
    form = f"{',' if found[1] else ''}.{len(found[3] or '')}f"
    swap = str.maketrans(",.", ".,") if found[2] == "," or found[1] == "#.##" else {}
    # Decimals are formatted with the rounding of their context, half-even.
    return lambda number: format(Decimal(number), form).translate(swap)
