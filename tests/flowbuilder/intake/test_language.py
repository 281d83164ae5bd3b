"""Who is answered in XML: who asks for it, and who posts it without asking for anything."""

import pytest
from werkzeug.test import EnvironBuilder

from flowbuilder.intake.language import speaks_xml
from flowbuilder.intake.request import Request

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "posted", "in_xml"),
    [
        (None, "application/json", False),
        (None, "application/x-www-form-urlencoded", False),
        (None, "application/xml", True),
        (None, "text/xml; charset=utf-8", True),
        ("*/*", "application/json", False),
        ("*/*", "application/xml", True),
        ("application/xml", "application/json", True),
        ("text/xml", "application/x-www-form-urlencoded", True),
        ("Application/XML", None, True),
        ("application/json", "application/xml", False),
        ("application/xml, application/json;q=0.5", "application/json", True),
        ("application/xml;q=0.4, application/json;q=0.5", "application/xml", False),
        ("application/xml, application/json", "application/xml", True),
        ("application/xml, application/json", "application/json", False),
        ("application/xml;q=0", "application/json", False),
        ("application/xml; charset=utf-8", "application/json", True),
        (BROWSER, "application/x-www-form-urlencoded", False),
        (BROWSER, "application/xml", True),
        ("image/png", "application/json", False),
        ("application/xml;q=lots;;,,=", "application/json", False),
        (",", "application/json", False),
    ],
)
def test_accept_decides_and_then_the_language_of_the_post(accept: str | None, posted: str | None, in_xml: bool):
    headers = {} if accept is None else {"Accept": accept}
    request = Request(EnvironBuilder(method="POST", content_type=posted, headers=headers).get_environ())
    assert speaks_xml(request) is in_xml
