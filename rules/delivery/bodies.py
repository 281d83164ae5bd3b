"""The body of a reply as rules see it: JSON, XML and forms as their values, anything else as text."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from rules import json_text, xml_text
from rules.delivery.texts import decode_text, names_charset
from rules.delivery.wire import Reply

MOST_FIELDS = 1000


class UnreadableAnswer(Exception):
    """The body is not in the format that it should be in."""


def read_body(reply: Reply, form: str) -> object:
    """Return the body as a rule sees it; raise UnreadableAnswer as `read_text` does."""
    content_type = reply.header_map().get("content-type", "").lower()
    return read_text(reply, decode_text(reply, content_type), content_type, form)


def read_text(reply: Reply, text: str, content_type: str, form: str) -> object:
    """Return the body of a reply as a rule sees it, `text` being its decoded text.

    Raises UnreadableAnswer for a body that is not in the format that `form` or its own content type names.
    """
    form = _format_of(content_type, text) if form == "auto" else form
    if form == "xml" and not names_charset(content_type):
        return _read_xml(reply.body)  # The XML may say its encoding itself.
    return _READERS[form](text)


def _format_of(content_type: str, text: str) -> str:
    """Return the format that a body is in: as its content type says, or as it begins."""
    if "json" in content_type:
        return "json"
    if "x-www-form-urlencoded" in content_type:
        return "form"
    if "xml" in content_type and "xhtml" not in content_type:
        return "xml"
    # Many servers send JSON or XML under the name of text or HTML.
    beginning = text[:100].lstrip()
    if beginning[:1] in ("{", "["):
        return "json_or_text"
    return "xml_or_text" if beginning[:5].lower() == "<?xml" else "text"


def _read_json(text: str) -> object:
    try:
        return json_text.read(text) if text.strip() else None
    except json_text.JsonProblem as error:
        raise UnreadableAnswer(error.message) from error


def _read_xml(text: bytes | str) -> object:
    """Return an XML document as an object with one key, the name of its root element."""
    stripped: bytes | str = text.strip()
    if not stripped:
        return None
    try:
        decoded = xml_text.decode(stripped) if isinstance(stripped, bytes) else stripped
        root, value = xml_text.parse(decoded)
    except xml_text.XmlProblem as error:
        raise UnreadableAnswer(error.message) from error
    return _reachable({root: value})


def _reachable(value: object) -> object:
    """Return the value with @ for the dot in names like `status.code`, the attribute beside a text: dots part paths."""
    if isinstance(value, dict):
        return {key.replace(".", "@"): _reachable(inner) for key, inner in value.items()}
    return [_reachable(inner) for inner in value] if isinstance(value, list) else value


def _read_form(text: str) -> object:
    try:
        return dict(parse_qsl(text.strip(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise UnreadableAnswer(f"The form has more than {MOST_FIELDS} fields.") from error


def _or_text(read: Callable[[str], object]) -> Callable[[str], object]:
    """Return the reading of a text that may be in a format and did not say so."""

    def read_or_keep(text: str) -> object:
        try:
            return read(text)
        except UnreadableAnswer:
            return text

    return read_or_keep


_READERS: Mapping[str, Callable[[str], object]] = {
    "json": _read_json,
    "xml": _read_xml,
    "form": _read_form,
    "text": str,
    "json_or_text": _or_text(_read_json),
    "xml_or_text": _or_text(_read_xml),
}
