"""Made-up rules with data to decide them on: the same seed makes the same ones, and most of them make sense."""

import random
from collections.abc import Callable
from typing import Any

DEEPEST = 4
WORDS = ("solar", "roofing", "CA", "NV", "Ana", "san diego", "", "12", "3.5", "x")
NUMBERS = (0, 1, 2, 3, 7, 10, 42, 100, -1, -5, 0.5, 2.5, 0.1)
ODD: tuple[Any, ...] = (None, "", "12", "abc", True, False, 0, [], [1, 2], {"var": "empty"})

Make = Callable[["RuleMaker", int], Any]


class RuleMaker:
    """Makes expressions of a kind asked for; now and then one of another kind, as people do by mistake."""

    def __init__(self, seed: int, odd: float = 0.03) -> None:
        self.chance = random.Random(seed)
        self.odd = odd

    def rule(self) -> Any:
        """Return a rule of any kind."""
        return self.chance.choice(
            (RuleMaker.truth, RuleMaker.truth, RuleMaker.number, RuleMaker.text, RuleMaker.items)
        )(self, DEEPEST)

    def data(self) -> dict[str, Any]:
        """Return data with every name that rules read, except that some are missing."""
        pick = self.chance.choice
        whole = {
            "a": pick(NUMBERS),
            "b": pick(NUMBERS),
            "s": pick(WORDS),
            "t": pick(WORDS),
            "flag": pick((True, False)),
            "nothing": None,
            "empty": {},
            "deep": {"x": {"y": pick(NUMBERS)}},
            "numbers": [pick(NUMBERS) for _ in range(self.chance.randrange(4))],
            "words": [pick(WORDS) for _ in range(self.chance.randrange(4))],
            "people": [{"age": pick(NUMBERS), "name": pick(WORDS)} for _ in range(self.chance.randrange(4))],
        }
        return {key: value for key, value in whole.items() if self.chance.random() > self.odd}

    def number(self, depth: int) -> Any:
        """Return an expression that should be a number."""
        return self._make(depth, NUMBERS, ("a", "b", "deep.x.y"), NUMBER_MAKERS)

    def text(self, depth: int) -> Any:
        """Return an expression that should be a text."""
        return self._make(depth, WORDS, ("s", "t"), TEXT_MAKERS)

    def truth(self, depth: int) -> Any:
        """Return an expression that should be true or false."""
        return self._make(depth, (True, False), ("flag",), TRUTH_MAKERS)

    def items(self, depth: int) -> Any:
        """Return an expression that should be a list of numbers."""
        return self._make(depth, ([], [1, 2, 3], [5, 0]), ("numbers",), LIST_MAKERS)

    def anything(self, depth: int) -> Any:
        """Return an expression of any kind."""
        return self.chance.choice((RuleMaker.number, RuleMaker.text, RuleMaker.truth))(self, depth)

    def _make(self, depth: int, literals: tuple[Any, ...], names: tuple[str, ...], makers: tuple[Make, ...]) -> Any:
        if self.chance.random() < self.odd:
            return self.chance.choice(ODD)
        if depth <= 0 or self.chance.random() < 0.25:
            literal = self.chance.choice(literals)
            return literal if self.chance.random() < 0.5 else self.read(self.chance.choice(names))
        return self.chance.choice(makers)(self, depth - 1)

    def read(self, path: str) -> Any:
        """Return one of the ways to read a path."""
        keys = path.split(".")
        return self.chance.choice(
            ({"var": path}, {"var": [path]}, {"val": keys}, {"val": keys[0]} if len(keys) == 1 else {"val": keys})
        )

    def several(self, make: Make, depth: int, least: int = 2, most: int = 3) -> list[Any]:
        """Return some expressions of one kind."""
        return [make(self, depth) for _ in range(self.chance.randint(least, most))]


def using(key: str, *kinds: Make) -> Make:
    """Return the making of an operator whose arguments are of these kinds."""
    return lambda maker, depth: {key: [kind(maker, depth) for kind in kinds]}


def using_several(key: str, kind: Make, least: int = 2, most: int = 3) -> Make:
    """Return the making of an operator with some arguments of one kind."""
    return lambda maker, depth: {key: maker.several(kind, depth, least, most)}


def choosing(kind: Make) -> Make:
    """Return the making of an `if` whose branches are of one kind."""
    return lambda maker, depth: {"if": [maker.truth(depth), kind(maker, depth), kind(maker, depth)]}


def over(key: str, list_of: Make, body: Make) -> Make:
    """Return the making of an operator over a list."""
    return lambda maker, depth: {key: [list_of(maker, depth), body(maker, depth)]}


def entry_test(maker: RuleMaker, depth: int) -> Any:
    """Return a condition on an entry that is a number."""
    entry = maker.chance.choice(({"var": ""}, {"val": []}))
    return {maker.chance.choice(("<", ">", "<=", ">=", "==", "!=")): [entry, maker.chance.choice(NUMBERS)]}


def entry_sum(maker: RuleMaker, depth: int) -> Any:
    """Return what is calculated from an entry that is a number."""
    return {maker.chance.choice(("+", "*", "-")): [{"var": ""}, maker.chance.choice(NUMBERS)]}


def person_test(maker: RuleMaker, depth: int) -> Any:
    """Return a condition on an entry that is a person."""
    return {maker.chance.choice(("<", ">=")): [maker.read("age"), maker.chance.choice(NUMBERS)]}


def people(maker: RuleMaker, depth: int) -> Any:
    """Return the reading of the people."""
    return maker.read("people")


def total(maker: RuleMaker, depth: int) -> Any:
    """Return a sum or product of a list."""
    body = {maker.chance.choice(("+", "*", "max", "min")): [{"var": "current"}, {"var": "accumulator"}]}
    return {"reduce": [maker.items(depth), body, maker.chance.choice((0, 1, 5))]}


def path(maker: RuleMaker, depth: int) -> Any:
    """Return the name of something that may be there."""
    return maker.chance.choice(("a", "s", "flag", "numbers", "deep.x.y", "deep.x.z", "nowhere"))


def exists(maker: RuleMaker, depth: int) -> Any:
    """Return whether something is there."""
    return {"exists": maker.chance.choice(("nothing", "empty", path(maker, depth))).split(".")}


def missing(maker: RuleMaker, depth: int) -> Any:
    """Return which of some paths are missing."""
    return {"missing": maker.several(path, depth, 1, 3)}


def missing_some(maker: RuleMaker, depth: int) -> Any:
    """Return which of some paths are missing unless there are enough."""
    return {"missing_some": [maker.chance.choice((1, 2)), maker.several(path, depth, 2, 3)]}


def substring(maker: RuleMaker, depth: int) -> Any:
    """Return a part of a text."""
    cut = [maker.chance.randint(-4, 4) for _ in range(maker.chance.randint(1, 2))]
    return {"substr": [maker.text(depth), *cut]}


def default(maker: RuleMaker, depth: int) -> Any:
    """Return a variable with what to take when it is not there."""
    return {"var": [maker.chance.choice(("a", "b", "deep.x.z", "nowhere")), maker.chance.choice(NUMBERS)]}


def rescued(kind: Make) -> Make:
    """Return the making of a `try` that may fail first."""

    def make(maker: RuleMaker, depth: int) -> Any:
        failing = maker.chance.choice(({"throw": "broken"}, {"/": [1, 0]}, {"+": ["abc", 1]}))
        first = failing if maker.chance.random() < 0.5 else kind(maker, depth)
        return {"try": [first, maker.chance.choice((1, "rescued", {"val": "type"}, {"var": "type"}))]}

    return make


NUMBER, TEXT, TRUTH, LIST, ANY = (
    RuleMaker.number,
    RuleMaker.text,
    RuleMaker.truth,
    RuleMaker.items,
    RuleMaker.anything,
)
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=", "===", "!==")
NUMBER_MAKERS: tuple[Make, ...] = (
    using_several("+", NUMBER, 1),
    using_several("*", NUMBER),
    using_several("-", NUMBER, 1, 2),
    using("/", NUMBER, NUMBER),
    using("%", NUMBER, NUMBER),
    using_several("max", NUMBER, 1),
    using_several("min", NUMBER, 1),
    choosing(NUMBER),
    total,
    default,
    using_several("??", NUMBER),
    rescued(NUMBER),
)
TEXT_MAKERS: tuple[Make, ...] = (
    using_several("cat", ANY, 1),
    using_several("cat", TEXT),
    substring,
    choosing(TEXT),
    using_several("??", TEXT),
    rescued(TEXT),
)
TRUTH_MAKERS: tuple[Make, ...] = (
    *(using(key, NUMBER, NUMBER) for key in COMPARISONS),
    *(using(key, TEXT, TEXT) for key in ("==", "!=", "===", "!==", "<", ">=")),
    *(using(key, NUMBER, NUMBER, NUMBER) for key in ("<", "<=")),
    using("===", ANY, ANY),
    using("==", ANY, ANY),
    using("!", TRUTH),
    using("!", ANY),
    using("!!", ANY),
    using_several("and", TRUTH),
    using_several("or", TRUTH),
    using_several("or", ANY),
    using_several("and", ANY),
    using("in", TEXT, TEXT),
    using("in", NUMBER, LIST),
    choosing(TRUTH),
    over("all", LIST, entry_test),
    over("some", LIST, entry_test),
    over("none", LIST, entry_test),
    over("some", people, person_test),
    exists,
    rescued(TRUTH),
)
LIST_MAKERS: tuple[Make, ...] = (
    over("map", LIST, entry_sum),
    over("filter", LIST, entry_test),
    over("filter", people, person_test),
    using_several("merge", LIST),
    using("merge", LIST, NUMBER),
    missing,
    missing_some,
    choosing(LIST),
)
