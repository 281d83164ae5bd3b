"""Whatever strangers write: JSON, XML, templates, addresses and answers are read or refused, nothing else happens."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

MANY = settings(max_examples=200)
PIECES = {
    "json": ['{"', '"a"', *":,[]}", "1", "-0", ".5", "e9", "null", "true", "NaN", '"\\ud83d', '\\u0000"', " "],
    "xml": [
        "<a>", "</a>", "<b/>", '<c d="e">', "</c>", "text", "&amp;", "&#9;", "<!--x-->", "<![CDATA[", "]]>", "<?x?>",
        "<!DOCTYPE a>",
    ],
    "templates": ["{{", "}}", "lead.", "first_name", "{{lead.email}}", "{{ raw.state }}", *"{| é", "step.s1.tags"],
    "addresses": [
        "https://", "http:", "//", "example", ".com", ":443", "::1", "127.0.0.1", "0x7f", "%2e", "xn--", *":/?#@[].\\",
    ],
    "answers": [
        "200\n", "503\n", "content-type: ", "application/json", "application/xml", "; charset=utf-16", "retry-after: 9",
        "\n", "\n\n", '{"status"', ': "accepted"', ', "price": ', "-1", "1e9", "}", "<r>", "</r>",
    ],
}  # fmt: skip


def texts_of(target: str) -> st.SearchStrategy[bytes]:
    """Return texts that are put together from what such texts are made of, with anything in between."""
    piece = st.one_of(st.sampled_from(PIECES[target]), st.text(string.printable, max_size=3))
    return st.one_of(st.lists(piece, max_size=12).map(lambda pieces: "".join(pieces).encode()), st.binary(max_size=60))


@pytest.mark.parametrize("target", PIECES)
def test_any_text_is_read_or_refused(target: str) -> None:
    @MANY
    @given(texts_of(target))
    def keeps_its_promise(text: bytes) -> None:
        TARGETS[target](text)

    keeps_its_promise()
