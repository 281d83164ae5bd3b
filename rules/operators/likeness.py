"""is, any of, contains, starts with, matches: comparisons of a value with a value, a list, a part or a pattern."""

from collections.abc import Callable
from typing import Any

import re2

from rules.bounds import Budget
from rules.operators.base import Build, Call, Evaluate, Node
from rules.operators.keys import entries_at, literal_key, literal_list, read_text_key, readers
from rules.problems import shorten
from rules.text import fold

LONGEST_PATTERN = 1000


def contrary(build: Build) -> Build:
    """Return the building of the exact contrary: what is false for a blank value becomes true for it."""

    def build_contrary(call: Call) -> Evaluate:
        run = build(call)
        return lambda data, budget: not run(data, budget)

    return build_contrary


def build_is(call: Call) -> Evaluate:
    """Build whether two values are the same; a blank one is the same as nothing."""
    read, right = readers(call), call.arguments[1]
    left = read(call.left.run)
    if right.is_literal:
        wanted = literal_key(call, right, right.document)
        return lambda data, budget: left(data, budget) == wanted
    other = read(right.run)

    def same(data: Any, budget: Budget) -> bool:
        key = left(data, budget)
        return key is not None and key == other(data, budget)

    return same


def build_any_of(call: Call) -> Evaluate:
    """Build whether a value is one of a list; a blank one is not."""
    read, right = readers(call), call.arguments[1]
    left = read(call.left.run)
    entries = literal_list(right)
    if entries is not None:
        wanted = frozenset(literal_key(call, right, entry) for entry in entries)
        return lambda data, budget: left(data, budget) in wanted

    def one_of(data: Any, budget: Budget) -> bool:
        key = left(data, budget)
        if key is None:
            return False
        found = entries_at(right.run(data, budget), budget)
        return any(read(constant(entry))(data, budget) == key for entry in found)

    return one_of


def constant(value: object) -> Evaluate:
    """Return an expression that says one value."""
    return lambda _data, _budget: value


def parts_test(test: Callable[[str, str], bool]) -> Build:
    """Return the building of a test of a text against one or several other texts, of which one is enough."""

    def build(call: Call) -> Evaluate:
        left, right = read_text_key(call.left.run), call.arguments[1]
        entries = literal_list(right)
        if entries is None:
            return test_computed(left, right.run, test)
        wanted = tuple(part_text(right, entry) for entry in entries)
        if len(wanted) == 1:
            return test_one(left, wanted[0], test)

        def test_several(data: Any, budget: Budget) -> bool:
            text = left(data, budget)
            return text is not None and any(test(text, part) for part in wanted)

        return test_several

    return build


def part_text(node: Node, entry: object) -> str:
    """Return a part to look for as it is compared."""
    if not isinstance(entry, (str, int)) or isinstance(entry, bool) or not fold(str(entry)):
        node.refuse("blank_value", "A text to look for must be filled in.")
    return fold(str(entry))


def test_one(left: Evaluate, part: str, test: Callable[[str, str], bool]) -> Evaluate:
    """Return the test against one text."""

    def run(data: Any, budget: Budget) -> bool:
        text = left(data, budget)
        return text is not None and test(text, part)

    return run


def test_computed(left: Evaluate, right: Evaluate, test: Callable[[str, str], bool]) -> Evaluate:
    """Return the test against texts that are only known when it is made; blank ones are nowhere to be found."""

    def run(data: Any, budget: Budget) -> bool:
        text = left(data, budget)
        if text is None:
            return False
        read = read_text_key
        keys = [read(constant(entry))(data, budget) for entry in entries_at(right(data, budget), budget)]
        return any(key is not None and test(text, key) for key in keys)

    return run


build_is_not = contrary(build_is)
build_none_of = contrary(build_any_of)
build_contains = parts_test(lambda text, part: part in text)
build_not_contains = contrary(build_contains)
build_starts_with = parts_test(str.startswith)
build_ends_with = parts_test(str.endswith)


def build_matches(call: Call) -> Evaluate:
    """Build whether a pattern is found in a text, without regard to case."""
    left = call.left.run
    search = compile_pattern(call.arguments[1]).search
    read = read_text_key(left)

    def found(data: Any, budget: Budget) -> bool:
        # The key pays for the length and tells blank from filled; the pattern sees the text's own capitals.
        return read(data, budget) is not None and search(str(left(data, budget)).strip()) is not None

    return found


build_not_matches = contrary(build_matches)


def compile_pattern(node: Node) -> "re2._Regexp[str]":
    """Return the compiled pattern of a literal; refuse what an engine without backtracking cannot do."""
    pattern = node.document
    if not node.is_literal or not isinstance(pattern, str) or not pattern:
        node.refuse("bad_pattern", "A pattern is a text, written in the rule itself.")
    if len(pattern) > LONGEST_PATTERN:
        node.refuse("bad_pattern", f"A pattern has at most {LONGEST_PATTERN} characters.")
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        node.refuse("bad_pattern", explain(error.args[0] if error.args else b"", pattern))


def explain(reason: object, pattern: str) -> str:
    """Return what is wrong with a pattern in a sentence for who wrote it."""
    said = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    if "invalid perl operator" in said:
        return "Patterns cannot look ahead or behind, nor use other “(?…” forms. Combine two rules instead."
    if "invalid escape sequence" in said and any(f"\\{digit}" in pattern for digit in "123456789"):
        return "Patterns cannot refer back to what an earlier group matched, as \\1 does."
    return f"The pattern does not compile: {shorten(said, 100)}."
