"""What was made of documents lately: whoever asks for the same again does not wait for the same work."""

import json
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Generic, TypeVar

from rules import json_text

Made = TypeVar("Made")

_decoder = json.JSONDecoder(parse_float=Decimal)


def read_again(text: bytes) -> Any:
    """Return the value that `json_text.write` has written."""
    return _decoder.decode(text.decode())


class Remembering(Generic[Made]):
    """A pure function of a document that keeps what it made of the `most` last ones.

    What it makes depends on nothing but the document's text, by which it is found again, so that it is never out of
    date. It is made of a copy of the document that nobody else has, and given to many: it must not be changed.
    """

    def __init__(self, make: Callable[[object], Made], *, most: int) -> None:
        self._make = make
        self._made_of = lru_cache(maxsize=most)(lambda text: make(read_again(text)))

    def __call__(self, document: object) -> Made:
        """Return what the function makes of a document; what is no JSON is made anew each time."""
        try:
            text = json_text.write(document)
        except TypeError:
            return self._make(document)
        return self._made_of(text)
