"""The formats in which a lead is written for a buyer: one file for each, with its content type and its writer."""

from rules.delivery.formats import form, json
from rules.delivery.formats.base import Format, Mapped

FORMATS: dict[str, Format] = {"json": json.FORMAT, "form": form.FORMAT}

__all__ = ["FORMATS", "Format", "Mapped"]
