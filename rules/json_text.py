"""JSON in and out: what strangers send is read strictly, what is ours is written exactly."""

import json
import math
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import NoReturn

import orjson

DEEPEST = 32
LONGEST_NUMBER = 300  # digits, and also the largest power of ten

# A string that is never closed is consumed to its end, so that the scan stays linear.
STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|([\[{])|([\]}])', re.DOTALL)
ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class JsonProblem(Exception):
    """A text that is no JSON, or JSON that no honest program sends; `message` is a sentence for its sender."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def read(text: bytes | str) -> object:
    """Return the value of a JSON text (RFC 8259) with exact decimals; raise a JsonProblem for anything doubtful.

    Doubled keys, NaN and infinities, lone surrogates, numbers past all bounds and more than 32 levels are refused;
    U+0000, which databases cannot keep, is left out of every text.
    """
    decoded = decode(text)
    refuse_depth(decoded)
    value = parse(decoded)
    return without_nulls(value) if "\\u" in decoded and ESCAPED.search(decoded) else value


def decode(text: bytes | str) -> str:
    """Return the text of UTF-8 bytes; raise a JsonProblem for other bytes and for texts that UTF-8 cannot hold."""
    try:
        if isinstance(text, str):
            text.encode()
            return text
        return text.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        message = f"The text is not UTF-8 from its byte {error.start + 1} on: send UTF-8."
        raise JsonProblem("not_utf8", message) from None
    except UnicodeEncodeError:
        raise JsonProblem("not_utf8", "The text has something in it that UTF-8 cannot hold.") from None


def refuse_depth(text: str) -> None:
    """Raise a JsonProblem when lists and objects are nested too deeply, before anything parses them."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth = 0
    for match in STRING_OR_BRACKET.finditer(text):
        depth += (match[1] is not None) - (match[2] is not None)
        if depth > DEEPEST:
            raise JsonProblem("too_deep", f"Lists and objects are nested more than {DEEPEST} levels deep.")


def parse(text: str) -> object:
    """Return the parsed value; raise a JsonProblem that says where the text stops being JSON."""
    try:
        return DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        what = error.msg.removesuffix(" at")
        raise JsonProblem("not_json", f"The text is not JSON: {what} at {place}.") from None


def read_integer(digits: str) -> int:
    """Return an integer of a sane length."""
    if len(digits.removeprefix("-")) > LONGEST_NUMBER:
        raise JsonProblem("number_too_large", f"A number has more than {LONGEST_NUMBER} digits.")
    return int(digits)


def read_decimal(digits: str) -> Decimal:
    """Return an exact decimal of a sane length and magnitude."""
    try:
        number = Decimal(digits)
    except InvalidOperation:  # Its exponent is beyond what even Decimal holds.
        number = Decimal("NaN")
    if len(digits) > LONGEST_NUMBER or not number.is_finite() or abs(number.adjusted()) > LONGEST_NUMBER:
        raise JsonProblem("number_too_large", f"A number has more than {LONGEST_NUMBER} digits.")
    return number


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and infinities, which JSON does not have."""
    raise JsonProblem("not_a_number", f"{name} is not a JSON value.")


def read_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object; raise a JsonProblem when it says the same key twice."""
    made = dict(pairs)
    return made if len(made) == len(pairs) else read_in_turn(pairs)


def read_in_turn(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Return an object; raise a JsonProblem at the first key that came before."""
    made: dict[str, object] = {}
    for key, value in pairs:
        if key in made:
            raise JsonProblem("doubled_key", f"The key “{key[:40]}” is there twice.")
        made[key] = value
    return made


# Made once: json.loads makes a decoder anew for every text that it reads with hooks.
DECODER = json.JSONDecoder(
    parse_float=read_decimal, parse_int=read_integer, parse_constant=refuse_constant, object_pairs_hook=read_object
)


def without_nulls(value: object) -> object:
    """Return the value with U+0000 left out of all texts; raise a JsonProblem for half a surrogate pair."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [without_nulls(entry) for entry in value]
    if isinstance(value, dict):
        return read_in_turn((clean(key), without_nulls(entry)) for key, entry in value.items())
    return value


def clean(text: str) -> str:
    """Return a text without U+0000; raise a JsonProblem when UTF-8 cannot hold it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise JsonProblem("lone_surrogate", "A text has half of a surrogate pair in it.") from None
    return text.replace("\0", "")


def write(value: object, *, in_key_order: bool = False) -> bytes:
    """Return compact JSON with every Decimal digit for digit; raise a TypeError for what is no JSON value.

    Moments are refused: whoever stores one decides how it is written. So are NaN and infinities.
    """
    option = OPTIONS | orjson.OPT_SORT_KEYS if in_key_order else OPTIONS
    try:
        written = orjson.dumps(value, default=write_number, option=option)
    except orjson.JSONEncodeError:
        # Integers of more than 64 bits are valid JSON that orjson does not write by itself.
        written = orjson.dumps(with_long_integers(value), default=write_number, option=option)
    if b"null" in written:
        refuse_nan(value)
    return written


OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def write_number(value: object) -> orjson.Fragment:
    """Return a Decimal as its own digits."""
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def with_long_integers(value: object) -> object:
    """Return the value with its integers of more than 64 bits as decimals, which are written digit for digit."""
    if isinstance(value, int) and value.bit_length() > 63:
        return Decimal(value)
    if isinstance(value, Mapping):
        return {key: with_long_integers(entry) for key, entry in value.items()}
    return [with_long_integers(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def refuse_nan(value: object) -> None:
    """Raise a TypeError for a float that JSON cannot say, which orjson would write as null."""
    if isinstance(value, float) and not math.isfinite(value):
        raise TypeError(f"{value} is not a JSON value")
    entries = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    for entry in entries:
        refuse_nan(entry)
