"""XML that strangers send becomes objects, lists and texts, or is refused; ours reads back as it was."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import xml_text
from rules.xml_text import XmlProblem

LAUGHS = '<!DOCTYPE l [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<lead><a>1</a></lead>", {"a": "1"}),
        ("<lead><a> 1\n</a><b/><c></c></lead>", {"a": "1", "b": "", "c": ""}),
        ("<lead><a>1</a><a>2</a><a>3</a></lead>", {"a": ["1", "2", "3"]}),
        ("<lead><c><d>1</d><d>2</d></c></lead>", {"c": {"d": ["1", "2"]}}),
        ("<lead><c><d>1</d></c><c><d>2</d></c></lead>", {"c": [{"d": "1"}, {"d": "2"}]}),
        ('<lead a="1" b="2"/>', {"a": "1", "b": "2"}),
        ('<lead a="1"><a>2</a></lead>', {"a": ["1", "2"]}),
        ('<lead><p type="mobile">512</p></lead>', {"p": "512", "p.type": "mobile"}),
        ("<lead><p>512<kind>mobile</kind></p></lead>", {"p": "512", "p.kind": "mobile"}),
        ('<lead a="1">read on<p>512</p><p>513</p></lead>', {"a": "1", "p": ["512", "513"]}),
        ("<lead><a><![CDATA[<b> & ]]>c</a></lead>", {"a": "<b> & c"}),
        ("<lead><a>&lt;&amp;&#233;&#x1F600;</a></lead>", {"a": "<&é😀"}),
        ("<lead><!-- no --><a>1<?php no ?>2</a></lead>", {"a": "12"}),
        ('<x:lead xmlns:x="urn:x" xsi:nil="1" xml:lang="en"><x:a>1</x:a></x:lead>', {"a": "1"}),
        ("<lead>only text</lead>", "only text"),
        ("<lead/>", ""),
    ],
)
def test_elements_and_attributes_become_values(text: str, value: object):
    assert xml_text.read(text.encode())[1] == value


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("<a><b>é</b></a>".encode(), None),
        (codecs.BOM_UTF8 + "<a><b>é</b></a>".encode(), None),
        ("<a><b>é</b></a>".encode("utf-16"), None),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a><b>é</b></a>'.encode("latin-1"), None),
        ("<?xml version='1.0' encoding='windows-1252'?><a><b>é</b></a>".encode("cp1252"), None),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a><b>é</b></a>'.encode(), "utf-8"),
        ("<a><b>é</b></a>".encode("latin-1"), "iso-8859-1"),
    ],
)
def test_a_document_is_read_in_the_encoding_that_it_or_its_transport_names(body: bytes, charset: str | None):
    assert xml_text.read(body, charset=charset) == ("a", {"b": "é"})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_xml"),
        (b"email=ana", "not_xml"),
        (b"<a><b></a>", "not_xml"),
        (b"<a/><b/>", "not_xml"),
        (b"<a>&name;</a>", "not_xml"),
        (b"<a>&#0;</a>", "not_xml"),
        (b"<a>&#xD800;</a>", "not_xml"),
        (b"<a>\x00</a>", "not_xml"),
        (b'<a b="1" b="2"/>', "not_xml"),
        (b"<a>\xff</a>", "wrong_encoding"),
        (b"<a>\xed\xa0\x80</a>", "wrong_encoding"),
        (b'<?xml version="1.0" encoding="EBCDIC-US"?><a/>', "unknown_encoding"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "unknown_encoding"),
        (b"<!DOCTYPE a><a/>", "doctype_not_taken"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>', "doctype_not_taken"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "doctype_not_taken"),
        (f"{LAUGHS}]><l>&i;</l>".encode(), "doctype_not_taken"),
        (b"<a>" * 33 + b"</a>" * 33, "too_deep"),
        (b"<a>" * 100_000, "too_deep"),
        (b"<a>" + b"<b/>" * 10_000 + b"</a>", "too_many_fields"),
    ],
)
def test_what_is_no_plain_xml_is_refused_with_a_sentence(body: bytes, code: str):
    with pytest.raises(XmlProblem) as refused:
        xml_text.read(body)
    assert refused.value.code == code
    assert refused.value.message.endswith(".")


def test_a_document_of_ours_is_escaped_and_says_its_encoding():
    written = xml_text.write("result", {"reason": 'A & B <"é">\r', "lead": None, "ok": True, "price": 3})
    assert written == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<result><reason>A &amp; B &lt;"\xc3\xa9"&gt;&#13;</reason>'
        b"<lead></lead><ok>true</ok><price>3</price></result>"
    )


def test_what_xml_cannot_hold_is_replaced_when_it_is_written():
    assert xml_text.read(xml_text.write("a", "x\x00\x1b\ufffey")) == ("a", "x\ufffd\ufffd\ufffdy")


@pytest.mark.parametrize("name", ["", "1a", "a b", "a>", "<a", "-a", "a:b:c", "a\n"])
def test_a_key_that_cannot_name_an_element_is_a_problem(name: str):
    with pytest.raises(XmlProblem):
        xml_text.write("a", {name: "1"})


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes):
    try:
        name, value = xml_text.read(b"<a>" + body + b"</a>")
    except XmlProblem as refused:
        name, value = "a", refused.message
    assert name == "a"
    assert isinstance(value, str | dict)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]), min_size=1).map(str.strip)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TREES = st.recursive(WORDS.filter(bool), lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=4))


@given(st.dictionaries(NAMES, TREES, min_size=1, max_size=4))
def test_what_was_written_is_read_as_it_was(document: dict[str, object]):
    assert xml_text.read(xml_text.write("lead", document)) == ("lead", document)
