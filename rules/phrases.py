"""The words of the operators that make a value: sums, formats, tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from rules.saying import say_list

LONGEST_TABLE = 3


class Says(Protocol):
    """What can say an expression."""

    def value(self, document: object, *, as_money: bool = False) -> str:
        """Return an expression in words."""


Phrase = Callable[[Says, Sequence[object]], str]


def between_values(word: str) -> Phrase:
    """Return the phrase of an operator whose word stands between its arguments."""

    def say(speaker: Says, arguments: Sequence[object]) -> str:
        said = [in_brackets(speaker, argument) for argument in arguments]
        return f" {word} ".join(said) if len(said) > 1 or word != "minus" else f"minus {said[0]}"

    return say


def in_brackets(speaker: Says, argument: object) -> str:
    """Return an expression in words, in brackets when it calculates something itself."""
    said = speaker.value(argument)
    return f"({said})" if isinstance(argument, dict) and next(iter(argument), "") in WORDS else said


def of_all(words: str) -> Phrase:
    """Return the phrase of an operator over all its arguments."""
    return lambda speaker, arguments: f"{words} {say_list([speaker.value(one) for one in arguments], 'and')}"


def behind(words: str) -> Phrase:
    """Return a phrase that stands behind the value; {0} in it is the option."""

    def say(speaker: Says, arguments: Sequence[object]) -> str:
        options = [say_option(speaker, argument) for argument in arguments[1:]]
        return f"{speaker.value(arguments[0])} {words.format(*options, '', '')}".strip()

    return say


def say_option(speaker: Says, argument: object) -> str:
    """Return an option in words, a text without quotes."""
    return argument if isinstance(argument, str) else speaker.value(argument)


def say_phone(speaker: Says, arguments: Sequence[object]) -> str:
    """Return "Phone 1 as national number"."""
    style = str(arguments[1]).replace("_", " ") if len(arguments) > 1 else "international"
    return f"{speaker.value(arguments[0])} as {style} number"


def say_table(speaker: Says, arguments: Sequence[object]) -> str:
    """Return "Product by table (solar → S, roofing → R, otherwise other)"."""
    rows = arguments[1] if isinstance(arguments[1], list) else []
    pairs = [f"{row[0]} → {row[1]}" for row in rows if isinstance(row, list) and len(row) == 2]
    if len(pairs) > LONGEST_TABLE:
        pairs = [*pairs[:LONGEST_TABLE], f"{len(pairs) - LONGEST_TABLE:,} more"]
    if len(arguments) > 2:
        pairs.append(f"otherwise {say_option(speaker, arguments[2])}")
    return f"{speaker.value(arguments[0])} by table ({', '.join(pairs)})"


def say_default(speaker: Says, arguments: Sequence[object]) -> str:
    """Return "Phone 1, or else Phone 2"."""
    return ", or else ".join(speaker.value(argument) for argument in arguments)


def say_rescue(speaker: Says, arguments: Sequence[object]) -> str:
    """Return "Credit score plus 10, or if that fails 0"."""
    return ", or if that fails ".join(speaker.value(argument) for argument in arguments)


def say_error(speaker: Says, arguments: Sequence[object]) -> str:
    """Return "stop with the error “No price”"."""
    return f"stop with the error {speaker.value(arguments[0])}"


def say_hash(speaker: Says, arguments: Sequence[object]) -> str:
    """Return "SHA-256 of Email"."""
    name = arguments[1] if len(arguments) > 1 else "sha256"
    return f"{'MD5' if name == 'md5' else 'SHA-256'} of {speaker.value(arguments[0])}"


WORDS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
PHRASES: Mapping[str, Phrase] = {
    **{key: between_values(word) for key, word in WORDS.items()},
    "%": behind("modulo {0}"),
    "min": of_all("the smallest of"),
    "max": of_all("the largest of"),
    "cat": between_values("followed by"),
    "phone": say_phone,
    "date": behind("as date {0}"),
    "number": behind("as number {0}"),
    "upper": behind("in capitals"),
    "lower": behind("in small letters"),
    "title": behind("with capital initials"),
    "trim": behind("without outer spaces"),
    "digits": behind("as digits only"),
    "state_name": behind("as state name"),
    "country_code": behind("as country code"),
    "country_name": behind("as country name"),
    "yes_no": behind("as yes or no"),
    "table": say_table,
    "default": say_default,
    "??": say_default,
    "try": say_rescue,
    "throw": say_error,
    "join": behind("as one text"),
    "split": behind("split at “{0}”"),
    "hash": say_hash,
}
