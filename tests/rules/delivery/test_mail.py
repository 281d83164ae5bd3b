"""A lead as a mail: one recipient, clean headers, and the fields as a table that people can read."""

from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest

from rules.delivery.destination import Destination, parse_destination
from rules.delivery.mail import Mail, notice_mail
from rules.delivery.mail_address import one_address
from rules.delivery.outgoing import Entry, build, kept, read
from rules.delivery.request import CannotBuild, MissingField
from rules.delivery.wire import Reply
from rules.problems import Problem
from tests.support.cases import rows

MAILED: dict[str, Any] = {
    "deliver_by": ["email"],
    "email": {"to": "leads@brightroof.example", "subject": "Lead: {{lead.first_name}}", "body": "Hello,\ncall soon."},
    "mapping": [
        ["First name", {"var": "lead.first_name"}],
        ["Bill", {"var": "lead.bill"}],
        ["Owner", {"var": "lead.owner"}],
        ["Note", {"var": "lead.note"}],
    ],
}
LEAD = {"first_name": "Zoë", "bill": 120, "owner": True, "note": "ring twice\nthen <wait>"}
OFFER = {"id": "01JABCDEFGHJKMNPQRSTVWXYZ0", "lead_id": "01J", "attempt": 1, "is_test": False, "flow_name": "Solar"}
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)

Make = Callable[..., Destination]


def mailed(destination: Destination, lead: dict[str, Any] = LEAD, **offer: Any) -> Mail:
    return cast(Mail, build(destination, "email", {"lead": lead}, {**OFFER, **offer}, {}))


def as_sent(mail: Mail, sender: str = "Acme Leads <leads@acme.example>") -> EmailMessage:
    raw = mail.message(sender, "acme.example", AT).as_bytes()
    return cast(EmailMessage, message_from_bytes(raw, policy=policy.default))


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_a_mail_has_the_fields_as_lines_and_as_a_table(a_destination: Make) -> None:
    message = as_sent(mailed(a_destination(**MAILED)))
    assert part(message, "plain").replace("\r\n", "\n") == (
        "Hello,\ncall soon.\n\n"
        "First name:  Zoë\nBill:        120\nOwner:       Yes\nNote:        ring twice\n             then <wait>\n"
    )
    html = part(message, "html")
    assert ">Zoë</td>" in html
    assert "ring twice<br>then &lt;wait&gt;" in html


def test_headers_are_those_that_a_mail_needs_and_no_others(a_destination: Make) -> None:
    message = as_sent(mailed(a_destination(**MAILED)))
    assert {name: str(value) for name, value in message.items() if name not in ("Content-Type", "MIME-Version")} == {
        "From": "Acme Leads <leads@acme.example>",
        "To": "leads@brightroof.example",
        "Subject": "Lead: Zoë",
        "Date": "Fri, 20 Nov 2026 09:30:00 +0000",
        "Message-ID": "<01JABCDEFGHJKMNPQRSTVWXYZ0@acme.example>",
        "Auto-Submitted": "auto-generated",
    }


def test_the_same_offer_is_the_same_mail_byte_by_byte(a_destination: Make) -> None:
    destination = a_destination(**MAILED)
    first, second = (mailed(destination, attempt=attempt) for attempt in (1, 2))
    assert (
        first.message("a@b.example", "b.example", AT).as_bytes()
        == second.message("a@b.example", "b.example", AT).as_bytes()
    )


WICKED = [
    "Ana\r\nBcc: all@example.com",
    "Ana\nBcc: all@example.com",
    "Ana\rBcc: all@example.com",
    "Ana\x00\x0b\x0c",
    "Ana\u2028Bcc: all@example.com",
    "Ana\u202egnp.exe",
    "Ana " * 500,
    "=?utf-8?q?Ana=0D=0ABcc:_all@example.com?=",
    "{{offer.id}}",
]


@pytest.mark.parametrize("name", WICKED)
def test_nothing_that_a_lead_holds_adds_a_header_or_a_recipient(a_destination: Make, name: str) -> None:
    settings = {**MAILED, "email": {**MAILED["email"], "reply_to": "{{lead.email}}"}}
    mail = mailed(a_destination(**settings), {**LEAD, "first_name": name, "email": f"ana@example.com{name}"})
    message = as_sent(mail)
    assert message["To"] == "leads@brightroof.example"
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "MIME-Version",
    }  # fmt: skip
    assert len(mail.subject) <= 200
    assert mail.subject.isprintable()


def test_answers_go_where_the_connection_says(a_destination: Make) -> None:
    for written, sent in [("{{lead.email}}", "zoe@example.com"), ("desk@acme.example", "desk@acme.example")]:
        settings = {**MAILED, "email": {**MAILED["email"], "reply_to": written}}
        message = as_sent(mailed(a_destination(**settings), {**LEAD, "email": "zoe@example.com"}))
        assert message["Reply-To"] == sent


def test_what_is_not_written_has_words_of_its_own(a_destination: Make) -> None:
    mail = mailed(a_destination(deliver_by=["email"], email={"to": "leads@brightroof.example"}))
    assert mail.subject == "A new lead: Solar"
    assert mail.text == "Here is a new lead for you.\n\nNo fields are mapped yet.\n"


def test_a_test_mail_says_that_it_is_a_test(a_destination: Make) -> None:
    mail = mailed(a_destination(**MAILED), is_test=True)
    assert mail.subject == "Test: Lead: Zoë"
    assert mail.text.startswith("This is a test. The lead is made up")
    assert "This is a test" in mail.html


def test_a_notice_holds_nothing_of_the_lead() -> None:
    mail = notice_mail("ana@buyer.example", "01J", buyer="Helio", address="https://acme.example/x", is_test=False)
    message = as_sent(mail)
    assert message["Message-ID"] == "<01J.notice@acme.example>"
    assert part(message, "plain").split() == [
        *["A", "new", "lead", "is", "in", "the", "inbox", "of", "Helio."], "https://acme.example/x",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("leads@buyer.example", "leads@buyer.example"),
        (" leads@Buyer.Example ", "leads@buyer.example"),
        ("leads@bücher.example", "leads@xn--bcher-kva.example"),
        ("a@b.example, c@d.example", None),
        ("a@b.example c@d.example", None),
        ("Ana <a@b.example>", None),
        ("<a@b.example>", None),
        ("a@b.example\r\nBcc: c@d.example", None),
        ('"a b"@b.example', None),
        ("jürgen@b.example", None),
        ("=?utf-8?q?a=0D=0ABcc=3A_all?=@b.example", None),
        ("a@", None),
        ("a@b.example" + "x" * 300, None),
        ("{{lead.email}}", None),
    ],
)
def test_an_address_is_one_address(written: str, read: str | None) -> None:
    assert one_address(written) == read


@pytest.mark.parametrize(("document", "path", "code"), rows("delivery_problems.json"))
def test_what_is_wrong_with_a_delivery_is_told_at_its_place(document: dict[str, Any], path: str, code: str) -> None:
    problems: list[Problem] = []
    destination = parse_destination({"url": "https://api.buyer.example/leads", **document}, "", problems)
    assert [(problem.path, problem.code) for problem in problems] == ([(path, code)] if code else [])
    assert (destination is None) == bool(code)


def test_an_address_for_requests_is_only_needed_where_requests_go_out() -> None:
    problems: list[Problem] = []
    assert parse_destination({"deliver_by": ["inbox"]}, "", problems) is not None
    assert parse_destination({"deliver_by": ["inbox", "webhook"]}, "", problems) is None
    assert [problem.path for problem in problems] == ["url"]


@pytest.mark.parametrize(
    ("settings", "decides_by", "copies"),
    [
        ({}, "webhook", ()),
        ({"deliver_by": ["inbox", "email"], "email": {"to": "a@b.example"}}, "inbox", ("email",)),
        ({"format": "inbox"}, "inbox", ()),
        ({"format": "email", "email": {"to": "a@b.example"}}, "email", ()),
        ({"format": "email", "email": {"to": "a@b.example"}, "deliver_by": ["email", "inbox"]}, "email", ("inbox",)),
    ],
)
def test_the_first_method_decides(a_destination: Make, settings: Any, decides_by: str, copies: Any) -> None:
    destination = a_destination(**settings)
    assert (destination.decides_by, destination.copies) == (decides_by, copies)


def test_an_inbox_entry_holds_every_field_as_text_in_order(a_destination: Make) -> None:
    destination = a_destination(**{**MAILED, "deliver_by": ["inbox"]})
    entry = build(destination, "inbox", {"lead": LEAD}, OFFER, {})
    assert isinstance(entry, Entry)
    assert entry.lines == (
        ("First name", "Zoë"), ("Bill", "120"), ("Owner", "Yes"), ("Note", "ring twice\nthen <wait>"),
    )  # fmt: skip
    assert kept(entry, {})["fields"] == [list(line) for line in entry.lines]


@pytest.mark.parametrize("method", ["email", "inbox"])
def test_a_field_that_the_buyer_must_have_is_missed_by_every_method(a_destination: Make, method: Any) -> None:
    destination = a_destination(**{**MAILED, "mapping": [["Zip", {"var": "lead.zip"}, {"required": True}]]})
    with pytest.raises(MissingField):
        build(destination, method, {"lead": LEAD}, OFFER, {})


def test_a_mail_whose_settings_are_gone_cannot_be_made(a_destination: Make) -> None:
    with pytest.raises(CannotBuild, match="no settings"):
        build(a_destination(), "email", {"lead": LEAD}, OFFER, {})


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (250, "accepted", None),
        (251, "accepted", None),
        (421, "error", "error"),
        (450, "error", "error"),
        (452, "error", "error"),
        (550, "error", "refused"),
        (554, "error", "refused"),
    ],
)
def test_an_answer_of_a_mail_server_is_read_by_its_code(
    a_destination: Make, status: int, kind: str, reason: str | None
) -> None:
    answer = read(a_destination(**MAILED), "email", Reply(status, (), b"5.1.1 no such user"))
    assert (answer.kind, answer.reason) == (kind, reason)
    assert answer.said == "" or "no such user" in answer.said
