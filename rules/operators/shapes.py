"""Values in another shape: case, tables, lists, yes or no, hashes. A blank value stays blank in all of them."""

import hashlib
import string
from collections.abc import Callable
from typing import Any

from rules.bounds import Budget, RuleError
from rules.fields.boolean import WORDS
from rules.fields.state import BY_WRITTEN, STATES, written
from rules.numbers import as_number
from rules.operators.base import Build, Call, Evaluate, Node
from rules.operators.keys import text_key
from rules.operators.loose import is_list, joined
from rules.operators.presence import is_blank
from rules.text import fold

HASHES: dict[str, Callable[[bytes], Any]] = {
    "sha256": hashlib.sha256,
    "md5": lambda text: hashlib.md5(text, usedforsecurity=False),  # Buyers match people by it; it protects nothing.
}


def filled_text(run: Evaluate) -> Evaluate:
    """Return the reading of a value as text, None when it is blank."""

    def read(data: Any, budget: Budget) -> str | None:
        value = run(data, budget)
        return None if is_blank(value) else joined(value, budget)

    return read


def shaped(change: Callable[[str], object]) -> Build:
    """Return the building of a change to a text."""

    def build(call: Call) -> Evaluate:
        read = filled_text(call.left.run)

        def run(data: Any, budget: Budget) -> object:
            text = read(data, budget)
            return None if text is None else change(text)

        return run

    return build


def state_name(text: str) -> str:
    """Return the name of a state, and a text that names none as it is."""
    return STATES.get(BY_WRITTEN.get(written(text), ""), text)


build_upper = shaped(str.upper)
build_lower = shaped(str.lower)
build_title = shaped(string.capwords)
build_trim = shaped(str.strip)
build_digits = shaped(lambda text: "".join(letter for letter in text if letter in string.digits))
build_state_name = shaped(state_name)


def literal_option(node: Node, options: dict[str, Any], what: str) -> str:
    """Return the option that a literal names; refuse one that does not exist."""
    if node.is_literal and isinstance(node.document, str) and node.document in options:
        return node.document
    return node.refuse("bad_option", f"{what} is one of: {', '.join(options)}.")


def build_hash(call: Call) -> Evaluate:
    """Build the hash of a text's UTF-8 bytes in small hexadecimal digits, by SHA-256 unless MD5 is asked for."""
    name = literal_option(call.arguments[1], HASHES, "A hash") if len(call.arguments) > 1 else "sha256"
    digest = HASHES[name]
    return shaped(lambda text: digest(text.encode(errors="replace")).hexdigest())(call)


def build_yes_no(call: Call) -> Evaluate:
    """Build one value for yes and another for no, "yes" and "no" unless they are given."""
    run = call.left.run
    answers = [argument.run for argument in call.arguments[1:]]

    def choose(data: Any, budget: Budget) -> object:
        value = run(data, budget)
        answer = WORDS.get(joined(value, budget).strip().casefold())
        if answer is None:
            return None
        position = 0 if answer else 1
        return answers[position](data, budget) if position < len(answers) else ("yes", "no")[position]

    return choose


def build_table(call: Call) -> Evaluate:
    """Build the value that stands beside another in a table; without regard to case, and blank when it is in none."""
    table = read_table(call.arguments[1])
    run = call.left.run
    otherwise = call.arguments[2].run if len(call.arguments) > 2 else None

    def find(data: Any, budget: Budget) -> object:
        key = text_key(run(data, budget))
        if key is not None and key in table:
            return table[key]
        return otherwise(data, budget) if otherwise else None

    return find


def read_table(node: Node) -> dict[str, object]:
    """Return a literal table by its folded first column; refuse what is none or says the same value twice."""
    if not node.is_literal or not isinstance(node.document, list) or not node.document:
        node.refuse("bad_table", 'A table is a list of pairs, like [["solar", "S"], ["roofing", "R"]].')
    table: dict[str, object] = {}
    for pair in node.document:
        if not isinstance(pair, list) or len(pair) != 2 or any(isinstance(side, list) for side in pair):
            node.refuse("bad_table", "Each row of a table is a pair: the value and what becomes of it.")
        key = fold(str(pair[0]))
        if key in table:
            node.refuse("doubled", f"The table says “{pair[0]}” twice.")
        table[key] = pair[1]
    return table


def build_default(call: Call) -> Evaluate:
    """Build the first argument that is not blank."""
    runs = call.runs

    def first_filled(data: Any, budget: Budget) -> object:
        for run in runs:
            value = run(data, budget)
            if not is_blank(value):
                return value
        return None

    return first_filled


def build_join(call: Call) -> Evaluate:
    """Build the entries of a list as one text, a space between them unless another text is given; blanks left out."""
    run = call.left.run
    separator = call.arguments[1].run if len(call.arguments) > 1 else None

    def join(data: Any, budget: Budget) -> str:
        between = joined(separator(data, budget), budget) if separator else " "
        value = run(data, budget)
        entries = value if is_list(value) else [value]
        budget.spend(len(entries))
        return budget.spend_text(between.join([joined(entry, budget) for entry in entries if not is_blank(entry)]))

    return join


def build_split(call: Call) -> Evaluate:
    """Build the pieces of a text between separators, or the one at a position: 0 is the first, -1 the last."""
    read = filled_text(call.left.run)
    separator = call.arguments[1].run
    position = call.arguments[2].run if len(call.arguments) > 2 else None

    def split(data: Any, budget: Budget) -> object:
        text, between = read(data, budget), joined(separator(data, budget), budget)
        if not between:
            raise RuleError("bad_separator", "A text is split at a separator, which cannot be empty.", call.at)
        pieces = [piece.strip() for piece in text.split(between)] if text else []
        budget.spend(len(pieces))
        return pieces if position is None else piece_at(pieces, position(data, budget), call)

    return split


def piece_at(pieces: list[str], position: object, call: Call) -> str | None:
    """Return the piece at a position, None when there are not so many; raise a RuleError for what is no position."""
    number = as_number(position)
    if number is None:
        raise RuleError("not_a_number", "The position of a piece is a number.", call.at)
    return pieces[int(number)] if -len(pieces) <= number < len(pieces) else None
