"""The ways in which a destination gets a lead: one decides the offer, the others are copies of what was taken."""

from typing import Literal, get_args

from rules.delivery.mail import MailSettings
from rules.delivery.mail_address import read_address
from rules.reading import Part

Method = Literal["webhook", "email", "inbox"]
DELIVERY_METHODS: tuple[Method, ...] = get_args(Method)
NOTICE = "notice"
"""The mail that tells of a lead in an inbox; its attempts are recorded beside those of the methods."""

METHOD_WORDS = {"webhook": "a web request", "email": "email", "inbox": "the inbox in this app"}


def read_methods(part: Part, form: str) -> tuple[Method, ...]:
    """Return the methods, the deciding one first; a format that is a method is the short way to say it."""
    usual = [form] if form in DELIVERY_METHODS else ["webhook"]
    written = part.take("deliver_by", usual)
    if not isinstance(written, list) or not written or not all(method in DELIVERY_METHODS for method in written):
        message = f"“deliver_by” must be a list out of {', '.join(DELIVERY_METHODS)}; the first one decides."
        part.report("deliver_by", "not_a_method", message)
        return ("webhook",)
    if len(set(written)) != len(written):
        part.report("deliver_by", "named_twice", "“deliver_by” names a method twice.")
    if form in DELIVERY_METHODS and (written[0] != form or "webhook" in written):
        message = f"With the format {form} the lead goes by {METHOD_WORDS[form]}: leave “format” out, or “deliver_by”."
        part.report("deliver_by", "other_method", message)
    return tuple(dict.fromkeys(written))


def read_notice(part: Part) -> str:
    """Return who is told of a lead in the inbox, empty text for nobody."""
    inner = part.inside("inbox", "an inbox")
    if inner is None:
        return ""
    notice = read_address(inner, "notice", "")
    inner.finish()
    return notice


def report_methods(part: Part, methods: tuple[Method, ...], mail: MailSettings | None) -> None:
    """Report a method whose settings are missing."""
    if "email" in methods and mail is None and not part.has("email"):
        part.report("email.to", "missing_text", "Email needs “email” with “to”, the address that leads go to.")
