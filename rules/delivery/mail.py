"""A lead as one mail to one recipient: subject, some words, and the mapped fields as a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any, Literal

from rules.delivery.expressions import read_value
from rules.delivery.mail_address import one_address, read_address
from rules.delivery.readable import Line, as_html, as_lines, as_table
from rules.delivery.texts import one_line, without_controls
from rules.reading import Part
from rules.text import scalar_text
from rules.values import Value

USUAL_SUBJECT = "A new lead: {{offer.flow_name}}"
USUAL_BODY = "Here is a new lead for you."
TEST_SUBJECT = "Test: "
TEST_WORDS = "This is a test. The lead is made up: do not call anybody."
NO_FIELDS = "No fields are mapped yet."
LONGEST_SUBJECT, LONGEST_BODY = 200, 5000
_PAGE = '<!doctype html><html><body style="font-family:sans-serif;line-height:1.5;color:#1b2626">{}</body></html>'

Purpose = Literal["lead", "notice"]


@dataclass(frozen=True, slots=True)
class MailSettings:
    """To whom mails about leads go, and what they say; `reply_to` is filled for each lead."""

    to: str
    subject: Value
    body: Value
    reply_to: Value | None


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, without sender and time. `key` is the offer's id: all its attempts are the same mail.

    Every text is clean: no address, name or subject holds a control character.
    """

    key: str
    to: str
    subject: str
    text: str
    html: str
    reply_to: str = ""
    purpose: Purpose = "lead"

    def message_id(self, host: str) -> str:
        """Return the id by which mail servers and readers know the mail again."""
        return f"<{self.key if self.purpose == 'lead' else f'{self.key}.{self.purpose}'}@{host}>"

    def message(self, sender: str, host: str, at: datetime) -> EmailMessage:
        """Return the whole message, the same for the same arguments."""
        name, address = parseaddr(sender)
        written = EmailMessage(policy=SMTP)
        written["From"] = sender if name else address
        written["To"] = self.to
        if self.reply_to:
            written["Reply-To"] = self.reply_to
        written["Subject"] = self.subject
        written["Date"] = format_datetime(at)
        written["Message-ID"] = self.message_id(host)
        # So that no "out of office" comes back (RFC 3834).
        written["Auto-Submitted"] = "auto-generated"
        written.set_content(self.text, cte="quoted-printable")
        written.add_alternative(self.html, subtype="html", cte="quoted-printable")
        written.set_boundary(f"=_{self.key}_{self.purpose}")
        return written


def read_mail(part: Part) -> MailSettings | None:
    """Return the settings under `email`, None when they are not written or have no address."""
    inner = part.inside("email", "email")
    if inner is None:
        return None
    to = read_address(inner, "to")
    subject = _read_text(inner, "subject", USUAL_SUBJECT, LONGEST_SUBJECT)
    if not str(inner.take("subject", "")).strip().isprintable():
        inner.report("subject", "bad_subject", "A subject is one line, without control characters.")
    body = _read_text(inner, "body", USUAL_BODY, LONGEST_BODY)
    reply_to = _read_reply_to(inner)
    inner.finish()
    return MailSettings(to, subject, body, reply_to) if to and subject and body else None


def lead_mail(
    settings: MailSettings, lines: tuple[Line, ...], view: Mapping[str, Any], offer: Mapping[str, Any]
) -> Mail:
    """Return the mail about a lead with these fields; raises RuleError for a text that cannot be filled in."""
    # Python's own writer of mails would decode an encoded word in it, and write the line breaks that it finds there.
    subject = one_line(settings.subject(view), LONGEST_SUBJECT).replace("=?", "= ?")
    body = without_controls(scalar_text(settings.body(view)) or "").strip()
    reply_to = one_address(scalar_text(settings.reply_to(view)) or "") if settings.reply_to else None
    if offer["is_test"]:
        subject, body = f"{TEST_SUBJECT}{subject}", "\n\n".join(filter(None, (TEST_WORDS, body)))
    table = as_lines(lines) or NO_FIELDS
    return Mail(
        key=str(offer["id"]),
        to=settings.to,
        subject=subject,
        text="\n\n".join(filter(None, (body, table))) + "\n",
        html=_PAGE.format(f"<p>{as_html(body)}</p>{as_table(lines) if lines else as_html(NO_FIELDS)}"),
        reply_to=reply_to or "",
    )


def notice_mail(to: str, key: str, *, buyer: str, address: str, is_test: bool) -> Mail:
    """Return the mail that says that a lead stands in an inbox; it holds nothing of the lead itself."""
    mark, words = (TEST_SUBJECT, f"{TEST_WORDS}\n\n") if is_test else ("", "")
    said = f"{words}A new lead is in the inbox of {one_line(buyer)}."
    return Mail(
        key=key,
        to=to,
        subject=f"{mark}A new lead is in your inbox",
        text=f"{said}\n\n{address}\n",
        html=_PAGE.format(f'<p>{as_html(said)}</p><p><a href="{as_html(address)}">{as_html(address)}</a></p>'),
        purpose="notice",
    )


def _read_text(part: Part, key: str, usual: str, longest: int) -> Value | None:
    text = part.text(key, usual, longest=longest) or usual
    return read_value(part.document, text, part.at(key))


def _read_reply_to(part: Part) -> Value | None:
    """Return to whom answers go: an address, or a template such as {{lead.email}}."""
    written = part.text("reply_to", "", longest=254)
    if written and "{{" not in written and one_address(written) is None:
        part.report("reply_to", "not_an_address", "Answers go to one mail address, or to {{lead.email}}.")
        return None
    return read_value(part.document, written, part.at("reply_to")) if written else None
