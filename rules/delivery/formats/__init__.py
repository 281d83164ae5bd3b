"""The formats in which a lead is written for a buyer: one file for each, with its content type and its writer."""

from rules.delivery.formats import form, json, query, xml
from rules.delivery.formats.base import Format, Mapped, NotWritable

FORMATS: dict[str, Format] = {
    "json": json.FORMAT,
    "form": form.FORMAT,
    "xml": xml.FORMAT,
    "query": query.FORMAT,
}

__all__ = ["FORMATS", "Format", "Mapped", "NotWritable"]
