"""XML in and out: what strangers send becomes objects, lists and texts, without DTDs or entities; ours is escaped."""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape

from rules.text import scalar_text

DEEPEST = 32
LONGEST_NAME = 200
MOST_VALUES = 10_000
ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "utf-16": "utf-16",
    "iso-8859-1": "cp1252",
    "windows-1252": "cp1252",
}
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
DECLARED = re.compile(rb"""\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What a document cannot hold (XML 1.0, section 2.2)."""
NAME = re.compile(r"[^\W\d][\w.-]*(?::[^\W\d][\w.-]*)?")
"""Names of elements, with a prefix or without one."""
ABOUT_XML = ("xmlns", "xml", "xsi")
"""Attributes with these names or prefixes speak about the document and are no data."""


class XmlProblem(Exception):
    """A text that is no XML, or XML that is not taken; `message` is a sentence for its sender."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class Element:
    """An element that is being read: its name without prefix, what is inside it, its own text in pieces."""

    name: str
    inside: dict[str, object] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)


def read(body: bytes, *, charset: str | None = None) -> tuple[str, object]:
    """Return the root's name and value: a text, or an object of its attributes and elements; raise an XmlProblem.

    What repeats becomes a list. An element that has a text beside its attributes or elements is that text, and they
    stand beside it under dotted names. `charset` is what the transport says; it counts over the declaration
    (RFC 7303), and a byte order mark over both. Callers bound the size.
    """
    return parse(decode(body, charset))


def decode(body: bytes, charset: str | None = None) -> str:
    """Return the text of a document in the encoding that it says; raise an XmlProblem when it is not in it."""
    encoding = _encoding_of(body, charset)
    if encoding is None:
        raise XmlProblem("unknown_encoding", "The XML names an encoding that is not known here: send UTF-8.")
    try:
        return body.decode(encoding).removeprefix("\ufeff")
    except UnicodeError:
        message = "The XML is not in the encoding that it names; without a name it must be UTF-8."
        raise XmlProblem("wrong_encoding", message) from None


def parse(text: str) -> tuple[str, object]:
    """Return the root's name and value; raise an XmlProblem that says where the text stops being XML."""
    reader, parser = _Reader(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.hear
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        place = f"line {error.lineno}, column {error.offset + 1}"
        raise XmlProblem("not_xml", f"The text is not XML: {expat.ErrorString(error.code)} at {place}.") from None
    (name, value), *beside = reader.top.inside.items()
    # Nothing stands beside the root, so that its own text gives way to what it holds.
    return name, {key.removeprefix(f"{name}."): held for key, held in beside} or value


def write(root: str, value: object) -> bytes:
    """Return a document in UTF-8; raise an XmlProblem for a key that cannot name an element.

    Null is an empty element, a list is its element again for each entry; what XML cannot hold becomes U+FFFD.
    """
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + "".join(_elements(root, value))).encode()


class _Reader:
    """Builds the value of a document from what the parser meets."""

    def __init__(self) -> None:
        self.top = Element("")
        self._open = [self.top]
        self._count = 0

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) > DEEPEST:
            raise XmlProblem("too_deep", f"Elements are nested more than {DEEPEST} levels deep.")
        self._count += 1 + len(attributes)
        if self._count > MOST_VALUES:
            raise XmlProblem("too_many_fields", f"There are more than {MOST_VALUES:,} elements and attributes.")
        element = Element(_bare(name))
        for key, value in attributes.items():
            if key.partition(":")[0] not in ABOUT_XML:
                _put(element.inside, _bare(key), value)
        self._open.append(element)

    def hear(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def end(self, _name: str) -> None:
        element = self._open.pop()
        above, text = self._open[-1].inside, "".join(element.texts).strip()
        if text or not element.inside:
            _put(above, element.name, text)
        elif element.inside:
            _put(above, element.name, element.inside)
            return
        for name, value in element.inside.items():
            _put(above, f"{element.name}.{name}", value)


def _refuse_doctype(*_: object) -> NoReturn:
    raise XmlProblem("doctype_not_taken", "Send the XML without a document type: <!DOCTYPE and entities are not read.")


def _encoding_of(body: bytes, charset: str | None) -> str | None:
    for mark, encoding in MARKS:
        if body.startswith(mark):
            return encoding
    declared = DECLARED.match(body)
    named = charset or (declared[1].decode() if declared else "utf-8")
    return ENCODINGS.get(named.lower())


def _bare(name: str) -> str:
    return name.rpartition(":")[2][:LONGEST_NAME]


def _put(inside: dict[str, object], name: str, value: object) -> None:
    if name not in inside:
        inside[name] = value
    elif isinstance(there := inside[name], list):
        there.append(value)
    else:
        inside[name] = [there, value]


def _elements(name: str, value: object) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for entry in value:
            yield from _elements(name, entry)
        return
    if not NAME.fullmatch(name):
        raise XmlProblem("not_a_name", f"“{name[:40]}” cannot be the name of an XML element.")
    yield f"<{name}>"
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _elements(key, inner)
    else:
        yield escape(NOT_XML.sub("\ufffd", scalar_text(value) or ""), {"\r": "&#13;"})
    yield f"</{name}>"
