"""What goes out to a buyer by each delivery method, what is kept of it, and what its answer means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.bounds import RuleError
from rules.delivery.destination import Destination
from rules.delivery.formats import NotWritable
from rules.delivery.mail import Mail, lead_mail
from rules.delivery.masking import kept_body, masked
from rules.delivery.methods import Method
from rules.delivery.readable import Line, as_lines, readable
from rules.delivery.request import CannotBuild, build_request, map_fields
from rules.delivery.response import Answer, read_answer
from rules.delivery.texts import decode_text, one_line
from rules.delivery.wire import HttpRequest, Reply

View = Mapping[str, Any]

NO_SETTINGS = "The connection has no settings for this way of delivery any more."


@dataclass(frozen=True, slots=True)
class Entry:
    """A lead as it stands in an inbox: the buyer's fields with their values, in order."""

    lines: tuple[Line, ...]


Outgoing = HttpRequest | Mail | Entry


def build(
    destination: Destination, method: Method, data: View, offer: View, credentials: Mapping[str, str]
) -> Outgoing:
    """Return what one method hands to the buyer; `data` and `offer` are those of `build_request`.

    Raises MissingField for a required field that is blank, and CannotBuild for whatever else prevents it.
    """
    if method == "webhook":
        return build_request(destination, data, offer, credentials)
    view = {**data, "offer": offer}
    try:
        lines = readable(map_fields(destination, view))
        if method == "inbox":
            return Entry(lines)
        if destination.mail is None:
            raise CannotBuild(NO_SETTINGS)
        return lead_mail(destination.mail, lines, view, offer)
    except (RuleError, NotWritable) as error:
        raise CannotBuild(str(error)) from error


def kept(outgoing: Outgoing, credentials: Mapping[str, str]) -> dict[str, Any]:
    """Return what goes out as JSON to keep, in the shape of a request; secrets are masked.

    The fields of an inbox entry are kept whole, because the inbox shows them from here.
    """
    match outgoing:
        case HttpRequest():
            return masked(outgoing, credentials)
        case Mail():
            told = [("Reply-To", outgoing.reply_to), ("Subject", outgoing.subject)]
            headers = [[name, text] for name, text in told if text]
            return {"method": "MAIL", "url": outgoing.to, "headers": headers, **kept_body(outgoing.text, {})}
    fields = [list(line) for line in outgoing.lines]
    return {"method": "INBOX", "url": "", "headers": [], "fields": fields, **kept_body(as_lines(outgoing.lines), {})}


def read(destination: Destination, method: Method, reply: Reply) -> Answer:
    """Return what a reply means. Never raises."""
    return read_mail_answer(reply) if method == "email" else read_answer(destination, reply)


def read_mail_answer(reply: Reply) -> Answer:
    """Return what a mail server's answer means (RFC 5321, 4.2.1).

    Taken by the server counts as taken by the buyer. 4 and 5 in front say that it surely was not taken: try again, or
    never.
    """
    said = one_line(f"{reply.status} {decode_text(reply)}")
    if 200 <= reply.status < 300:
        return Answer("accepted")
    if 500 <= reply.status < 600:
        return Answer("error", "refused", f"the mail server refused it: {said}")
    return Answer("error", "error", f"the mail server answered {said}")
