"""The address of a destination, whose path and query may hold {{…}}; scheme, host and port never do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_plus

from rules.delivery.expressions import read_value
from rules.delivery.url import LONGEST_SENT, BadUrl, parse
from rules.reading import Part
from rules.text import scalar_text
from rules.values import Value

_TEMPLATE = re.compile(r"(\{\{[^{}]*\}\})")
_FIXED_START = re.compile(r"https?://[^/{}]+/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WebAddress:
    """Fixed texts and expressions in turn; `fixed` is the whole address where nothing is to be filled in."""

    written: str
    pieces: tuple[str | Value, ...]
    fixed: str | None = None

    def fill(self, view: Mapping[str, Any]) -> str:
        """Return the address for one lead, its values percent-encoded; raises RuleError and BadUrl."""
        if self.fixed is not None:
            return self.fixed
        return parse("".join(piece if isinstance(piece, str) else _encoded(piece(view)) for piece in self.pieces)).url

    @property
    def query_names(self) -> frozenset[str]:
        """Return the names that stand in the query as it was written."""
        query = self.written.partition("?")[2]
        return frozenset(unquote_plus(pair.partition("=")[0]) for pair in query.split("&") if pair)


def with_query(url: str, pairs: str) -> str:
    """Return an address with more encoded pairs in its query; raises BadUrl when it gets too long to be sent."""
    joined = f"{url}{'&' if '?' in url else '?'}{pairs}" if pairs else url
    if len(joined) > LONGEST_SENT:
        raise BadUrl(f"The address is longer than {LONGEST_SENT} characters with this lead in its query.")
    return joined


def read_web_address(part: Part) -> WebAddress | None:
    """Return the address that a part has under `url`, None if something is wrong with it."""
    written = part.text("url", longest=2048)
    if not written:
        return None
    parts = [piece for piece in _TEMPLATE.split(written) if piece]
    if len(parts) > 1 and not _FIXED_START.match(parts[0]):
        part.report("url", "bad_url", "Only the path and the query of an address may hold {{…}}.")
        return None
    try:
        target = parse(_TEMPLATE.sub("x", written))
    except BadUrl as error:
        part.report("url", "bad_url", str(error))
        return None
    pieces = [_read_piece(part, piece) for piece in parts]
    read = tuple(piece for piece in pieces if piece is not None)
    if len(read) != len(pieces):
        return None
    return WebAddress(written, read, target.url if len(parts) == 1 else None)


def _read_piece(part: Part, piece: str) -> str | Value | None:
    return read_value(part.document, piece, part.at("url")) if piece.startswith("{{") else piece


def _encoded(value: object) -> str:
    text = quote(scalar_text(value) or "", safe="")
    # A value of dots alone would be a step up in the path.
    return text if text.strip(".") else text.replace(".", "%2E")
