"""Query: the pairs of a form, in the query of the address; the request has no body."""

from rules.delivery.formats.base import Format
from rules.delivery.formats.form import write

FORMAT = Format("", nests=False, write=write, is_query=True)
