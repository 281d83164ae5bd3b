"""In which language a supplier is answered: JSON, or XML where the request asks for it or was written in it."""

from werkzeug.http import parse_accept_header

from flowbuilder.intake.request import Request
from flowbuilder.intake.wire import is_xml


def speaks_xml(request: Request) -> bool:
    """Return whether a request is answered in XML.

    `Accept` decides where it prefers JSON or XML (RFC 9110, 12.5.1). Where it does not, and where it asks for HTML as
    browsers do, an XML post is answered in XML and every other one in JSON.
    """
    accept = (request.header("Accept") or "").lower()
    if "xml" not in accept and "json" not in accept:
        return is_xml(request.mimetype)
    wanted = parse_accept_header(accept)
    qualities = {kind.partition(";")[0].strip(): quality for kind, quality in wanted}
    xml = max((quality for kind, quality in qualities.items() if is_xml(kind)), default=0.0)
    json = max((quality for kind, quality in qualities.items() if kind.endswith("json")), default=0.0)
    if xml == json or "text/html" in qualities:
        return is_xml(request.mimetype)
    return xml > json
