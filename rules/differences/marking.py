"""Two texts side by side, with the words that are only in one of them marked."""

import re
from difflib import SequenceMatcher

Marked = tuple[tuple[str, bool], ...]
"""A text in pieces, each with whether it is only on this side."""

WORDS = re.compile(r"\S+\s*")


def mark(before: str, after: str) -> tuple[Marked, Marked]:
    """Return both texts in pieces; the pieces that are not marked are the same on both sides."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    left: list[tuple[str, bool]] = []
    right: list[tuple[str, bool]] = []
    for how, begin, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for pieces, words in ((left, old[begin:end]), (right, new[first:last])):
            if words:
                pieces.append(("".join(words), how != "equal"))
    return tuple(left), tuple(right)
