"""What a format is: a content type and a writer of mapped fields."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Mapped = Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write mapped fields as bytes; `nests` if a dot in a field's name makes an object."""

    content_type: str
    nests: bool
    write: Callable[[Mapped], bytes]
