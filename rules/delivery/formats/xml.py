"""XML: dotted names nest, a list is the same element again, all below one root element; UTF-8, and declared as such."""

import re
from functools import partial

from rules import xml_text
from rules.delivery.formats.base import Format, Mapped, NotWritable, nested

DEFAULT_ROOT = "lead"
# A careful part of the names that XML allows: ASCII, no prefixes, and nothing that begins with xml (XML 1.0, 2.3).
ELEMENT = re.compile(r"(?!xml)[A-Za-z_][A-Za-z0-9_-]{0,199}", re.IGNORECASE)


def write(mapped: Mapped, root: str = DEFAULT_ROOT) -> bytes:
    """Return one XML document; raise NotWritable for an object whose keys are no names of elements."""
    try:
        return xml_text.write(root, nested(mapped))
    except xml_text.XmlProblem as problem:
        raise NotWritable(problem.message) from None


def below(root: str) -> Format:
    """Return the format with another root element."""
    writer = partial(write, root=root)
    return Format("application/xml; charset=utf-8", nests=True, write=writer, has_elements=True)


FORMAT = below(DEFAULT_ROOT)
