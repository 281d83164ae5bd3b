"""JSON: a dotted name nests, numbers stay exact decimals, moments are ISO 8601."""

from rules.delivery.formats.base import PLAIN, Format, Mapped, nested, plain, write_json


def write(mapped: Mapped) -> bytes:
    """Return one JSON object; raise NotWritable for a value that has no JSON."""
    return write_json(nested([(name, value if type(value) in PLAIN else plain(value)) for name, value in mapped]))


FORMAT = Format("application/json", nests=True, write=write)
