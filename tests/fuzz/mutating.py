"""Changes a rule as a rule: other operators, arguments and data, so that most of what is tried still parses."""

import random
from collections.abc import Callable

from rules import json_text
from rules.operators.table import OPERATORS
from tests.support.wild import change, places

KEYS = sorted(OPERATORS)


def mutate_rule(data: bytes, longest: int, seed: int, otherwise: Callable[[bytes, int], bytes]) -> bytes:
    """Return a changed document; `otherwise` changes bytes that are none, and now and then those that are."""
    chance = random.Random(seed)
    try:
        document = json_text.read(data)
    except json_text.JsonProblem:
        return otherwise(data, longest)
    if chance.random() < 0.1:
        return otherwise(data, longest)
    held = [document]
    for _ in range(chance.randint(1, 4)):
        if chance.random() < 0.4:
            use_another_operator(held, chance)
        else:
            change(held, chance.randrange)
    written = json_text.write(held[0] if held else None)
    return written if len(written) <= longest else otherwise(data, longest)


def use_another_operator(document: object, chance: random.Random) -> None:
    """Put another operator in the place of one."""
    found = [(part, key) for part, key in places(document) if isinstance(part, dict)]
    if found:
        part, key = chance.choice(found)
        part[chance.choice(KEYS)] = part.pop(key)
