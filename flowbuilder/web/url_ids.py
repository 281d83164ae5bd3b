"""Identifiers in addresses: `/leads/<lead:lead_id>` gives the view a UUID, and anything else is not found.

So does `?flow=flo_…`, read by `asked_id`.
"""

from uuid import UUID

from flask import Flask, abort, request
from werkzeug.routing import BaseConverter, ValidationError

from flowbuilder import ids

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
    """Teach the router one converter for each kind of id (lead, flow and so on), and any_id for the rest."""
    for name, kind in KINDS.items():
        app.url_map.converters[name] = type(f"{name}_converter", (_IdConverter,), {"kind": kind})
