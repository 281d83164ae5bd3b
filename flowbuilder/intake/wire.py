"""From an HTTP request to the fields it posts: JSON, XML and forms, with the query string merged over them."""

import re
from io import BytesIO
from typing import NoReturn, cast
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict
from werkzeug.formparser import FormDataParser

from flowbuilder.intake.refused import Refused, refuse
from flowbuilder.intake.request import Request
from rules import json_text, xml_text
from rules.text import fold

Posted = dict[str, object]

MOST_BYTES = 256 * 1024
MOST_FIELDS = 500
LONGEST_TEXT = 64 * 1024
DEEPEST_NAME = 8
JSON_TYPES = ("application/json", "text/json")
XML_TYPES = ("application/xml", "text/xml")
FORM_TYPE = "application/x-www-form-urlencoded"
MULTIPART_TYPE = "multipart/form-data"
BRACKETED = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")
LOOKS_LIKE = (
    (re.compile(rb"\s*<"), "XML", "as application/xml"),
    (re.compile(rb"\s*[{\[]"), "JSON", "as application/json"),
    (re.compile(rb"[\w.-]+="), "a form", f"as {FORM_TYPE}"),
    (re.compile(rb"\x1f\x8b"), "gzip", "as it is, not compressed"),
    (re.compile(rb"\xff\xfe|\xfe\xff"), "UTF-16", "in UTF-8"),
)
"""What is often sent as something else: how it begins, what it is, and what to send."""
ONLY_WAIT = re.compile(rb"wait=([0-9]{1,2})")
TAKEN_TYPES = f"application/json, application/xml, {FORM_TYPE}, {MULTIPART_TYPE}"
CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8"),
    **dict.fromkeys(("iso-8859-1", "latin1", "latin-1", "windows-1252", "cp1252"), "cp1252"),
    "iso-8859-15": "iso-8859-15",
}
"""Character sets that forms in the field use; browsers read ISO 8859-1 as Windows-1252 (WHATWG Encoding)."""


def read_posted(request: Request) -> tuple[Posted, object]:
    """Return the fields that a request posts, and what it says in `?wait=`; raises Refused: 400, 411, 413, 415.

    Fields in the query string replace those of the same name in the body; `wait` speaks to us and is no field.
    A GET has all its fields in the query string, because what else it carries has no meaning (RFC 9110, 9.3.1).
    """
    if request.method == "GET":
        return _read_query(request)
    posted, wait = _read_body(request), None
    if only_wait := ONLY_WAIT.fullmatch(request.query_string):
        wait = only_wait[1].decode()
    elif request.query_string:
        query = _read_pairs(request.query_string, "utf-8")
        wait = query.pop("wait", None)
        posted = merge(posted, query) if query else posted
    if not posted and not request.content_length and not request.mimetype:
        raise refuse(400, "empty_body", "The request has no body: post the lead's fields as JSON or as a form.")
    return posted, wait


def is_xml(kind: str) -> bool:
    """Say whether a media type in lower case is one of XML (RFC 7303)."""
    return kind in XML_TYPES or kind.endswith("+xml")


def merge(under: Posted, over: Posted) -> Posted:
    """Return the fields of both; a field of `over` replaces one whose name differs in case only."""
    replaced = {fold(name) for name, value in over.items() if not isinstance(value, dict)}
    merged = {name: value for name, value in under.items() if fold(name) not in replaced}
    for name, value in over.items():
        below = merged.get(name)
        both = isinstance(value, dict) and isinstance(below, dict)
        merged[name] = merge(cast(Posted, below), cast(Posted, value)) if both else value
    return merged


def nest(pairs: list[tuple[str, str]]) -> Posted:
    """Return form fields as an object: dots and brackets in a name nest, and a name that comes again makes a list."""
    nested: Posted = {}
    for name, value in pairs:
        _put(nested, _path(name), value)
    return nested


def _read_query(request: Request) -> tuple[Posted, object]:
    query = _read_pairs(request.query_string, "utf-8")
    wait = query.pop("wait", None)
    if not query:
        raise refuse(400, "empty_query", "A GET says the lead's fields in its query string: ?email=ana@example.com&…")
    return query, wait


def _read_body(request: Request) -> Posted:
    if (request.content_length or 0) > MOST_BYTES:
        raise _too_large()
    kind = request.mimetype
    is_json = kind in JSON_TYPES or kind.endswith("+json")
    if not (is_json or kind in (FORM_TYPE, MULTIPART_TYPE) or is_xml(kind)):
        return _read_nothing(request)
    charset = _charset(request)
    if (request.header("Content-Encoding") or "identity").lower() != "identity":
        raise refuse(415, "unsupported_encoding", "Send the body as it is, without Content-Encoding.")
    body = _read_whole(request)
    if is_json:
        return _read_json(body)
    if is_xml(kind):
        return _read_xml(body, request.mimetype_params.get("charset"))
    return _read_multipart(request, body) if kind == MULTIPART_TYPE else _read_form(body, charset)


def _read_whole(request: Request) -> bytes:
    """Return the body; raises Refused when it is too large, or when the connection broke before its end.

    Servers hand over what has come when a sender goes away, and not all of them say so: the length that was announced
    is compared as well, or half a form would be taken for a whole one. In chunks only what shows its own end is taken.
    """
    if request.content_length is None and request.mimetype == FORM_TYPE:
        raise refuse(411, "length_required", "Send the form with a Content-Length.")
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise _too_large()
    if request.is_cut_short or (request.content_length is not None and len(body) != request.content_length):
        raise _cut_short()
    return body


def _read_nothing(request: Request) -> Posted:
    """A post may carry all its fields in the query string and no body at all."""
    if not request.mimetype and not request.content_length and not request.is_chunked:
        return {}
    raise refuse(
        415,
        "unsupported_content_type",
        f"Send the lead with one of these as Content-Type: {TAKEN_TYPES}.",
        Accept_Post=TAKEN_TYPES,
    )


def _charset(request: Request) -> str:
    named = request.mimetype_params.get("charset", "utf-8").strip().lower()
    charset = CHARSETS.get(named)
    if charset is None:
        raise refuse(415, "unsupported_charset", "Send the body in UTF-8.")
    return charset


def _read_json(body: bytes) -> Posted:
    if not body.strip():
        raise refuse(400, "empty_body", "The body is empty: post the lead's fields as one JSON object.")
    try:
        posted = json_text.read(body)
    except json_text.JsonProblem as problem:
        raise refuse(400, problem.code, problem.message + _what_it_looks_like(body, but="JSON")) from None
    if not isinstance(posted, dict):
        message = "The body must be one JSON object with the lead's fields: each lead is a post of its own."
        raise refuse(400, "not_an_object", message)
    if len(body) > LONGEST_TEXT or body.count(b",") >= MOST_FIELDS:
        _refuse_too_much(posted)
    return posted


def _what_it_looks_like(body: bytes, *, but: str) -> str:
    named = ((what, how) for begins, what, how in LOOKS_LIKE if what != but and begins.match(body))
    return next((f" It looks like {what}: send that {how}." for what, how in named), "")


def _read_xml(body: bytes, charset: str | None) -> Posted:
    if not body.strip():
        raise refuse(400, "empty_body", "The body is empty: post the lead's fields inside one root element.")
    try:
        _, posted = xml_text.read(body, charset=charset)
    except xml_text.XmlProblem as problem:
        raise refuse(400, problem.code, problem.message + _what_it_looks_like(body, but="XML")) from None
    if not isinstance(posted, dict):
        raise refuse(400, "no_fields", "The root element must have the lead's fields inside it, each as an element.")
    _refuse_too_much(posted)
    return posted


def _read_form(body: bytes, charset: str) -> Posted:
    if body.lstrip()[:1] in (b"{", b"["):
        raise refuse(400, "json_sent_as_form", "The body looks like JSON: send it with Content-Type: application/json.")
    return _read_pairs(body, charset)


def _read_pairs(text: bytes, charset: str) -> Posted:
    if text.count(b"&") >= MOST_FIELDS:
        raise _too_many()
    try:
        pairs = parse_qsl(text.decode(charset), True, encoding=charset, errors="strict")
    except UnicodeDecodeError:
        message = "The fields are not in the character set that is named, or else not in UTF-8: send UTF-8."
        raise refuse(400, "not_utf8", message) from None
    return _checked_form(pairs)


def _read_multipart(request: Request, body: bytes) -> Posted:
    if not request.mimetype_params.get("boundary"):
        raise refuse(400, "not_multipart", "The multipart form does not name its boundary.")
    # Werkzeug's own limit on parts would answer 413; the body is bounded and the fields are counted below.
    parser = FormDataParser(
        _refuse_file,  # type: ignore[arg-type]  # It takes any keywords and never returns.
        max_form_memory_size=MOST_BYTES,
        max_form_parts=None,
        silent=False,
    )
    options = dict(request.mimetype_params)
    try:
        _, fields, _ = parser.parse(BytesIO(body), request.mimetype, len(body), options)
    except ValueError:
        raise refuse(400, "not_multipart", "The multipart form cannot be read.") from None
    if _count(fields) > MOST_FIELDS:
        raise _too_many()
    return _checked_form(list(fields.items(multi=True)))


def _refuse_file(**_: object) -> NoReturn:
    """Stand in for what would open a file for an uploaded one."""
    raise refuse(400, "file_not_taken", "A lead has no files: send its fields only.")


def _count(fields: MultiDict[str, str]) -> int:
    return sum(len(values) for _, values in fields.lists())


def _checked_form(pairs: list[tuple[str, str]]) -> Posted:
    if any(len(value) > LONGEST_TEXT for _, value in pairs):
        raise _too_long()
    return nest([(name.replace("\0", ""), value.replace("\0", "")) for name, value in pairs])


def _path(name: str) -> list[str]:
    path = name.split(".") if "[" not in name else _bracketed(name)
    return path if all(path) and len(path) <= DEEPEST_NAME else [name]


def _bracketed(name: str) -> list[str]:
    """Return the parts of a name as PHP and jQuery write it: `lead[email]`, and `kinds[]` or `kinds[0]` for lists."""
    found = BRACKETED.fullmatch(name)
    if found is None:
        return [name]
    inside = [part for part in found[2][1:-1].split("][") if part]
    if inside and inside[-1].isdecimal():
        inside.pop()
    return [*found[1].split("."), *inside]


def _put(nested: Posted, path: list[str], value: str) -> None:
    place = nested
    for depth, part in enumerate(path[:-1]):
        below = place.setdefault(part, {})
        if not isinstance(below, dict):  # "a=1&a.b=2": the second keeps its dotted name.
            path = [".".join(path[depth:])]
            break
        place = below
    _append(place, path[-1], value)


def _append(place: Posted, name: str, value: str) -> None:
    if name not in place:
        place[name] = value
    elif isinstance(there := place[name], list):
        there.append(value)
    else:
        place[name] = [there, value]


def _refuse_too_much(posted: object) -> None:
    count, todo = 0, [posted]
    while todo:
        value = todo.pop()
        inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        count += len(inside)
        if count > MOST_FIELDS:
            raise _too_many()
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise _too_long()
        todo.extend(inside)


def _too_large() -> Refused:
    return refuse(413, "body_too_large", f"The body is larger than {MOST_BYTES // 1024} KiB.")


def _cut_short() -> Refused:
    return refuse(400, "body_cut_short", "The connection broke before the whole body had come.")


def _too_many() -> Refused:
    return refuse(400, "too_many_fields", f"The post has more than {MOST_FIELDS} fields and list entries.")


def _too_long() -> Refused:
    return refuse(400, "text_too_long", f"A value is longer than {LONGEST_TEXT:,} characters.")
