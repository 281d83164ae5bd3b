"""Bodies become fields, or are refused with a status, a code and a sentence."""

import gzip
import json

import pytest
from werkzeug.test import EnvironBuilder

from flowbuilder.intake import wire
from flowbuilder.intake.refused import Refused
from flowbuilder.intake.request import Request

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
XML = "application/xml"


def request(
    body: bytes, kind: str | None = JSON, query: str = "", *, length: int | None = None, **headers: str
) -> Request:
    """Return a request as a server hands it over, announced as longer than it is if told so."""
    method = headers.pop("Method", "POST")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    builder = EnvironBuilder("/f/a/b", method=method, data=body, content_type=kind, query_string=query, headers=named)
    announced = {} if length is None else {"CONTENT_LENGTH": str(length)}
    return Request(builder.get_environ() | announced)


@pytest.mark.parametrize(
    ("body", "kind", "query", "posted"),
    [
        (b'{"a": 1}', JSON, "", {"a": 1}),
        (b'{"a": 1}', "application/json; charset=utf-8", "", {"a": 1}),
        (b'{"a": 1}', "application/vnd.leads+json", "", {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', JSON, "", {"a": 1}),
        (b"{}", JSON, "", {}),
        (b'{"a": 1, "b": 2}', JSON, "b=3&c=4&wait=0", {"a": 1, "b": "3", "c": "4"}),
        (b'{"Email": "x"}', JSON, "email=y", {"email": "y"}),
        (b'{"contact": {"a": 1, "b": 2}}', JSON, "contact.b=3", {"contact": {"a": 1, "b": "3"}}),
        (b'{"contact": 1}', JSON, "contact.b=3", {"contact": {"b": "3"}}),
        (b"a=1&b=two+words&c=%C3%A9", FORM, "", {"a": "1", "b": "two words", "c": "é"}),
        (b"a=&b", FORM, "", {"a": "", "b": ""}),
        (b"a=1&a=2&a=3", FORM, "", {"a": ["1", "2", "3"]}),
        (b"contact.email=x&contact.name=y", FORM, "", {"contact": {"email": "x", "name": "y"}}),
        (b"a=1&a.b=2", FORM, "", {"a": "1", "a.b": "2"}),
        (b".a=1&b.=2&c..d=3", FORM, "", {".a": "1", "b.": "2", "c..d": "3"}),
        (b"name=Jos%E9", FORM + "; charset=iso-8859-1", "", {"name": "José"}),
        (b"name=Jos\xe9&price=5%A4", FORM + "; charset=ISO-8859-15", "", {"name": "José", "price": "5€"}),
        (b"name=Jos%E9", FORM + '; charset="latin1"', "", {"name": "José"}),
        (b"a=x%00y", FORM, "", {"a": "xy"}),
        (b"", None, "a=1", {"a": "1"}),
        (b"<lead><a>1</a><b>2</b></lead>", XML, "b=3&wait=0", {"a": "1", "b": "3"}),
        (b"<lead><contact><a>1</a></contact></lead>", "text/xml; charset=UTF-8", "", {"contact": {"a": "1"}}),
        (b"<lead><a>\xe9</a></lead>", "text/xml; charset=iso-8859-1", "", {"a": "é"}),
        (b'<soap:Body xmlns:soap="urn:s"><a>1</a></soap:Body>', "application/soap+xml", "", {"a": "1"}),
    ],
)
def test_a_body_becomes_fields(body: bytes, kind: str | None, query: str, posted: object):
    assert wire.read_posted(request(body, kind, query))[0] == posted


def test_how_long_to_wait_is_no_field():
    assert wire.read_posted(request(b'{"wait": 1}', JSON, "wait=7&a=2")) == ({"wait": 1, "a": "2"}, "7")


@pytest.mark.parametrize(
    ("form", "posted"),
    [
        (b"lead[email]=a&lead%5Bname%5D%5Bfirst%5D=b", {"lead": {"email": "a", "name": {"first": "b"}}}),
        (b"kinds[]=a&kinds[]=b", {"kinds": ["a", "b"]}),
        (b"kinds[0]=a&kinds[1]=b", {"kinds": ["a", "b"]}),
        (b"people[0][email]=a", {"people": {"0": {"email": "a"}}}),
        (
            b"contact.of[email]=a&[odd]=b&x[=c&y]=d",
            {"contact": {"of": {"email": "a"}}, "[odd]": "b", "x[": "c", "y]": "d"},
        ),
    ],
)
def test_brackets_in_the_names_of_a_form_nest_as_dots_do(form: bytes, posted: dict[str, object]):
    assert wire.read_posted(request(form, FORM))[0] == posted


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b"<lead/>", " It looks like XML: send that as application/xml."),
        (b"email=a&b=1", " It looks like a form: send that as application/x-www-form-urlencoded."),
        (gzip.compress(b"{}", mtime=0), " It looks like gzip: send that as it is, not compressed."),
        ('{"email": "a"}'.encode("utf-16"), " It looks like UTF-16: send that in UTF-8."),
        (b"{'email': 1}", "column 2."),
        (b'{"email": "a', "Unterminated string starting at line 1, column 11."),
    ],
)
def test_what_was_sent_as_json_and_is_something_else_is_told_what_it_looks_like(body: bytes, hint: str):
    with pytest.raises(Refused) as refused:
        wire.read_posted(request(body, JSON))
    assert refused.value.problems[0].message.endswith(hint)


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b'{"email": "a"}', " It looks like JSON: send that as application/json."),
        (b"email=a&b=1", " It looks like a form: send that as application/x-www-form-urlencoded."),
        (b"<lead><email></lead>", "mismatched tag at line 1, column 16."),
    ],
)
def test_what_was_sent_as_xml_and_is_something_else_is_told_what_it_looks_like(body: bytes, hint: str):
    with pytest.raises(Refused) as refused:
        wire.read_posted(request(body, "application/xml"))
    assert refused.value.problems[0].message.endswith(hint)


def test_a_multipart_form_becomes_fields():
    body = b'--x\r\nContent-Disposition: form-data; name="contact.email"\r\n\r\na@b.example\r\n--x--\r\n'
    assert wire.read_posted(request(body, "multipart/form-data; boundary=x"))[0] == {
        "contact": {"email": "a@b.example"}
    }


FILE = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n'
PARTS = (
    b"".join(b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\n1\r\n' % n for n in range(501)) + b"--x--\r\n"
)


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b'{"a": 1', JSON, 400, "not_json"),
        (b"", JSON, 400, "empty_body"),
        (b"  ", JSON, 400, "empty_body"),
        (b"[1]", JSON, 400, "not_an_object"),
        (b'"text"', JSON, 400, "not_an_object"),
        (b"null", JSON, 400, "not_an_object"),
        (b'{"a": 1, "a": 2}', JSON, 400, "doubled_key"),
        (b'{"a": NaN}', JSON, 400, "not_a_number"),
        (b'{"a": 1e999}', JSON, 400, "number_too_large"),
        (b'{"a": "\\ud800"}', JSON, 400, "lone_surrogate"),
        (b'{"a": "\xff"}', JSON, 400, "not_utf8"),
        (b"[" * 100_000, JSON, 400, "too_deep"),
        (json.dumps({f"k{n}": 1 for n in range(501)}).encode(), JSON, 400, "too_many_fields"),
        (json.dumps({"a": list(range(600))}).encode(), JSON, 400, "too_many_fields"),
        (json.dumps({"a": "x" * 70_000}).encode(), JSON, 400, "text_too_long"),
        (b'{"a": "' + b"x" * 300_000 + b'"}', JSON, 413, "body_too_large"),
        (b"a=%ff", FORM, 400, "not_utf8"),
        (b"a=\xff", FORM, 400, "not_utf8"),
        (b"&".join(b"a%d=1" % n for n in range(501)), FORM, 400, "too_many_fields"),
        (b"a=" + b"x" * 70_000, FORM, 400, "text_too_long"),
        (b'{"email": "a@b.example"}', FORM, 400, "json_sent_as_form"),
        (b"{}", "application/json; charset=utf-16", 415, "unsupported_charset"),
        (b"", XML, 400, "empty_body"),
        (b"<lead><a>1</b></lead>", XML, 400, "not_xml"),
        (b"<lead>\xff</lead>", XML, 400, "wrong_encoding"),
        (b'<?xml version="1.0" encoding="cp037"?><lead/>', XML, 400, "unknown_encoding"),
        (b"<lead/>", "text/xml; charset=utf-7", 415, "unsupported_charset"),
        (b'<!DOCTYPE l [<!ENTITY x "y">]><lead><a>&x;</a></lead>', XML, 400, "doctype_not_taken"),
        (b"<a>" * 50_000, XML, 400, "too_deep"),
        (b"<lead>ana@example.com</lead>", XML, 400, "no_fields"),
        (b"<lead>" + b"<a/>" * 501 + b"</lead>", XML, 400, "too_many_fields"),
        (b"<lead><a>" + b"x" * 70_000 + b"</a></lead>", XML, 400, "text_too_long"),
        (b"a", "text/plain", 415, "unsupported_content_type"),
        (b'{"a": 1}', None, 415, "unsupported_content_type"),
        (b"a", "multipart/form-data", 400, "not_multipart"),
        (b"a", "multipart/form-data; boundary=x", 400, "not_multipart"),
        (FILE, "multipart/form-data; boundary=x", 400, "file_not_taken"),
        (PARTS, "multipart/form-data; boundary=x", 400, "too_many_fields"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_a_reason(body: bytes, kind: str | None, status: int, code: str):
    with pytest.raises(Refused) as refused:
        wire.read_posted(request(body, kind))
    assert (refused.value.status, refused.value.problems[0].code) == (status, code)
    assert refused.value.problems[0].message.endswith(".")


def test_a_compressed_body_is_refused_because_its_size_is_unknown():
    with pytest.raises(Refused) as refused:
        wire.read_posted(request(b"\x1f\x8b", JSON, Content_Encoding="gzip"))
    assert (refused.value.status, refused.value.problems[0].code) == (415, "unsupported_encoding")


def test_a_query_with_too_many_fields_is_refused_as_a_body_is():
    with pytest.raises(Refused) as refused:
        wire.read_posted(request(b"{}", JSON, "&".join(f"a{n}=1" for n in range(501))))
    assert refused.value.problems[0].code == "too_many_fields"


def test_a_form_without_a_length_is_refused_because_half_of_it_would_look_whole():
    with pytest.raises(Refused) as refused:
        wire.read_posted(request(b"a=1", FORM, Transfer_Encoding="chunked"))
    assert (refused.value.status, refused.value.problems[0].code) == (411, "length_required")


def test_a_body_that_is_shorter_than_announced_is_refused():
    with pytest.raises(Refused) as refused:
        wire.read_posted(request(b"a=1", FORM, length=10))
    assert (refused.value.status, refused.value.problems[0].code) == (400, "body_cut_short")


def test_a_get_says_its_fields_in_the_query_string_alone():
    got = request(b'{"a": 1}', JSON, "b=2&wait=3", Method="GET")
    assert wire.read_posted(got) == ({"b": "2"}, "3")


@pytest.mark.parametrize("query", ["", "wait=3"])
def test_a_get_without_fields_is_no_lead(query: str):
    with pytest.raises(Refused) as refused:
        wire.read_posted(request(b"", None, query, Method="GET"))
    assert (refused.value.status, refused.value.problems[0].code) == (400, "empty_query")


def test_no_body_and_no_query_is_no_lead():
    with pytest.raises(Refused) as refused:
        wire.read_posted(request(b"", None))
    assert (refused.value.status, refused.value.problems[0].code) == (400, "empty_body")
