"""Form: percent-encoded pairs as a browser sends them, dotted names kept as they are, a list as repeated pairs."""

from urllib.parse import quote_plus

from rules.delivery.formats.base import Format, Mapped, plain, write_json
from rules.text import scalar_text


def write(mapped: Mapped) -> bytes:
    """Return the pairs in UTF-8; blank values are sent as empty text, objects as JSON."""
    pairs = ((name, text) for name, value in mapped for text in _texts(value))
    return "&".join(f"{_encoded(name)}={_encoded(text)}" for name, text in pairs).encode("ascii")


def _encoded(text: str) -> str:
    return quote_plus(text, errors="replace")


def _texts(value: object) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [text for inner in value for text in _texts(inner)]
    text = scalar_text(value)
    return [write_json(plain(value)).decode() if text is None else text]


FORMAT = Format("application/x-www-form-urlencoded", nests=False, write=write)
