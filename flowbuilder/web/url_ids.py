"""Identifiers in addresses: `/leads/<lead:lead_id>` gives the view a UUID, and anything else is not found.

So does `?flow=flo_…`, read by `asked_id`. What is no number of a version or no key of a field is not found either.
"""

from uuid import UUID

from flask import Flask, abort, request
from werkzeug.routing import BaseConverter, IntegerConverter, Map, ValidationError

from flowbuilder import ids
from rules.fields.parsing import KEY

MOST_VERSIONS = 2**31 - 1
"""What the database has room for."""

KINDS = {
    "lead": None,
    "flow": "flo",
    "connection": "con",
    "source": "src",
    "list": "lst",
    "check": "chk",
    "any_id": None,
}


class _IdConverter(BaseConverter):
    kind: str | None = None
    regex = "[0-9A-Za-z_]{26,30}"

    def to_python(self, value: str) -> UUID:
        try:
            return ids.read(value, self.kind)
        except ids.NotAnId:
            raise ValidationError from None

    def to_url(self, value: UUID) -> str:
        return ids.show(value, self.kind)


class _VersionConverter(IntegerConverter):
    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, min=1, max=MOST_VERSIONS)


class _KeyConverter(BaseConverter):
    regex = KEY.pattern


def asked_id(name: str, kind: str | None = None) -> UUID | None:
    """Return the id that the query of the address names, None for none; 404 for a text that is no such id."""
    text = request.args.get(name)
    if not text:
        return None
    try:
        return ids.read(text, kind)
    except ids.NotAnId:
        abort(404)


def init_app(app: Flask) -> None:
    """Teach the router one converter for each kind of id (lead, flow and so on), and any_id for the rest.

    Besides, numbers of versions and keys of fields.
    """
    app.url_map.converters |= {"version": _VersionConverter, "field_key": _KeyConverter}
    for name, kind in KINDS.items():
        app.url_map.converters[name] = type(f"{name}_converter", (_IdConverter,), {"kind": kind})
